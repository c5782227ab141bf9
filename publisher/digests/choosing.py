"""Which items an edition holds, and in which order. Pure: candidates in, choice out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.digests.models import MOST_POSITIONS
from publisher.items.languages import primary

KIND_ORDER = ("story", "press_release", "speech", "video", "podcast", "publication", "event", "other")


@dataclass(frozen=True)
class Candidate:
    """An item that an edition might hold. `visible_at`: when it came in, or its embargo lifted, whichever was later."""

    id: int
    revision: int
    kind: str
    language: str
    topics: frozenset[int]
    published_at: datetime
    visible_at: datetime


@dataclass(frozen=True)
class Content:
    """What a digest holds. Empty `kinds` or `topics` means all; `most_items` counts in each language."""

    languages: tuple[str, ...]
    kinds: frozenset[str]
    topics: frozenset[int]
    most_items: int
    max_age: timedelta


def choose(
    candidates: Iterable[Candidate],
    content: Content,
    *,
    window: tuple[datetime, datetime],
    already: frozenset[int],
) -> tuple[Candidate, ...]:
    """The edition's items in reading order: by language as the digest lists them, then kind, then newest first.

    `already` are ids that an earlier edition of the digest has held. The window is half open: [from, to).
    When a language has more than `most_items`, its newest are kept.
    """
    by_language: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.id not in already and _fits(candidate, content, window):
            by_language[primary(candidate.language)].append(candidate)
    chosen: list[Candidate] = []
    for language in dict.fromkeys(map(primary, content.languages)):
        newest = sorted(by_language[language], key=lambda c: (c.published_at, c.id), reverse=True)
        chosen += sorted(newest[: content.most_items], key=_reading_order)
    return tuple(chosen[:MOST_POSITIONS])


def _fits(candidate: Candidate, content: Content, window: tuple[datetime, datetime]) -> bool:
    start, end = window
    return (
        start <= candidate.visible_at < end
        and candidate.published_at >= start - content.max_age
        and (not content.kinds or candidate.kind in content.kinds)
        and (not content.topics or bool(content.topics & candidate.topics))
    )


def _reading_order(candidate: Candidate) -> tuple[int, float, int]:
    place = KIND_ORDER.index(candidate.kind) if candidate.kind in KIND_ORDER else len(KIND_ORDER)
    return place, -candidate.published_at.timestamp(), -candidate.id
