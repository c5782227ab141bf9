"""Reading and folding the counts of deliveries that the database's triggers keep."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Sum

from publisher.delivery.models import Tally


def by_state(*, edition_id: int | None = None) -> dict[str, int]:
    """Deliveries by state: of one edition, or of everything. States without any are left out."""
    rows = Tally.objects.filter(edition_id=edition_id) if edition_id else Tally.objects.all()
    sums = rows.values("state").annotate(total=Sum("n")).values_list("state", "total")
    return {state: total for state, total in sums if total}


def by_edition(edition_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Deliveries by edition and state, of several editions at once."""
    rows = Tally.objects.filter(edition_id__in=list(edition_ids))
    found: dict[int, dict[str, int]] = {}
    for edition_id, state, total in rows.values_list("edition_id", "state").annotate(total=Sum("n")):
        if edition_id and total:
            found.setdefault(edition_id, {})[state] = total
    return found


def by_wave(edition_id: int) -> dict[datetime, dict[str, int]]:
    """An edition's deliveries by wave and state; empty unless it goes by local time."""
    rows = Tally.objects.filter(edition_id=edition_id, wave_at__isnull=False)
    found: dict[datetime, dict[str, int]] = {}
    for wave_at, state, total in rows.values_list("wave_at", "state").annotate(total=Sum("n")):
        if total:
            found.setdefault(wave_at, {})[state] = total
    return found


# One statement: what is deleted is what is summed, so counts stay exact while others add to them. Counts that stand in one row,
# as those of past editions do, are not touched; the others are deleted by their places.
FOLD = """
WITH scattered AS (
    SELECT array_agg(ctid) AS rows FROM delivery_tally
    GROUP BY edition_id, channel_id, wave_at, state HAVING count(*) > 1 OR sum(n) = 0
), gone AS (
    DELETE FROM delivery_tally WHERE ctid = ANY(ARRAY(SELECT unnest(rows) FROM scattered))
    RETURNING edition_id, channel_id, wave_at, state, n
)
INSERT INTO delivery_tally (edition_id, channel_id, wave_at, state, n)
SELECT edition_id, channel_id, wave_at, state, sum(n) FROM gone
GROUP BY edition_id, channel_id, wave_at, state HAVING sum(n) <> 0
"""


def fold() -> None:
    """Add up the tally's rows to one for each edition, channel, wave and state. Called by the upkeep tick."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD)
