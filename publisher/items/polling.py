"""Feeds that are due: claimed, fetched if they changed, and their entries added to the stream. Called by beat's tick."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from publisher.core import events, fetch, trace
from publisher.core.errors import OtherSideError, Retry
from publisher.items import rejections, stream
from publisher.items.feeds.reading import MAX_FEED, FeedResult, read_feed
from publisher.items.importing import FEED_TYPES, as_payload, broken_feed, feed_items, refused_in_feed
from publisher.items.models import Origin, Source

log = logging.getLogger(__name__)

MOST: Final = 20
"""Feeds that one tick polls, so that it ends."""
LONGEST_WAIT: Final = timedelta(hours=24)
_DOUBLINGS: Final = 12


@dataclass(frozen=True)
class Polled:
    """What a poll of one feed found. `changed` is False for the same entries as last time (HTTP 304 or equal content)."""

    source: str
    changed: bool = False
    added: int = 0
    rejected: int = 0
    error: str = ""


def poll_due(*, now: datetime, most: int = MOST) -> list[Polled]:
    """Poll the feeds that are due at `now` (aware), each by one worker only."""
    polled: list[Polled] = []
    while len(polled) < most and (source := claim(now)) is not None:
        polled.append(poll(source, now=now))
    return polled


@transaction.atomic
def claim(now: datetime) -> Source | None:
    """A feed that is due; its next time is set before it is fetched, so that a worker that dies costs one turn."""
    source = (
        Source.objects.select_for_update(skip_locked=True)
        .filter(enabled=True, next_poll_at__lte=now)
        .exclude(feed_url="")
        .order_by("next_poll_at")
        .first()
    )
    if source is not None:
        source.next_poll_at = now + timedelta(minutes=source.poll_every_minutes)
        source.save(update_fields=["next_poll_at"])
    return source


def poll(source: Source, *, now: datetime) -> Polled:
    """Fetch one feed and add its entries to the stream. What went wrong on the other side is kept with the source.

    Raises StreamAwayError; the feed is due again at once then.
    """
    with trace.bound(""):
        try:
            answer = fetch.get(
                source.feed_url, max_bytes=MAX_FEED, accept=FEED_TYPES, headers=_conditions(source)
            )
        except OtherSideError as error:
            after = error.after if isinstance(error, Retry) else None
            return _failed(source, error.reason, now, after)
        if answer.status == 304:
            return _succeeded(source, Polled(source.name))
        result = read_feed(answer.body, answer.headers.get("content-type", ""), answer.url, now=now)
        if result.refused and result.refused.code != "feed_has_no_entries":
            return _failed(source, f"{result.refused.reason} {result.refused.hint}", now, None)
        try:
            polled = _add(source, result, now)
        except stream.StreamAwayError:
            Source.objects.filter(pk=source.pk).update(next_poll_at=now)
            raise
        source.etag = answer.headers.get("etag", "")[:500]
        source.last_modified = answer.headers.get("last-modified", "")[:100]
        return _succeeded(source, polled, broken_feed(result) if result.broken else "")


def next_poll(now: datetime, *, every: timedelta, failures: int, after: timedelta | None = None) -> datetime:
    """When to ask again after `failures` in a row: the waits double up to a day, and are never shorter than `after`."""
    doubled: timedelta = every * 2 ** min(failures, _DOUBLINGS)
    wait = min(doubled, LONGEST_WAIT)
    return now + max(wait, after or timedelta())


def _conditions(source: Source) -> dict[str, str]:
    """RFC 9110, section 13: the server answers 304 when nothing changed."""
    given = {"If-None-Match": source.etag, "If-Modified-Since": source.last_modified}
    return {name: value for name, value in given.items() if value}


def _add(source: Source, result: FeedResult, now: datetime) -> Polled:
    payloads = [as_payload(item) for item in feed_items(result)]
    refused = refused_in_feed(result, source)
    held = b"\0".join([*payloads, b"", *(each.entry.payload for each in refused)])
    digest = hashlib.sha256(held).digest()
    if source.entries_hash is not None and bytes(source.entries_hash) == digest:
        return Polled(source.name)
    stream.add_many(
        [(payload, trace.new_trace_id()) for payload in payloads], source=source.name, origin=Origin.FEED
    )
    source.entries_hash = digest
    with transaction.atomic():
        rejections.keep((each.entry for each in refused), now=now)
        if payloads:
            events.emit("entry.added")
    return Polled(source.name, changed=True, added=len(payloads), rejected=len(refused))


def _succeeded(source: Source, polled: Polled, fault: str = "") -> Polled:
    """`fault`: what is wrong with the feed although some of it was read; the desk shows it."""
    source.failures, source.last_error = 0, fault
    source.save(update_fields=["etag", "last_modified", "entries_hash", "failures", "last_error"])
    log.info(
        "feed.polled",
        extra={"source": source.name, "changed": polled.changed, "added": polled.added},
    )
    return polled


def _failed(source: Source, reason: str, now: datetime, after: timedelta | None) -> Polled:
    source.failures += 1
    source.last_error = reason
    every = timedelta(minutes=source.poll_every_minutes)
    source.next_poll_at = next_poll(now, every=every, failures=source.failures, after=after)
    source.save(update_fields=["failures", "last_error", "next_poll_at"])
    log.warning(
        "feed.failed",
        extra={"source": source.name, "error": reason, "next_poll_at": str(source.next_poll_at)},
    )
    return Polled(source.name, error=reason)
