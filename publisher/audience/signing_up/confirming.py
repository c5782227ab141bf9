"""The owner of a mailbox confirms what was asked for it, by a link that only they have. From here on there is a subscriber.

A link is good for all that waits for its mailbox, since only one letter a day goes there. The owner chooses among it: some of it
may be a stranger's doing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q

from publisher.audience import letters, subscriptions, suppressed, tokens
from publisher.audience.choices import Choice
from publisher.audience.evidence import Evidence
from publisher.audience.models import Consent, ReaderLetter, SignUp, Subscriber
from publisher.audience.signing_up import tally
from publisher.audience.signing_up.asking import waiting
from publisher.audience.signing_up.tally import What

HOW = "confirmed by the link in a mail"
FORM = "sign-up form"


class Stage(StrEnum):
    """Where a sign-up is. LEFT: it was confirmed, and its reader has left since. EXPIRED: its link is too old, or a person
    refused it."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    LEFT = "left"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Seen:
    """What a link names, and where that is. `digests`: those that may be confirmed, or what came of it and is still received."""

    sign_up: SignUp | None
    stage: Stage
    digests: tuple[int, ...] = ()


class _Asked(NamedTuple):
    """One digest as it was wanted last, and the form that says so."""

    row: SignUp
    choice: dict[str, Any]


def look(token: str, *, now: datetime) -> Seen | None:
    """What a link names; None when it was not made by us. Changes nothing. One that was forgotten since is expired."""
    link = tokens.read(tokens.Purpose.CONFIRM, token)
    if link is None:
        return None
    row = SignUp.objects.filter(pk=link.target_id).first()
    if row is None:
        return Seen(None, Stage.EXPIRED)
    if row.confirmed_at is not None:
        received = _still_received(row)
        return Seen(row, Stage.CONFIRMED if received else Stage.LEFT, received)
    rows = list(waiting(row.email_key, now))
    return Seen(row, Stage.OPEN, tuple(_by_digest(rows))) if row in rows else Seen(row, Stage.EXPIRED)


@transaction.atomic
def confirm(
    token: str,
    *,
    digests: Collection[int],
    client: bytes | None,
    now: datetime,
    kin: Mapping[int, Collection[int]] | None = None,
) -> Seen | None:
    """Subscribe whoever has the link to those of the digests that were asked for, and welcome them. Doing it again changes
    nothing, and neither does choosing none.

    What they receive already stays as they chose it; a digest of which they have another rhythm (`kin`: the others of its family)
    comes in its place. A suppression that was their own wish ends.
    """
    seen = look(token, now=now)
    if seen is None or seen.sign_up is None or seen.stage is not Stage.OPEN:
        return seen
    key = seen.sign_up.email_key
    subscriptions.locked_by_key(key)  # first, as whoever erases them does
    rows = list(waiting(key, now).select_for_update())
    row = next((each for each in rows if each == seen.sign_up), None)
    if row is None:  # somebody else was quicker
        return look(token, now=now)
    chosen = {digest: asked for digest, asked in _by_digest(rows).items() if digest in digests}
    if not chosen:
        return seen
    subscriber = _subscriber(rows, now)
    lifted = suppressed.lift_own_wish(key)
    joining = _Joining(subscriber, client, now, kin=kin or {}, anew=lifted)
    new = joining.join(chosen)
    for each in rows:
        _close(each, subscriber, confirmed=each == row or _wants(each, chosen), now=now)
    if new:
        letters.queue(
            ReaderLetter.Kind.WELCOME,
            to=subscriber.email,
            language=row.language,
            digest_id=new[0],
            sign_up=row,
            subscriber=subscriber,
            now=now,
        )
    return look(token, now=now)


def together(row: SignUp) -> Sequence[SignUp]:
    """The sign-ups that were confirmed by the same press as this one."""
    return list(
        SignUp.objects.filter(subscriber=row.subscriber_id, confirmed_at=row.confirmed_at).order_by("pk")
    )


def _by_digest(rows: Sequence[SignUp]) -> dict[int, _Asked]:
    """What was wanted last comes last."""
    found: dict[int, _Asked] = {}
    for row in rows:
        for each in row.wanted:
            found.pop(each["digest"], None)
            found[each["digest"]] = _Asked(row, each)
    return found


