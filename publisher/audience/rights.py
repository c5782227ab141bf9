"""A reader asks for their data, or to be erased, on the page behind a personal link. Their own mailbox is asked first.

Those links stand in every mail, and mails are passed on: whoever holds one may choose and leave in its reader's name, which can
be taken back. What tells all about them or cannot be undone takes a second link, which goes to their address alone: signed for
one of the two deeds, good for a day, and only as long as the reader has the address that it went to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction

from publisher.audience import letters, subscriptions, suppressed, tokens
from publisher.audience.models import ReaderLetter, Subscriber
from publisher.audience.tokens import Purpose

GOOD_FOR: Final = timedelta(hours=24)
"""The link, from when its letter left."""
HOURS: Final = str(GOOD_FOR // timedelta(hours=1))
"""The same, as letters and pages say it."""
AGAIN: Final = timedelta(minutes=15)
"""Between two letters of one kind to one reader: whoever holds a link can cause them."""
MOST_A_DAY: Final = 3
"""Of each kind, of one reader."""
S, K = ReaderLetter.State, ReaderLetter.Kind
PURPOSES: Final = {K.DATA: Purpose.DATA, K.ERASE: Purpose.ERASE}
"""What each of the two letters is good for."""


class Answer(StrEnum):
    """What came of asking. ALREADY: a letter went lately, or enough did today. UNREACHABLE: no mail goes to this reader."""

    WRITTEN = "written"
    ALREADY = "already"
    UNREACHABLE = "unreachable"
    GONE = "gone"


class Stage(StrEnum):
    """What a link is. OVER: too old, or its reader has another address now. GONE: its reader is."""

    OPEN = "open"
    OVER = "over"
    GONE = "gone"


@dataclass(frozen=True)
class Seen:
    """What a link names; `subscriber` and `letter` are there as long as it is open."""

    stage: Stage
    subscriber: Subscriber | None = None
    letter: ReaderLetter | None = None


@transaction.atomic
def ask(
    subscriber_id: int, kind: ReaderLetter.Kind, *, language: str, digest_id: int, now: datetime
) -> Answer:
    """Write to the reader's own address, in the name of the digest."""
    subscriber = subscriptions.locked(subscriber_id)
    if subscriber is None:
        return Answer.GONE
    if suppressed.standing(subscriber.email_key, now=now) is not None:
        return Answer.UNREACHABLE
    lately = subscriber.letters.filter(kind=kind, created_at__gt=now - timedelta(days=1))
    today = lately.filter(to_key=subscriber.email_key).exclude(state=S.CANCELLED)
    latest = today.order_by("-created_at", "-pk").first()
    if latest is not None and (latest.created_at > now - AGAIN or today.count() >= MOST_A_DAY):
        return Answer.UNREACHABLE if latest.state == S.FAILED else Answer.ALREADY
    letters.queue(
        kind, to=subscriber.email, language=language, digest_id=digest_id, subscriber=subscriber, now=now
    )
    return Answer.WRITTEN


def token(letter: ReaderLetter) -> str:
    """For the link in it. The letter's number makes each a new one."""
    return tokens.write(PURPOSES[K(letter.kind)], letter.subscriber_id or tokens.NOBODY, letter.pk)


def is_for(letter: ReaderLetter, subscriber: Subscriber | None) -> bool:
    """Whether the reader still has the address that it was written to."""
    return subscriber is not None and subscriber.email_key == letter.to_key


def look(kind: ReaderLetter.Kind, text: str, *, now: datetime, lock: bool = False) -> Seen | None:
    """What a link names; None when it was not made by us for this deed. Changes nothing. `lock`: nobody changes or erases the
    reader until the end of the transaction."""
    link = tokens.read(PURPOSES[kind], text)
    if link is None:
        return None
    rows = Subscriber.objects.filter(pk=link.subscriber_id)
    subscriber = subscriptions.locked(link.subscriber_id) if lock else rows.first()
    if subscriber is None:
        return Seen(Stage.GONE)
    letter = subscriber.letters.filter(pk=link.target_id, kind=kind).first()
    if letter is None or not is_for(letter, subscriber) or not _is_good(letter, now):
        return Seen(Stage.OVER)
    return Seen(Stage.OPEN, subscriber, letter)


def _is_good(letter: ReaderLetter, now: datetime) -> bool:
    """Of one that is leaving this moment the lease is the latest that it can have left."""
    left = letter.settled_at or letter.lease_until
    return letter.state in (S.SENDING, S.SENT, S.UNKNOWN) and left is not None and now < left + GOOD_FOR
