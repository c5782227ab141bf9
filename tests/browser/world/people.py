"""Who works here, who did, and who is invited."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User

from publisher.people import api_keys, invitations, persons, roles
from publisher.people.models import Invitation, Letter
from publisher.people.permissions import AUTHOR, EDITOR, VIEWER
from tests.desk.second_steps import an_app

PASSWORD = "a long enough password"


def people(now: datetime, user: User) -> tuple[User, str]:
    """A colleague with a second step and a key, one whose account is closed, one who is invited (the path of the link)."""
    colleague = User.objects.create_user("ilse.marrow@office.example.org", "ilse.marrow@office.example.org")
    roles.give(colleague, EDITOR)
    an_app(colleague)
    gone = User.objects.create_user("otto", "otto@office.example.org")
    roles.give(gone, VIEWER)
    persons.deactivate(gone.pk, actor=user, now=now, version=None)
    persons.set_role(colleague.pk, AUTHOR, actor=user, version=None)
    scopes = ["see_desk", "write"]
    held = api_keys.held_by(user)
    key, _secret = api_keys.make("Newsroom robot", scopes, user=user, held=held, expires_at=None, now=now)
    api_keys.make("Old robot", scopes, user=user, held=held, expires_at=now + timedelta(days=9), now=now)
    api_keys.revoke(key.pk, user=user, now=now)
    _invited, link = invitations.invite(
        "tamsin.okafor@office.example.org", EDITOR, actor=user, by_mail=False, now=now
    )
    late, _link = invitations.invite("late@office.example.org", VIEWER, actor=user, by_mail=True, now=now)
    Invitation.objects.filter(pk=late.pk).update(invited_by=gone)
    Letter.objects.filter(invitation=late).update(
        state="failed", reason="550 5.1.1 There is no such mailbox.", settled_at=now
    )
    return colleague, link.removeprefix(settings.BASE_URL)
