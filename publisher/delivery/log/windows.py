"""One bounded stretch of a walk: so many rows are looked at, whatever matches among them. Raw SQL, put together of our own words.

What a person typed goes in as a value. A branch ends when it has found enough, or has looked at enough; what lies behind the
first such end of any branch is not shown yet, so that no row is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.core.numbers import LARGEST
from publisher.delivery.log.walks import Stretch, Walk

STATEMENT_SECONDS = 8
"""The last resort: a statement that a busy database does not end by then is given up, and the person is told."""

_COLUMNS = (
    "id, state, channel_id, edition_id, post_id, address, code, enhanced, purpose, created_at, held, attempts"
)


@dataclass(frozen=True)
class Place:
    """A row's place in the order of a walk. `address` and `edition_id` only where rows are in order of these first."""

    id: int
    address: str = ""
    edition_id: int = 0

    @property
    def rank(self) -> tuple[str, int, int]:
        """Smaller ranks come first: addresses ascend, editions and ids descend."""
        return self.address, -self.edition_id, -self.id


@dataclass(frozen=True)
class Window:
    """What was found among the rows that were looked at, in order. `seen_to`: the last of these, None at the end of the walk."""

    found: tuple[Place, ...]
    seen_to: Place | None


def window(walk: Walk, after: Place | None, *, rows: int, most: int) -> Window:
    """Look at the next `rows` rows of each branch, or until `most` are found in it."""
    editions = [pk for pk in walk.editions if not after or walk.key != "edition" or pk <= after.edition_id]
    if not walk.stretches and not editions:
        return Window((), None)
    branches = [_of_stretch(n, each, walk, after) for n, each in enumerate(walk.stretches)]
    if editions:
        branches.append(_of_editions(walk, after))
    values: dict[str, Any] = {
        **walk.values,
        "rows": rows,
        "most": most,
        "low": walk.low,
        "high": walk.high,
        "walked_editions": editions,
        "walked_states": list(walk.states),
        "after": after.id if after else LARGEST,
        "after_address": after.address if after else "",
        "after_edition": after.edition_id if after else 0,
    }
    with connection.cursor() as cursor, _bounded(cursor):
        cursor.execute(" UNION ALL ".join(f"({branch})" for branch in branches), values)
        seen = cursor.fetchall()
    found: list[Place] = []
    ended: dict[str, list[tuple[Place, bool]]] = {}
    for branch, row_id, key, ok, n in seen:
        place = _place(row_id, key, walk)
        found += [place] if ok else []
        ended.setdefault(branch, []).append((place, n == rows))
    ends = [
        max((place for place, _ in each), key=lambda place: place.rank)
        for each in ended.values()
        if len(each) == most or any(is_last for _, is_last in each)
    ]
    found.sort(key=lambda place: place.rank)
    if not ends:
        return Window(tuple(found), None)
    seen_to = min(ends, key=lambda place: place.rank)
    return Window(tuple(place for place in found if place.rank <= seen_to.rank), seen_to)


def _place(row_id: int, key: str, walk: Walk) -> Place:
    if walk.key == "edition":
        return Place(row_id, edition_id=int(key))
    return Place(row_id, key if walk.key == "address" else "")


def _of_stretch(number: int, stretch: Stretch, walk: Walk, after: Place | None) -> str:
    own = list(stretch.where)
    ranges = _ranges(walk)
    if after and walk.key == "address":
        ranges += [
            "lower(address) ~>=~ %(after_address)s",
            "(lower(address) ~>~ %(after_address)s OR id < %(after)s)",
        ]
    elif after:
        ranges.append("id < %(after)s")
    if stretch.few:
        rows = f"SELECT {_COLUMNS} FROM delivery_delivery{_where(own)} OFFSET 0"  # noqa: S608 - as said
        walked = f"SELECT {_COLUMNS} FROM ({rows}) AS few{_where(ranges)}"  # noqa: S608 - as said
    else:
        walked = f"SELECT {_COLUMNS} FROM delivery_delivery{_where(own + ranges)}"  # noqa: S608 - as said
    key = "lower(address)" if walk.key == "address" else "''"
    return f"""
        SELECT '{number}' AS branch, id, key, ok, n FROM (
            SELECT id, {key} AS key, {_looked_at(walk)} AS ok, row_number() OVER () AS n
            FROM ({walked} ORDER BY {stretch.order} LIMIT %(rows)s) AS walked
        ) AS stretch{number} WHERE ok OR n = %(rows)s LIMIT %(most)s"""  # noqa: S608 - as said


def _of_editions(walk: Walk, after: Place | None) -> str:
    """Walks (edition, state, id DESC), once for each edition and state."""
    own = ["edition_id = ANY(ARRAY[e.id])", "state = s.state", *_ranges(walk)]
    if after:
        own.append(
            "id < %(after)s" if walk.key != "edition" else "(e.id < %(after_edition)s OR id < %(after)s)"
        )
    key = "e.id::text" if walk.key == "edition" else "''"
    return f"""
        SELECT e.id || s.state AS branch, found.id, {key} AS key, found.ok, found.n
        FROM unnest(%(walked_editions)s::bigint[]) AS e (id)
        CROSS JOIN unnest(%(walked_states)s::varchar[]) AS s (state)
        CROSS JOIN LATERAL (
            SELECT id, ok, n FROM (
                SELECT id, {_looked_at(walk)} AS ok, row_number() OVER () AS n FROM (
                    SELECT {_COLUMNS} FROM delivery_delivery{_where(own)} ORDER BY edition_id, id DESC LIMIT %(rows)s
                ) AS walked
            ) AS looked WHERE ok OR n = %(rows)s LIMIT %(most)s
        ) AS found"""  # noqa: S608 - as said


def _looked_at(walk: Walk) -> str:
    """Whether a row fits. NULL, as of a code that is not there, is no."""
    return f"COALESCE({' AND '.join(walk.checks)}, false)" if walk.checks else "true"


def _ranges(walk: Walk) -> list[str]:
    low = ["id >= %(low)s"] if walk.low is not None else []
    return low + (["id < %(high)s"] if walk.high is not None else [])


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


@contextmanager
def _bounded(cursor: Any) -> Iterator[None]:
    """Give up a statement that takes too long, and say what to do."""
    try:
        with transaction.atomic():
            cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        raise UserError(
            _("The database is too busy to look through so much now."),
            _("Give a shorter stretch of time, or an edition, and filter again."),
        ) from error
