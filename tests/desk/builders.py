"""Small builders of what the desk shows: posts, editions with variants and deliveries, refused entries, audit entries."""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.core import clock
from publisher.core.models import Pause
from publisher.delivery.models import Amendment, Attempt, Delivery
from publisher.digests.models import Digest, Edition, EditionItem, EditionSelection, Variant
from publisher.items.models import Item, Rejection, Revision
from publisher.social.accounts import account_of
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Part, Picture
from tests.builders import NOON, a_channel, a_digest, a_subscriber, an_item

_numbers = itertools.count(1)


def a_post(item: Item | None = None, channel: Channel | None = None, text: str = "", **given: Any) -> Post:
    """A draft, unless told otherwise."""
    item = item or an_item()
    fields: dict[str, Any] = {
        "item_revision": item.revision,
        "language": item.language,
        "parts": [{"text": text or f"{item.title} {item.url}"}],
        "link": item.url,
        "created_at": NOON,
        "trace_id": "a" * 32,
        **given,
    }
    return Post.objects.create(item=item, channel=channel or a_channel(), **fields)


def an_edition(digest: Digest | None = None, *, items: list[Item] | None = None, **given: Any) -> Edition:
    """A waiting edition with one English variant of its items."""
    digest = digest or a_digest()
    n = next(_numbers)
    fields: dict[str, Any] = {
        "number": n,
        "due_at": NOON + timedelta(minutes=n),
        "window_from": NOON - timedelta(days=7),
        "window_to": NOON,
        "state": Edition.State.WAITING,
        "created_at": NOON,
        "assembled_at": NOON,
        "trace_id": "b" * 32,
        **given,
    }
    edition = Edition.objects.create(digest=digest, **fields)
    items = [an_item()] if items is None else items
    for position, item in enumerate(items):
        EditionItem.objects.create(edition=edition, item=item, revision=item.revision, position=position)
    return edition


def a_variant(edition: Edition, *, html: str = "", text: str = "", **given: Any) -> Variant:
    """A rendered variant that one selection receives."""
    fields: dict[str, Any] = {
        "mask": next(_numbers),
        "language": "en",
        "selections": 1,
        "recipients": 1,
        "subject": "The week in Almaria",
        "html": html or "<!doctype html><html lang=en><title>m</title><h1>The week in Almaria</h1></html>",
        "text": text or "THE WEEK IN ALMARIA",
        "rendered_at": NOON,
        **given,
    }
    variant = Variant.objects.create(edition=edition, **fields)
    selection = a_subscriber(edition.digest).selection
    EditionSelection.objects.get_or_create(
        edition=edition, selection_id=selection.pk, defaults={"variant": variant}
    )
    return variant


def a_mail(edition: Edition, address: str = "", *, at: datetime = NOON, **given: Any) -> Delivery:
    """A queued delivery of an edition."""
    fields: dict[str, Any] = {"due_at": at, "created_at": at, **given}
    return Delivery.objects.create(
        edition=edition, address=address or f"reader{next(_numbers)}@example.net", **fields
    )


def a_pause(**given: Any) -> Pause:
    """Of a country, unless told otherwise."""
    fields: dict[str, Any] = {"reason": "A flood in the valley", "by": "mira", "since": NOON, **given}
    if not {"channel_id", "topic_id"} & fields.keys():
        fields |= {"scope": "country", "country": "KE", "name": "KE"}
    return Pause.objects.create(**fields)


def a_post_delivery(post: Post, part: int = 0, *, at: datetime = NOON, **given: Any) -> Delivery:
    fields: dict[str, Any] = {"due_at": at, "created_at": at, **given}
    return Delivery.objects.create(
        post=post, channel=post.channel, part=part, address=post.channel.name, **fields
    )


def a_handed_post(network: str = "weibo", *, pictures: tuple[Picture, ...] = (), **given: Any) -> Post:
    """A post that waits for a person, with one delivery as `leaving.py` writes it."""
    channel = given.pop("channel", None) or a_channel(network)
    now = clock.now()
    fields: dict[str, Any] = {"state": "handed", "slot_at": now, "approved_at": now, **given}
    post = a_post(channel=channel, **fields)
    part = Part(post.parts[0]["text"], post.link, post.language, pictures=pictures)
    prepared = registry.leaving(network).prepare(part, account_of(channel), "k" * 32)
    a_post_delivery(post, at=now, state="handed", prepared=dict(prepared.payload))
    return post


def pictures_in(folder: Path, settings: Any) -> None:
    """Let the store of pictures be in that folder."""
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder / "media")},
    }
    settings.STORAGES = {**settings.STORAGES, "default": files}


def an_attempt(delivery: Delivery, **given: Any) -> Attempt:
    fields: dict[str, Any] = {
        "fence": 1,
        "worker": "mail@host-1",
        "started_at": NOON,
        "duration_ms": 41.5,
        "outcome": "sent",
        "code": 250,
        "enhanced": "2.0.0",
        "text": "2.0.0 Ok: queued",
        **given,
    }
    return Attempt.objects.create(delivery=delivery, **fields)


def an_amendment(post: Post, **given: Any) -> Amendment:
    """An answer below the post's message, waiting for its turn unless told otherwise."""
    fields: dict[str, Any] = {
        "deed": "reply",
        "text": "Correction.",
        "revision": post.item.revision,
        "idempotency_key": "k",
        "due_at": NOON,
        "created_at": NOON,
        **given,
    }
    return Amendment.objects.create(delivery=post.deliveries.get(), **fields)


def a_rejection(payload: bytes = b'{"title": ""}', **given: Any) -> Rejection:
    n = next(_numbers)
    fields: dict[str, Any] = {
        "source_name": "newsroom",
        "origin": "api",
        "code": "no-title",
        "reason": "The item has no title.",
        "hint": "Send a title of at least one character.",
        "payload_size": len(payload),
        "digest": hashlib.sha256(payload + str(n).encode()).digest(),
        "first_at": NOON,
        "last_at": NOON + timedelta(seconds=n),
        "trace_id": "c" * 32,
        **given,
    }
    return Rejection.objects.create(payload=payload, **fields)


def a_revision(item: Item, number: int, content: dict[str, Any], changed: list[str]) -> Revision:
    return Revision.objects.create(
        item=item,
        number=number,
        content=content,
        changed=changed,
        content_hash=hashlib.sha256(str(content).encode()).digest(),
        entry_id=f"1700000000000-{number}",
        received_at=NOON + timedelta(hours=number),
        trace_id="d" * 32,
    )
