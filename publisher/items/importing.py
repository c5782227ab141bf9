"""Feeds and pages on their way into the stream: fetched or read, parsed, added, and for imports followed to their end.

`publisher import-feed`, `import-page` and `add-item` call `import_…`; the polling uses the parts.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext

from publisher.core import fetch, trace
from publisher.core.alone import INTAKE, alone
from publisher.core.errors import UserError
from publisher.items import intake, rejections, sources, stream
from publisher.items.feeds.reading import MAX_FEED, FeedResult, read_feed
from publisher.items.intake import Counts
from publisher.items.models import Origin, Source
from publisher.items.pages.listing import MAX_PAGE, Furniture, read_listing
from publisher.items.refusals import Refused
from publisher.items.rejections import RefusedEntry
from publisher.items.schema import ItemIn
from publisher.items.shelf import Outcome

FEED_TYPES: Final = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/json;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
)
PAGE_TYPES: Final = "text/html, text/plain;q=0.9, */*;q=0.5"
WAIT_SECONDS: Final = 60.0
"""How long an import waits for the worker that reads the stream just now."""


@dataclass(frozen=True)
class Turned:
    """An entry that was turned down: where it stood (`line 12`, `entry 3`), why, what to do, and its beginning."""

    where: str
    code: str
    reason: str
    hint: str
    text: str


@dataclass(frozen=True)
class Imported:
    """What became of an import. Its text is one line of counts."""

    counts: Counts
    rejected: tuple[Turned, ...]
    furniture: tuple[Furniture, ...] | None = None
    """Lines that belong to the page itself; None for what is no page."""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([str(self.counts), *self.notes])

    def as_json(self) -> dict[str, Any]:
        said = {**asdict(self.counts), "rejections": [asdict(each) for each in self.rejected]}
        said["notes"] = list(self.notes)
        if self.furniture is not None:
            said["furniture"] = [asdict(each) for each in self.furniture]
        return said


@dataclass(frozen=True)
class Place:
    """What stands at an address or in a file."""

    body: bytes
    content_type: str = ""
    url: str = ""


def import_feed(place: str, *, source: str, now: datetime) -> Imported:
    """Import the feed at an address or in a file (`-`: standard input), and wait until it is dealt with.

    Raises UserError when there is no feed, OtherSideError when the address does not give it, StreamAwayError.
    """
    owner = _source(source, "", now)
    found = fetch_place(place, accept=FEED_TYPES, most=MAX_FEED)
    result = read_feed(found.body, found.content_type, found.url, now=now)
    if result.refused:
        raise UserError(f"{place}: {result.refused.reason}", result.refused.hint)
    imported = _import(owner, Origin.FEED, feed_items(result), refused_in_feed(result, owner), now)
    return replace(imported, notes=(broken_feed(result),)) if result.broken else imported


def import_page(place: str, *, source: str, now: datetime, language: str = "") -> Imported:
    """Import the “Latest” page at an address or in a file, and wait until it is dealt with. Raises as `import_feed`.

    `language` (BCP 47) is that of entries that do not show theirs; without it, that of the source.
    """
    owner = _source(source, language, now)
    found = fetch_place(place, accept=PAGE_TYPES, most=MAX_PAGE)
    text = _decoded(found, place)
    listing = read_listing(text, source=owner.name, default_language=language or owner.language, now=now)
    refused = [
        _Refused(_lines(each.lines), each.raw, _entry(owner, Origin.PAGE, each.raw, each.refusal))
        for each in listing.rejected
    ]
    imported = _import(owner, Origin.PAGE, [each.item for each in listing.accepted], refused, now)
    return replace(imported, furniture=listing.furniture)


def import_entry(payload: bytes, *, source: str, now: datetime) -> Imported:
    """Add one entry as a producer would (an event or a plain item), and wait until it is dealt with."""
    outcomes = _followed([payload], source, Origin.STREAM, now)
    return Imported(
        intake.count(outcomes), tuple(_turned("entry 1", outcome) for outcome in outcomes if outcome.refusal)
    )


def fetch_place(place: str, *, accept: str, most: int) -> Place:
    """The bytes at an http(s) address, in a file, or on standard input. Raises UserError or OtherSideError."""
    if place.startswith(("http://", "https://")):
        answer = fetch.get(place, max_bytes=most, accept=accept)
        return Place(answer.body, answer.headers.get("content-type", ""), answer.url)
    if place == "-":
        return Place(sys.stdin.buffer.read(most + 1))
    try:
        with Path(place).open("rb") as file:
            return Place(file.read(most + 1))
    except OSError as error:
        raise UserError(
            gettext("%(place)s cannot be read: %(strerror)s.") % {"place": place, "strerror": error.strerror},
            gettext("Give an http(s) address or a file."),
        ) from error


def broken_feed(result: FeedResult) -> str:
    """A sentence on a feed that could not be read to its end."""
    return f"The feed's XML is broken ({result.broken}): what stands before was taken, what stands behind is not known."


def feed_items(result: FeedResult) -> list[ItemIn]:
    return [each.item for each in result.accepted]


@dataclass(frozen=True)
class _Refused:
    where: str
    text: str
    entry: RefusedEntry


def refused_in_feed(result: FeedResult, source: Source) -> list[_Refused]:
    """What the feed's reader turned down, ready to keep."""
    return [
        _Refused(f"entry {each.position}", each.raw, _entry(source, Origin.FEED, each.raw, each.refusal))
        for each in result.rejected
    ]


