"""The coming dates of each digest, what an edition would hold today, and how many would get it. Reads only; counts cheaply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Sum

from publisher.audience.segments import matching
from publisher.audience.segments.matching import TooLong
from publisher.core.errors import UserError
from publisher.delivery.forecast.weeks import Week
from publisher.digests import readers
from publisher.digests.assembling import items_so_far
from publisher.digests.covered import timing_of
from publisher.digests.models import Digest, Edition, Variant
from publisher.schedule.windows import dues_between

SECONDS: Final = 1.0
"""For counting those of one digest; who is in a segment may take longer."""
COUNTED: Final = 20_000
"""Readers of a digest that are counted one by one; of more the newest edition says how many there were."""


@dataclass(frozen=True)
class Readers:
    """How many active readers a digest has; `exact` when they were counted, else at least as many as its last edition was for."""

    count: int
    exact: bool


@dataclass(frozen=True)
class DigestAhead:
    """A digest's dates by week; none of one that goes out with each item. `items`: what its next edition would hold if it was
    made now; None for an alert."""

    digest: Digest
    weeks: list[list[datetime]]
    items: int | None
    readers: Readers

    @property
    def would_be_empty(self) -> bool:
        """Whether an edition made now would hold nothing, and so not be sent."""
        return self.items == 0


def digests_ahead(weeks: Sequence[Week], *, now: datetime) -> list[DigestAhead]:
    """Every digest by its name in addresses; one that is switched off, or has no rhythm, has no dates."""
    return [of_digest(digest, weeks, now=now) for digest in Digest.objects.order_by("slug")]


def of_digest(digest: Digest, weeks: Sequence[Week], *, now: datetime) -> DigestAhead:
    """The dates of one digest."""
    has_rhythm = digest.layout == Digest.Layout.DIGEST
    dates: list[datetime] = []
    if digest.enabled and digest.has_dates:
        dates = [due.at for due in dues_between(timing_of(digest), now, weeks[-1].end, after=now)]
    return DigestAhead(
        digest,
        [[at for at in dates if week.holds(at)] for week in weeks],
        items_so_far(digest, now=now) if has_rhythm else None,
        readers_of(digest, now=now),
    )


def readers_of(digest: Digest, *, now: datetime) -> Readers:
    """Counted along the index of active subscriptions, as far as that is cheap. Nobody when the digest's segment cannot be asked:
    then nothing goes out."""
    try:
        active = readers.of_segment(digest.pk, digest.segment, now=now)
        with matching.limited(SECONDS):
            counted = active.values("digest_id")[: COUNTED + 1].count()
    except TooLong:
        counted = COUNTED + 1
    except UserError:
        return Readers(0, exact=True)
    if counted <= COUNTED:
        return Readers(counted, exact=True)
    newest = Edition.objects.filter(digest=digest, state=Edition.State.SENT).order_by("-due_at").first()
    sent_to = Variant.objects.filter(edition=newest).aggregate(n=Sum("recipients"))["n"] if newest else 0
    return Readers(max(sent_to or 0, 0 if digest.segment else COUNTED), exact=False)
