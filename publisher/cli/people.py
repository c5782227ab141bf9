"""Commands about people who may log in."""

from __future__ import annotations

import secrets
import sys

import click
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from publisher.cli.report import Report, reporting
from publisher.core import audit
from publisher.core.errors import UserError

GENERATED_BYTES = 12


@click.command("create-admin")
@click.argument("name")
@click.option("--email", default="", help="Where mail for this person goes.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking."
)
@click.option("--generate", is_flag=True, help="Make a password and print it once.")
@click.option("--reset", is_flag=True, help="Give an existing administrator a new password.")
@reporting
def create_admin(name: str, email: str, password_stdin: bool, generate: bool, reset: bool) -> Report:
    """Make an administrator's login for the desk."""
    user = User.objects.filter(username=name).first()
    if user and not reset:
        raise UserError(f"There is a login {name} already.", "Use --reset to give it a new password.")
    user = user or User(username=name, email=email)
    password = _password(user, from_stdin=password_stdin, generate=generate)
    created = user.pk is None
    user.is_staff = user.is_superuser = user.is_active = True
    user.email = email or user.email
    user.set_password(password)
    with transaction.atomic():
        user.save()
        audit.record(audit.os_user(), "admin.created" if created else "admin.password_reset", user)
    data = {"name": name, "created": created} | ({"password": password} if generate else {})
    text = f"{name} may log in to the desk." + (f" Password: {password}" if generate else "")
    return Report(data, text)


def _password(user: User, *, from_stdin: bool, generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(GENERATED_BYTES)
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        raise UserError("No password was given.", "Use --password-stdin or --generate where nobody can type.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UserError(
            "The password is too easy. " + " ".join(error.messages), "Choose a longer one."
        ) from error
    return str(password)