def _wants(row: SignUp, digests: Collection[int]) -> bool:
    return any(each["digest"] in digests for each in row.wanted)


def _close(row: SignUp, subscriber: Subscriber, *, confirmed: bool, now: datetime) -> None:
    """One of which nothing was chosen is over: its owner has seen it."""
    if confirmed:
        row.confirmed_at, row.subscriber = now, subscriber
        tally.count(What.CONFIRMED, now)
    else:
        row.expires_at = now
    row.save(update_fields=["confirmed_at", "subscriber", "expires_at"])


def _still_received(row: SignUp) -> tuple[int, ...]:
    """What came of a confirmed sign-up and has not ended since; what its reader has in another rhythm now counts, too."""
    wanted = _by_digest(together(row))
    mine = row.subscriber.subscriptions if row.subscriber else None
    if mine is None:
        return ()
    received = mine.filter(Q(state__in=subscriptions.LIVE) | Q(moved_to__isnull=False), digest_id__in=wanted)
    return tuple(received.order_by("pk").values_list("digest_id", flat=True))


def _subscriber(rows: Sequence[SignUp], now: datetime) -> Subscriber:
    """The subscriber of this mailbox, locked: whoever erases them waits for us, or is done before and we begin anew."""
    newest = rows[-1]
    name = next((row.name for row in reversed(rows) if row.name), "")
    zone = next((row.zone for row in reversed(rows) if row.zone), "")
    while True:
        made, _ = Subscriber.objects.get_or_create(
            email_key=newest.email_key,
            defaults={
                "email": newest.email,
                "name": name,
                "zone": zone,
                "state": Subscriber.State.ACTIVE,
                "created_at": now,
            },
        )
        locked = subscriptions.locked(made.pk)
        if locked is not None:
            break
    locked.name, locked.zone = locked.name or name, locked.zone or zone
    locked.save(update_fields=["name", "zone"])
    return locked


@dataclass(frozen=True)
class _Joining:
    """Subscribing the owner of a mailbox, locked, to what they chose. `anew`: they had refused our mail, so that what they have
    counts from now on."""

    subscriber: Subscriber
    client: bytes | None
    now: datetime
    kin: Mapping[int, Collection[int]]
    anew: bool

    def join(self, chosen: Mapping[int, _Asked]) -> list[int]:
        """The digests that are new to them."""
        live = self.subscriber.subscriptions.filter(state__in=subscriptions.LIVE)
        known = set(live.values_list("digest_id", flat=True))
        new = [digest for digest in chosen if self.anew or digest not in known]
        for digest in new:
            row, wanted = chosen[digest]
            self._given(row, digest)
            evidence = Evidence(row.text, row.page, self.client)
            had = next((each for each in self.kin.get(digest, ()) if each in known), None)
            if digest in known:
                self._confirmed(digest, evidence)
            elif had is None:
                self._new(digest, _choice(wanted), evidence)
            else:
                subscriptions.move(self.subscriber.pk, had, digest, _choice(wanted), how=HOW, now=self.now)
                self._confirmed(digest, evidence)
            known = (known - {had}) | {digest}
        return new

    def _new(self, digest: int, choice: Choice, evidence: Evidence) -> None:
        subscriptions.join(
            self.subscriber.email, digest_id=digest, choice=choice, how=HOW, now=self.now, evidence=evidence
        )

    def _confirmed(self, digest: int, evidence: Evidence) -> None:
        action = Consent.Action.CONFIRMED
        subscriptions.proof(self.subscriber.pk, digest, action, HOW, self.now, evidence=evidence)

    def _given(self, row: SignUp, digest: int) -> None:
        """The proof of the form itself, beside that of the mailbox."""
        Consent.objects.create(
            subscriber=self.subscriber,
            digest_id=digest,
            action=Consent.Action.GIVEN,
            how=FORM,
            text=row.text,
            page=row.page,
            client=row.client,
            at=row.created_at,
        )


def _choice(wanted: Mapping[str, Any]) -> Choice:
    return Choice.of(
        topics=wanted["topics"],
        kinds=wanted["kinds"],
        language=wanted["language"],
        region=wanted["region"],
    )
