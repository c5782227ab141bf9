"""What a digest's next edition would hold if it were made now, and who would get it: for a form before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from publisher.audience.segments import matching
from publisher.core.errors import UserError
from publisher.digests import readers
from publisher.digests.assembling import candidates_for
from publisher.digests.covered import next_window, timing_of
from publisher.digests.models import Digest, Edition
from publisher.items.languages import primary
from publisher.items.models import Item
from publisher.schedule.windows import Due, next_due

SECONDS: Final = 2.0
"""For counting them."""
MOST_COUNTED: Final = 100_000
"""Readers that are counted for a form; more are told as “more than”."""


@dataclass(frozen=True)
class NextEdition:
    """`due` is None for a digest without dates: an alert, or one that goes out with each item (then `by_itself`). `titles` by
    language; `readers` stop at `MOST_COUNTED` + 1, and are None when nobody can tell how many are in the digest's segment."""

    due: Due | None
    by_itself: bool
    since: datetime
    titles: tuple[tuple[str, tuple[str, ...]], ...]
    readers: int | None

    @property
    def items(self) -> int:
        return sum(len(titles) for _tag, titles in self.titles)

    @property
    def more_readers(self) -> bool:
        return (self.readers or 0) > MOST_COUNTED


def next_edition(digest: Digest, *, now: datetime) -> NextEdition:
    """Look ahead by the same code that chooses. The digest may be new, or changed and not saved."""
    has_rhythm = digest.layout == Digest.Layout.DIGEST
    since = next_window(digest, now)
    edition = Edition(digest=digest, window_from=since, window_to=now, due_at=now, created_at=now)
    chosen = [each.id for each in candidates_for(edition, now)] if has_rhythm else []
    known = dict(Item.objects.filter(pk__in=chosen).values_list("pk", "title"))
    tags = dict(Item.objects.filter(pk__in=chosen).values_list("pk", "language"))
    titles = tuple(
        (tag, tuple(known[pk] for pk in chosen if primary(tags[pk]) == tag))
        for tag in dict.fromkeys(map(primary, digest.languages))
    )
    return NextEdition(
        next_due(timing_of(digest), now) if digest.has_dates else None,
        has_rhythm,
        since,
        titles,
        _readers(digest, now),
    )


def _readers(digest: Digest, now: datetime) -> int | None:
    if digest.pk is None:
        return 0
    try:
        rows = readers.of_segment(digest.pk, digest.segment, now=now)
        with matching.limited(SECONDS):
            return rows[: MOST_COUNTED + 1].count()
    except UserError:
        return None
