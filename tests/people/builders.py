"""People with a role, and the steps of an invitation."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User

from publisher.people import invitations, roles
from publisher.people.models import Invitation
from publisher.people.permissions import VIEWER, Role

PASSWORD = "a long enough password"


def somebody(name: str, role: Role, email: str = "") -> User:
    user = User.objects.create_user(name, email, PASSWORD)
    roles.give(user, role)
    return user


def an_invitation(
    email: str = "ilse@example.org", role: Role = VIEWER, *, now: datetime, actor: User | None = None
) -> tuple[Invitation, str]:
    """The invitation, and the token of its link."""
    invitation, link = invitations.invite(email, role, actor=actor, by_mail=False, now=now)
    return invitation, link.rpartition("/")[2]
