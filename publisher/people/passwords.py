"""Passwords: changing one's own, and a new one by a link in a mail that works for two hours."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.errors import UserError
from publisher.people import sessions
from publisher.people.invitations import LinkDead
from publisher.people.models import Letter

LONGEST: Final = 1000
"""Hashing a password of megabytes would be a way to keep us busy."""
ONE_LETTER_IN: Final = timedelta(minutes=10)
MOST_ACCOUNTS: Final = 3
"""Accounts may share an address; so many get a letter each."""


@transaction.atomic
def ask_for_new(text: str, *, now: datetime) -> None:
    """Write a letter with a link to whoever has this name or address, if somebody has. The caller is told nothing either way."""
    text = text.replace("\0", "").strip()[:254]
    if not text:
        return
    named = User.objects.filter(is_active=True).exclude(email="")
    people = named.filter(email__iexact=text) if "@" in text else named.filter(username__iexact=text)
    for user in people.order_by("pk")[:MOST_ACCOUNTS]:
        recent = Letter.objects.filter(user=user, kind=Letter.Kind.RESET, created_at__gt=now - ONE_LETTER_IN)
        if recent.exists():
            continue
        Letter.objects.create(
            kind=Letter.Kind.RESET,
            user=user,
            to=user.email,
            language=get_language() or "en",
            message_key=uuid.uuid4().hex,
            due_at=now,
            created_at=now,
        )
        audit.record(None, "person.reset_asked", user, after={"name": user.get_username()})
    events.emit("letter.written")  # whoever was asked for: an answer that takes longer would tell


def link_for(user: User) -> str:
    """The link by which this person sets a new password. It dies with its use, a sign-in or a changed address."""
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{settings.BASE_URL}{reverse('desk:reset', args=[key, default_token_generator.make_token(user)])}"


def of_link(key: str, token: str) -> User:
    """Whose link it is. Raises LinkDead."""
    try:
        user = User.objects.filter(pk=int(urlsafe_base64_decode(key)), is_active=True).first()
    except (ValueError, OverflowError):
        user = None
    if user is None or not default_token_generator.check_token(user, token):
        raise LinkDead(
            _("This link does not work any more: it was used, or it is older than two hours."),
            _("Ask for a new one on the sign-in page."),
        )
    return user


@transaction.atomic
def set_by_link(key: str, token: str, *, password: str, now: datetime) -> User:
    """Set the new password and end all sessions. Raises LinkDead; UserError for a weak one."""
    user = User.objects.select_for_update().get(pk=of_link(key, token).pk)
    of_link(key, token)
    _set(user, password)
    audit.record(user, "person.password_reset", user)
    sessions.end_all(user, actor=user, now=now)
    return user


@transaction.atomic
def change(user: User, *, old: str, new: str, now: datetime, session_key: str) -> None:
    """Change one's own password; all other sessions end. Raises UserError for a wrong old or a weak new one."""
    if user.has_usable_password() and not user.check_password(old[:LONGEST]):
        raise UserError(_("Your present password is another one."), _("Nothing was changed."))
    _set(user, new)
    audit.record(user, "person.password_changed", user)
    sessions.end_all(user, actor=user, now=now, but=session_key)


def _set(user: User, password: str) -> None:
    try:
        validate_password(password[:LONGEST], user)
    except ValidationError as error:
        raise UserError(" ".join(error.messages), _("Choose a longer one.")) from error
    user.set_password(password[:LONGEST])
    user.save(update_fields=["password"])
