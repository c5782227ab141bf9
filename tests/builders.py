"""Small builders: each makes one valid thing, and takes what a test cares about."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime, time, timedelta
from typing import Any

from publisher.audience import subscriptions
from publisher.audience.choices import Choice
from publisher.audience.models import Subscription
from publisher.delivery.models import Delivery
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item, Source, Topic
from publisher.schedule.models import Schedule
from publisher.social.models import Channel

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def a_source(name: str = "newsroom") -> Source:
    return Source.objects.get_or_create(name=name, defaults={"created_at": NOON})[0]


def an_item(*, at: datetime = NOON, source: str = "newsroom", **given: Any) -> Item:
    """An accepted item that came in at `at`."""
    n = next(_numbers)
    fields: dict[str, Any] = {
        "producer_id": f"item-{n}",
        "url": f"https://office.example.org/{n}",
        "kind": "story",
        "language": "en",
        "title": f"Farmers of valley {n} share what they learned",
        "summary": "Forty families compare notes on seeds, soil and rain.",
        "body_text": "Forty families compare notes on seeds, soil and rain. They meet every month.",
        "published_at": at,
        "first_received_at": at,
        "received_at": at,
        "origin": "stream",
        "trace_id": f"{n:032x}",
    } | given
    fields.setdefault("url_key", fields["url"])
    fields.setdefault("content_hash", hashlib.sha256(fields["title"].encode()).digest())
    return Item.objects.create(source=a_source(source), **fields)


def a_topic(slug: str = "water", **given: Any) -> Topic:
    fields = {"kind": "sdg", "name_en": slug.title(), "name_zh": "水", **given}
    return Topic.objects.get_or_create(slug=slug, defaults=fields)[0]


def a_digest(**given: Any) -> Digest:
    """Weekly, Monday 08:00 Asia/Shanghai, English and Chinese; it began four weeks before noon of 1 June 2026."""
    fields: dict[str, Any] = {
        "slug": f"weekly-{next(_numbers)}",
        "title": {"en": "The week in Almaria", "zh": "阿尔马里亚一周"},
        "languages": ["en", "zh"],
        "from_name": {"en": "Country Office", "zh": "国别办公室"},
        "from_address": "news@office.example.org",
        "organisation": "Country Office of Almaria",
        "postal_address": "1 Harbour Road, Almaria",
        "at": time(8, 0),
        "created_at": NOON - timedelta(days=28),
    } | given
    return Digest.objects.create(**fields)


def hours_that_begin_later() -> dict[str, Any]:
    """For `a_digest`: an hour a day, which begins two hours from now by the true clock."""
    opens = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=2)
    return {"zone": "UTC", "send_from": opens.time(), "send_until": (opens + timedelta(hours=1)).time()}


def a_subscriber(
    digest: Digest, email: str = "", *, language: str = "en", name: str = "", **choice: Any
) -> Subscription:
    """An active subscription of `digest`."""
    return subscriptions.join(
        email or f"reader{next(_numbers)}@example.net",
        digest_id=digest.pk,
        choice=Choice.of(language=language, **choice),
        how="test",
        now=NOON,
        name=name,
    )


def a_schedule(**given: Any) -> Schedule:
    """Every day at 09:00 and 15:00 UTC."""
    slots = [{"weekday": day, "at": at} for day in range(7) for at in ("09:00", "15:00")]
    fields: dict[str, Any] = {"name": f"schedule {next(_numbers)}", "zone": "UTC", "slots": slots, **given}
    return Schedule.objects.create(**fields)


def a_channel(network: str = "sandbox", **given: Any) -> Channel:
    fields: dict[str, Any] = {
        "name": f"{network} {next(_numbers)}",
        "network": network,
        "created_at": NOON,
        **given,
    }
    fields.setdefault("schedule", a_schedule())
    return Channel.objects.create(**fields)


def a_sending_edition(digest: Digest | None = None, *, mails: int = 3, due_at: datetime = NOON) -> Edition:
    """An edition in `sending` with that many queued mails to subscribers of its digest."""
    digest = digest or a_digest()
    edition = Edition.objects.create(
        digest=digest,
        number=next(_numbers),
        due_at=due_at,
        window_from=NOON - timedelta(days=7),
        window_to=NOON,
        state="sending",
        created_at=NOON,
        assembled_at=NOON,
        trace_id="e" * 32,
    )
    for _ in range(mails):
        subscriber = a_subscriber(digest, name="Ilse").subscriber
        Delivery.objects.create(
            edition=edition, subscriber=subscriber, address=subscriber.email, due_at=NOON, created_at=NOON
        )
    return edition
