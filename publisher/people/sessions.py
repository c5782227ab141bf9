"""Who is signed in where: the list of a person's sessions, and ending them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from publisher.core import audit
from publisher.core.audit import Actor

COARSE: Final = timedelta(minutes=5)
"""How often it is written down that a session was used."""
LONGEST_AGENT: Final = 200
MOST_AT_ONCE: Final = 20_000
NOWHERE: Final = "0.0.0.0"  # noqa: S104 - stands for an address that is not known; nothing listens there


def note(user: User, session_key: str, *, address: str, agent: str, now: datetime) -> None:
    """Remember that this session was used, from where and by which browser; every five minutes at most."""
    seen = UserSession.objects.filter(session_key=session_key).values_list("last_seen_at", "user_id").first()
    if seen and seen[1] == user.pk and seen[0] > now - COARSE:
        return
    values = {
        "user_id": user.pk,
        "ip": _known(address),
        "user_agent": agent[:LONGEST_AGENT],
        "last_seen_at": now,
    }
    with suppress(IntegrityError):  # the person was deleted while their request was answered
        UserSession.objects.update_or_create(
            session_key=session_key, defaults=values, create_defaults={**values, "created_at": now}
        )


def of(user: User, *, now: datetime) -> list[UserSession]:
    """The person's living sessions, the last used first. Notes of sessions that ended are thrown away."""
    living = Session.objects.filter(expire_date__gt=now).values("session_key")
    UserSession.objects.filter(user_id=user.pk).exclude(session_key__in=living).delete()
    return list(UserSession.objects.filter(user_id=user.pk).order_by("-last_seen_at", "-pk"))


@transaction.atomic
def end_one(session_id: int, *, user: User) -> bool:
    """End one of the person's own sessions; False when it is over already, or is somebody else's."""
    found = UserSession.objects.filter(pk=session_id, user_id=user.pk).first()
    if found is None:
        return False
    Session.objects.filter(session_key=found.session_key).delete()
    found.delete()
    audit.record(user, "person.session_ended", user, after={"by_browser": browser(found.user_agent)})
    return True


@transaction.atomic
def end_all(user: User, *, actor: Actor, now: datetime, but: str = "") -> int:
    """End the person's sessions in all browsers, but for the one with the key `but`; how many there were."""
    keys = [key for key in _keys_of(user, now) if key != but]
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user_id=user.pk).exclude(session_key=but).delete()
    audit.record(
        actor, "person.sessions_ended", user, after={"name": user.get_username(), "sessions": len(keys)}
    )
    return len(keys)


def forget(*, now: datetime) -> int:
    """Delete sessions that ended by themselves, with the notes about them; how many sessions. A while at a time."""
    over = Session.objects.filter(expire_date__lt=now).values_list("session_key", flat=True)[:MOST_AT_ONCE]
    count, _by_model = Session.objects.filter(session_key__in=list(over)).delete()
    living = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(living), last_seen_at__lt=now - COARSE).delete()
    return count


def browser(agent: str) -> str:
    """A name for people of what a browser sends of itself: `Firefox on Windows`."""
    programs = (
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
    )
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    )
    program = next((name for mark, name in programs if mark in agent), "")
    system = next((name for mark, name in systems if mark in agent), "")
    return " on ".join(filter(None, (program, system))) or agent[:40]


def _keys_of(user: User, now: datetime) -> Iterator[str]:
    """The keys of all living sessions, those that were begun before they were noted, too. Staff have few; each is opened."""
    for session in Session.objects.filter(expire_date__gt=now).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            yield session.session_key


def _known(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return NOWHERE
