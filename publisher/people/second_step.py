"""The second step at sign-in: who has one, who must have one, and taking it away from somebody who lost it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.people import sessions
from publisher.people.roles import role_of

REAL = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""Recovery codes alone are none: they stand in for one of these."""


def has(user: User) -> bool:
    """Whether the person has an app or a passkey set up."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=REAL).exists())


def must_have(user: User, required: Collection[str]) -> bool:
    """Whether the person's role is among those that need a second step."""
    if not required:
        return False
    role = role_of(user)
    return role is not None and role.name in required


def is_missing(user: User) -> bool:
    """Whether the person must set up a second step before anything else (`PUBLISHER_REQUIRE_MFA`)."""
    return must_have(user, settings.REQUIRE_MFA) and not has(user)


def those_with(users: Iterable[User]) -> set[int]:
    """The ids of those of these people who have one."""
    found = Authenticator.objects.filter(user__in=list(users), type__in=REAL)
    return set(found.values_list("user_id", flat=True))


@transaction.atomic
def take_away(user: User, *, actor: Actor, now: datetime) -> None:
    """Delete all of a person's second steps, for somebody who lost them, and end their sessions."""
    count, _by_model = Authenticator.objects.filter(user_id=user.pk).delete()
    audit.record(actor, "person.mfa_reset", user, after={"name": user.get_username(), "second_steps": count})
    sessions.end_all(user, actor=actor, now=now)
