"""A reader wants their mail at another address. Both mailboxes say yes by a button, then it is changed.

The old one, so that nobody who holds a forwarded link takes a subscription away; the new one, since nobody is written to who did
not ask for it. Nothing here tells whoever asks whether the new address is known: that is said to its owner alone, once they have
confirmed. An address that is known is refused and not merged: the links in all mails that went there name the one who has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import IntegrityError, transaction

from publisher.audience import addresses, letters, subscriptions, suppressed, tokens
from publisher.audience.models import AddressChange, Consent, ReaderLetter, Subscriber, Suppression
from publisher.audience.signing_up import policy
from publisher.audience.suppressing.strength import STRENGTH, R
from publisher.audience.tokens import Purpose
from publisher.core.errors import UserError

GOOD_FOR: Final = timedelta(days=7)
"""In which both mailboxes may confirm."""
MOST_A_DAY: Final = 3
"""Of one reader: each writes to an address that they typed."""
AGAIN: Final = timedelta(days=1)
"""After so long without an answer a mailbox may be written to once more."""
K = ReaderLetter.Kind
KINDS: Final = (K.CHANGE_OLD, K.CHANGE_NEW)
HOW: Final = "change of address, confirmed by both mailboxes"
CARRIED: Final = (Suppression.Reason.COMPLAINED, Suppression.Reason.REFUSED)
"""Suppressions that are the person's and not the mailbox's: they go along to the new address."""


class Outcome(StrEnum):
    """How a change ended. REPLACED: by a later one of the same reader. TAKEN: somebody has the new address already."""

    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    TAKEN = "taken"


class Answer(StrEnum):
    """What came of asking. WRITTEN says the same whether the address is known or not."""

    WRITTEN = "written"
    SAME = "same"
    NO_ADDRESS = "no_address"
    NO_READER = "no_reader"
    TOO_OFTEN = "too_often"


class Stage(StrEnum):
    """Where a change is, as the owner of one mailbox sees it. WAITING: for the other one. OVER: too old, withdrawn, replaced."""

    OPEN = "open"
    WAITING = "waiting"
    CHANGED = "changed"
    TAKEN = "taken"
    OVER = "over"


@dataclass(frozen=True)
class Seen:
    """What a link names. `new`: whether it went to the new mailbox."""

    change: AddressChange
    new: bool
    stage: Stage


@transaction.atomic
def ask(subscriber_id: int, email: str, *, language: str, digest_id: int, now: datetime) -> Answer:
    """Write to both mailboxes, in the name of the digest. Asking again for the same address writes once more to who has not
    answered for a day: a letter may be lost."""
    subscriber = subscriptions.locked(subscriber_id)
    try:
        email = addresses.checked(email)
    except UserError:
        return Answer.NO_ADDRESS
    if subscriber is None or policy.verdict(email).deed == "refuse":
        return Answer.NO_READER
    key = addresses.key(email)
    if key == subscriber.email_key:
        return Answer.SAME
    mine = subscriber.address_changes
    still_open = mine.filter(ended_at=None, expires_at__gt=now)
    if (open_one := still_open.filter(email_key=key).first()) is not None:
        _write(open_one, _silent(open_one, now), subscriber, digest_id=digest_id, now=now)
        return Answer.WRITTEN
    if mine.filter(created_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        return Answer.TOO_OFTEN
    still_open.update(ended_at=now, outcome=Outcome.REPLACED)
    change = AddressChange.objects.create(
        subscriber=subscriber,
        email=email,
        email_key=key,
        language=language,
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    _write(change, KINDS, subscriber, digest_id=digest_id, now=now)
    return Answer.WRITTEN


def _silent(change: AddressChange, now: datetime) -> list[ReaderLetter.Kind]:
    """Which of the two letters went, or was to go, more than a day ago and was not answered."""
    said = {K.CHANGE_OLD: change.old_confirmed_at, K.CHANGE_NEW: change.new_confirmed_at}
    lately = set(change.letters.filter(created_at__gt=now - AGAIN).values_list("kind", flat=True))
    return [kind for kind in KINDS if said[kind] is None and kind not in lately]


def _write(
    change: AddressChange,
    kinds: Iterable[ReaderLetter.Kind],
    subscriber: Subscriber,
    *,
    digest_id: int,
    now: datetime,
) -> None:
    for kind in kinds:
        letters.queue(
            kind,
            to=change.email if kind == K.CHANGE_NEW else subscriber.email,
            language=change.language,
            digest_id=digest_id,
            subscriber=subscriber,
            change=change,
            now=now,
        )


def token(change: AddressChange, *, new: bool) -> str:
    """For the link to one of the two mailboxes."""
    return tokens.write(Purpose.CHANGE_NEW if new else Purpose.CHANGE_OLD, change.subscriber_id, change.pk)


def owner(text: str) -> int | None:
    """The subscriber whom a link names, there or gone; None when it was not made by us."""
    for purpose in (Purpose.CHANGE_OLD, Purpose.CHANGE_NEW):
        if link := tokens.read(purpose, text):
            return link.subscriber_id
    return None


def look(text: str, *, now: datetime) -> Seen | None:
    """What a link names; None when it was not made by us or is of somebody who is gone. Changes nothing."""
    named = _named(text)
    if named is None:
        return None
    change, new = named
    return Seen(change, new, _stage(change, now, new=new))


@transaction.atomic
def confirm(text: str, *, now: datetime) -> Seen | None:
    """One mailbox says yes; with the second yes the address is changed. Doing it again changes nothing."""
    named = _named(text, lock=True)
    if named is None:
        return None
    change, new = named
    if change.ended_at is None and now < change.expires_at:
        if new:
            change.new_confirmed_at = change.new_confirmed_at or now
        else:
            change.old_confirmed_at = change.old_confirmed_at or now
        if change.new_confirmed_at and change.old_confirmed_at:
            _finish(change, now)
        change.save()
    return Seen(change, new, _stage(change, now, new=new))


@transaction.atomic
def withdraw(text: str, *, now: datetime) -> Seen | None:
    """One mailbox says no: it is over."""
    named = _named(text, lock=True)
    if named is None:
        return None
    change, new = named
    if change.ended_at is None:
        change.ended_at, change.outcome = now, Outcome.WITHDRAWN
        change.save()
    return Seen(change, new, _stage(change, now, new=new))


def _named(text: str, *, lock: bool = False) -> tuple[AddressChange, bool] | None:
    for new, purpose in ((False, Purpose.CHANGE_OLD), (True, Purpose.CHANGE_NEW)):
        if link := tokens.read(purpose, text):
            if lock:
                subscriptions.locked(link.subscriber_id)
            rows = AddressChange.objects.select_related("subscriber")
            change = rows.filter(pk=link.target_id, subscriber_id=link.subscriber_id).first()
            return (change, new) if change else None
    return None


def _stage(change: AddressChange, now: datetime, *, new: bool) -> Stage:
    if change.ended_at is not None:
        if change.outcome == Outcome.CHANGED:
            return Stage.CHANGED
        return Stage.TAKEN if change.outcome == Outcome.TAKEN and new else Stage.OVER
    if now >= change.expires_at:
        return Stage.OVER
    said = change.new_confirmed_at if new else change.old_confirmed_at
    return Stage.WAITING if said else Stage.OPEN


def _finish(change: AddressChange, now: datetime) -> None:
    """Both have said yes. What is queued goes to the old address, which has just shown that it works."""
    subscriber = change.subscriber
    before = subscriber.email_key
    change.ended_at, change.outcome = now, Outcome.TAKEN
    if Subscriber.objects.filter(email_key=change.email_key).exists():
        return
    try:
        with transaction.atomic():
            Subscriber.objects.filter(pk=subscriber.pk).update(email=change.email, email_key=change.email_key)
    except IntegrityError:  # somebody signed up with it in this very moment
        return
    change.outcome = Outcome.CHANGED
    suppressed.lift_own_wish(change.email_key)
    _carry(before, change.email_key, now)
    subscriptions.proof(subscriber.pk, None, Consent.Action.CONFIRMED, HOW, now)


def _carry(before: str, after: str, now: datetime) -> None:
    """Over a weaker entry of the new mailbox, too, and over one that has ended."""
    standing = suppressed.standing(before, now=now)
    if standing is None or standing.reason not in CARRIED:
        return
    theirs = {
        "reason": standing.reason,
        "evidence": standing.evidence,
        "at": now,
        "until": standing.until,
    }
    known = suppressed.standing(after, now=now)
    if known is None or STRENGTH[R(known.reason)] < STRENGTH[R(standing.reason)]:
        Suppression.objects.update_or_create(email_key=after, defaults=theirs)