def as_payload(item: ItemIn) -> bytes:
    """An item as a plain entry of the stream."""
    return item.model_dump_json(exclude_none=True).encode()


def _import(
    source: Source, origin: Origin, items: Sequence[ItemIn], refused: Sequence[_Refused], now: datetime
) -> Imported:
    outcomes = _followed([as_payload(item) for item in items], source.name, origin, now)
    with transaction.atomic():
        rejections.keep((each.entry for each in refused), now=now)
    turned = [_by_reader(each) for each in refused]
    turned += [
        _turned(f"entry {number}", outcome)
        for number, outcome in enumerate(outcomes, start=1)
        if outcome.refusal
    ]
    counts = intake.count(outcomes) + Counts(rejected=len(refused))
    return Imported(counts, tuple(turned))


def _followed(payloads: Sequence[bytes], source: str, origin: Origin, now: datetime) -> list[Outcome]:
    """Add entries to the stream and drain it until they are dealt with, while nobody else does: their outcomes."""
    with alone(INTAKE, wait_seconds=WAIT_SECONDS) as mine:
        if not mine:
            raise UserError(
                gettext("A worker has been reading the stream all the time."),
                gettext("Nothing was imported; try again later."),
            )
        entries = [(payload, trace.new_trace_id()) for payload in payloads]
        open_ids = dict.fromkeys(stream.add_many(entries, source=source, origin=origin))
        ours: list[Outcome] = []
        while open_ids:
            found = intake.drain_alone(now=now)
            if not found:
                raise UserError(
                    gettext("%(count)s entries are gone from the stream.") % {"count": len(open_ids)},
                    gettext("Somebody emptied Redis in the meantime; import again."),
                )
            ours += [outcome for outcome in found if outcome.reading.entry_id in open_ids]
            for outcome in found:
                open_ids.pop(outcome.reading.entry_id, None)
        return ours


def _source(name: str, language: str, now: datetime) -> Source:
    """The source of this name; made when it is new, with this language."""
    known = Source.objects.filter(name=name).first()
    return known or sources.add(name, now=now, language=language or "en")


def _entry(source: Source, origin: Origin, raw: str, refusal: Refused) -> RefusedEntry:
    return RefusedEntry(source.name, origin, raw.encode("utf-8", "replace"), refusal, trace.new_trace_id())


def _by_reader(refused: _Refused) -> Turned:
    refusal = refused.entry.refusal
    return Turned(refused.where, refusal.code, refusal.reason, refusal.hint, _beginning(refused.text))


def _turned(where: str, outcome: Outcome) -> Turned:
    assert outcome.refusal is not None  # noqa: S101 - for the type checker: the caller chose those with one
    refusal, text = outcome.refusal, outcome.reading.payload.decode("utf-8", "replace")
    return Turned(where, refusal.code, refusal.reason, refusal.hint, _beginning(text))


def _beginning(text: str) -> str:
    line = " / ".join(part.strip() for part in text.splitlines() if part.strip())
    return line if len(line) <= 120 else line[:119] + "…"


def _lines(numbers: Sequence[int]) -> str:
    if not numbers:
        return "the page"
    first, last = numbers[0], numbers[-1]
    return f"line {first}" if first == last else f"lines {first}-{last}"


def _decoded(found: Place, place: str) -> str:
    """The text of a page: in the character set that its server names, else UTF-8."""
    _, _, named = found.content_type.lower().partition("charset=")
    charset = named.partition(";")[0].strip(" \"'") or "utf-8-sig"
    for encoding in (charset, "utf-8-sig"):
        try:
            return found.body.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise UserError(
        gettext("%(place)s is not text in %(charset)s.")
        % {"place": place, "charset": charset.removesuffix("-sig").upper()},
        gettext("Save the page as UTF-8 and import the file."),
    )
