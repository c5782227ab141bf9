"""Pages of the log, and the ids behind them. A page ends when it is full, or when enough rows were looked at for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from publisher.core.numbers import number_in
from publisher.delivery.log.walks import Walk, walks
from publisher.delivery.log.wanted import LogFilter
from publisher.delivery.log.windows import Place, window
from publisher.delivery.models import Delivery

PAGE_ROWS = 50
WIDTHS = (2_000, 8_000, 16_000)
"""Rows of all branches that are looked at for a page, and more when those before held too few. What fits is found long before."""

PAGE_SECONDS = 0.06
"""No wider stretch is begun for a page after this: the page says how far it has looked, and goes on from there."""

BATCH = 2_000


@dataclass(frozen=True)
class Cursor:
    """The last row of a page; the next page begins after it. `address` counts only under a filter by the beginning of one,
    `edition_id` only under one by digest."""

    id: int
    address: str = ""
    edition_id: int = 0

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """From a link; anything unreadable is the first page."""
        numbers, _, address = text.partition("~")
        number, _, edition = numbers.partition("!")
        last, of_edition = number_in(number), number_in(edition or "0")
        if last is None or of_edition is None:
            return None
        return cls(last, address.replace("\0", ""), of_edition)

    def __str__(self) -> str:
        edition = f"!{self.edition_id}" if self.edition_id else ""
        return f"{self.id}{edition}~{self.address}" if self.address else f"{self.id}{edition}"

    @classmethod
    def of(cls, place: Place) -> Cursor:
        return cls(place.id, place.address, place.edition_id)

    @property
    def place(self) -> Place:
        return Place(self.id, self.address, self.edition_id)


@dataclass(frozen=True)
class Page:
    """Rows in the filter's order: newest first; by address, or by edition, and then newest first. `next` is None on the last.

    `is_partial`: it is not full, and there may be more behind the rows that were looked at.
    """

    rows: tuple[Delivery, ...]
    next: Cursor | None
    is_partial: bool = False


def page(wanted: LogFilter, after: Cursor | None = None, limit: int = PAGE_ROWS) -> Page:
    """One page of the log, with the editions, posts, items and channels that its rows name. Raises `UserError` when the
    database is too busy for it."""
    until = time.monotonic() + PAGE_SECONDS
    places, seen_to = _look(wanted, after, limit, until)
    shown = places[:limit]
    known = (
        Delivery.objects.select_related("edition__digest", "channel", "post__item", "post__channel")
        .defer("prepared", "edition__digest__intro", "post__item__body_html", "post__item__body_text")
        .in_bulk([place.id for place in shown])
    )
    rows = tuple(known[place.id] for place in shown if place.id in known)
    if len(places) > limit:
        return Page(rows, Cursor.of(shown[-1]))
    return Page(rows, Cursor.of(seen_to), is_partial=True) if seen_to else Page(rows, None)


def _look(
    wanted: LogFilter, after: Cursor | None, limit: int, until: float
) -> tuple[list[Place], Place | None]:
    """More than `limit` places if there are as many; else how far was looked, None: to the end."""
    found: list[Place] = []
    for walk in walks(wanted):
        place: Place | None = after.place if after else None
        widths, width = iter(WIDTHS), 0
        while True:
            width = next(widths, width)
            seen = window(walk, place, rows=max(width // _branches(walk), limit + 1), most=limit + 1)
            found += seen.found
            place = seen.seen_to
            if len(found) > limit or place is None:
                break
            if time.monotonic() > until:
                return found, place
        if len(found) > limit:
            break
    return found, None


def ids_of(wanted: LogFilter, after: Cursor | None = None) -> Iterator[tuple[list[int], Cursor | None]]:
    """All ids of the filter in its order, a batch at a time (which may be empty), each with where the next
    begins. No transaction stays open between two of them."""
    for walk in walks(wanted):
        place: Place | None = after.place if after else None
        while True:
            size = max(BATCH // _branches(walk), BATCH // 20)
            seen = window(walk, place, rows=4 * size, most=size)
            place = seen.seen_to
            if seen.found or place:
                yield [each.id for each in seen.found], _after(seen.found, place)
            if place is None:
                break


def _after(found: tuple[Place, ...], place: Place | None) -> Cursor | None:
    if place:
        return Cursor.of(place)
    return Cursor.of(found[-1]) if found else None


def _branches(walk: Walk) -> int:
    return max(1, len(walk.stretches) + len(walk.editions) * len(walk.states))
