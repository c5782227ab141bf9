"""Commands about people who may log in. They need no login themselves, so that nobody is ever locked out."""

from __future__ import annotations

import secrets
import sys

import click
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from publisher.cli.report import Report, reporting
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.delivery import plain_mail
from publisher.people import invitations, names, passwords, persons, roles
from publisher.people.models import Invitation
from publisher.people.permissions import ADMIN, ROLES, Role

GENERATED_BYTES = 12

a_role = click.Choice([role.name for role in ROLES])


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
    user = user or User(username=names.checked(name), email=email)
    password = _password(user, from_stdin=password_stdin, generate=generate)
    created = user.pk is None
    user.is_staff = user.is_superuser = user.is_active = True
    user.email = email or user.email
    user.set_password(password)
    with transaction.atomic():
        user.save()
        roles.give(user, ADMIN)
        audit.record(audit.os_user(), "admin.created" if created else "admin.password_reset", user)
    data = {"name": name, "created": created} | ({"password": password} if generate else {})
    text = f"{name} may log in to the desk." + (f" Password: {password}" if generate else "")
    return Report(data, text)


@click.group("people")
def people() -> None:
    """People of the desk: list, invite, role, close and open accounts."""


@people.command("list")
@reporting
def list_people() -> Report:
    """Everybody with an account, and who is invited."""
    with_step = set(Authenticator.objects.exclude(type="recovery_codes").values_list("user_id", flat=True))
    rows = [
        {
            "name": user.get_username(),
            "email": user.email,
            "role": role.name if (role := roles.role_of(user)) else "",
            "active": user.is_active,
            "second_step": user.pk in with_step,
            "last_login": user.last_login,
        }
        for user in User.objects.prefetch_related("groups").order_by("username")
    ]
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).order_by("pk")
    invited = [{"email": each.email, "role": each.role, "expires_at": each.expires_at} for each in waiting]
    lines = [
        f"{row['name']:24} {row['role'] or '(no role)':10} "
        f"{'second step' if row['second_step'] else '-':12} {'' if row['active'] else 'closed'}".rstrip()
        for row in rows
    ]
    lines += [
        f"{each['email']:24} {each['role']:10} invited until {each['expires_at']:%Y-%m-%d}"
        for each in invited
    ]
    return Report(
        {"people": rows, "invited": invited}, "\n".join(lines) or "Nobody yet: publisher create-admin NAME"
    )


@people.command("invite")
@click.argument("email")
@click.option("--role", type=a_role, default="viewer", show_default=True)
@click.option("--link", is_flag=True, help="Print the link instead of sending it by mail.")
@reporting
def invite(email: str, role: str, link: bool) -> Report:
    """Invite somebody. Where no mail leaves, the link is printed, once."""
    by_mail = plain_mail.can_leave() and not link
    invitation, address = invitations.invite(
        email, _role(role), actor=audit.os_user(), by_mail=by_mail, now=clock.now()
    )
    how = "A mail brings the link." if by_mail else f"The link, for seven days and once: {address}"
    data = {"email": invitation.email, "role": role} | ({"link": address} if address else {})
    return Report(data, f"{invitation.email} is invited as {role}. {how}")


@people.command("role")
@click.argument("name")
@click.argument("role", type=a_role)
@reporting
def give_role(name: str, role: str) -> Report:
    """Give somebody another role."""
    persons.set_role(_person(name).pk, _role(role), actor=audit.os_user(), version=None)
    return Report({"name": name, "role": role}, f"{name} is now {role}.")


@people.command("deactivate")
@click.argument("name")
@reporting
def deactivate(name: str) -> Report:
    """Close an account: sessions end, API keys are dead."""
    persons.deactivate(_person(name).pk, actor=audit.os_user(), now=clock.now(), version=None)
    return Report({"name": name, "active": False}, f"The account of {name} is closed.")


@people.command("reactivate")
@click.argument("name")
@reporting
def reactivate(name: str) -> Report:
    """Open a closed account again."""
    persons.reactivate(_person(name).pk, actor=audit.os_user(), version=None)
    return Report({"name": name, "active": True}, f"The account of {name} is open again.")


@people.command("reset-mfa")
@click.argument("name")
@reporting
def reset_mfa(name: str) -> Report:
    """Remove the second step of somebody who lost phone and recovery codes."""
    persons.reset_second_step(_person(name).pk, actor=audit.os_user(), now=clock.now(), version=None)
    return Report({"name": name}, f"{name} logs in by password alone until they set up a second step again.")


@people.command("link")
@click.argument("name")
@reporting
def link(name: str) -> Report:
    """Print a link by which somebody sets a new password, good for two hours."""
    user = _person(name)
    if not user.is_active:
        raise UserError(
            f"The account of {name} is closed.", f"Use `publisher people reactivate {name}` first."
        )
    with transaction.atomic():
        audit.record(audit.os_user(), "person.reset_asked", user, after={"name": name})
        address = passwords.link_for(user)
    return Report({"name": name, "link": address}, address)


def _person(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise UserError(f"There is no login {name}.", "`publisher people list` shows them all.")
    return user


def _role(name: str) -> Role:
    return next(role for role in ROLES if role.name == name)


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
