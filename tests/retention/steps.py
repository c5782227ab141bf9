"""Rows that are past their time, and rows that are not."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from publisher.audience.models import Consent, ConsentText, ReaderLetter, SignUp, Subscriber, Subscription
from publisher.digests.models import Digest
from publisher.retention.models import Run
from publisher.retention.working import nightly
from tests.builders import a_subscriber

NIGHT = datetime.fromisoformat("2026-06-01T02:00:30+00:00")
DAY = timedelta(days=1)


def a_sign_up(*, ended: timedelta, **given: Any) -> SignUp:
    """One whose link ended so long ago."""
    text, _new = ConsentText.objects.get_or_create(
        digest=b"t" * 32, defaults={"language": "en", "text": "I agree.", "first_at": NIGHT}
    )
    fields: dict[str, Any] = {
        "email": "lin@example.net",
        "email_key": "lin@example.net",
        "language": "en",
        "text": text,
        "created_at": NIGHT - ended - 7 * DAY,
        "expires_at": NIGHT - ended,
        **given,
    }
    return SignUp.objects.create(**fields)


def a_letter(*, settled: timedelta | None, **given: Any) -> ReaderLetter:
    """A letter that was settled so long ago; None: that still waits."""
    fields: dict[str, Any] = {
        "kind": "confirm",
        "state": "queued" if settled is None else "sent",
        "to": "lin@example.net",
        "to_key": "lin@example.net",
        "language": "en",
        "message_key": secrets.token_hex(8),
        "due_at": NIGHT - 400 * DAY,
        "created_at": NIGHT - 400 * DAY,
        "settled_at": None if settled is None else NIGHT - settled,
        **given,
    }
    return ReaderLetter.objects.create(**fields)


def one_who_left(digest: Digest, *, ago: timedelta, email: str = "") -> Subscriber:
    """A subscriber whose one subscription, and the proof of its end, are so old."""
    row = a_subscriber(digest, email)
    at = NIGHT - ago
    Subscription.objects.filter(pk=row.pk).update(state="ended", since=at - 30 * DAY, ended_at=at)
    Consent.objects.filter(subscriber=row.subscriber).update(at=at)
    Subscriber.objects.filter(pk=row.subscriber_id).update(created_at=at - 30 * DAY)
    return row.subscriber


def a_night(now: datetime = NIGHT) -> Run:
    """A whole run."""
    nightly(now=now, seconds=60)
    return Run.objects.latest("pk")


def counted(run: Run) -> dict[str, int]:
    """What it erased, by kind."""
    return {count.kind: count.n for count in run.counts.all() if count.n}
