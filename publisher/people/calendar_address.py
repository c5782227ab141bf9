"""A person's secret address of the calendar: made, made anew, revoked, and whose it is. The desk calls these.

The token has 256 random bits, so its hash needs no salt and is found by an index.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from publisher.core import audit
from publisher.people.models import CalendarAddress
from publisher.people.permissions import SEE_DESK

LONGEST_TOKEN = 100


@transaction.atomic
def renew(*, user: User, now: datetime) -> str:
    """A new token for the person; one that they had is good no more. It is told this once."""
    token = secrets.token_urlsafe(32)
    address, made = CalendarAddress.objects.update_or_create(
        user=user, defaults={"token_hash": _hash(token), "created_at": now}
    )
    audit.record(user, "calendar_address.made" if made else "calendar_address.renewed", address)
    return token


@transaction.atomic
def revoke(*, user: User) -> bool:
    """Take the person's address out of use; whether there was one."""
    address = CalendarAddress.objects.select_for_update().filter(user=user).first()
    if address is None:
        return False
    audit.record(user, "calendar_address.revoked", address)
    address.delete()
    return True


def of(user: User) -> CalendarAddress | None:
    """The person's address, if they have one."""
    return CalendarAddress.objects.filter(user=user).first()


def owner_of(token: str) -> User | None:
    """Who may read by this token: an active person who still may see the desk; None for any other token."""
    if len(token) > LONGEST_TOKEN:
        return None
    address = CalendarAddress.objects.select_related("user").filter(token_hash=_hash(token)).first()
    if address is None or not address.user.is_active or not address.user.has_perm(SEE_DESK):
        return None
    return address.user


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
