"""Subscribers as rows of an export: who they are, what they receive, their tags and attributes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from publisher.audience.importing.columns import ATTRIBUTE
from publisher.audience.models import Attribute
from publisher.audience.segments import conditions, matching
from publisher.audience.segments.conditions import Groups
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.digests.models import Digest
from publisher.items.models import Topic

AT_ONCE: Final = 5_000
OWN: Final = (
    *("id", "email", "name", "state", "zone", "since", "suppressed", "tags", "digests", "language"),
    "subscriptions",
)

# One row for each, with what hangs on it in arrays: objects of the ORM took ten times as long.
ROWS: Final = """
SELECT s.id, s.email, s.name, s.state, s.zone, s.created_at, p.id IS NOT NULL,
       ARRAY(SELECT t.name FROM audience_subscriber_tags x JOIN audience_tag t ON t.id = x.tag_id
             WHERE x.subscriber_id = s.id ORDER BY t.name),
       (SELECT json_agg(json_build_array(b.digest_id, b.state, c.language, c.topics, c.kinds, c.region,
                                         to_char(b.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')) ORDER BY b.id)
        FROM audience_subscription b JOIN audience_selection c ON c.id = b.selection_id WHERE b.subscriber_id = s.id),
       s.attributes
FROM audience_subscriber s
LEFT JOIN audience_suppression p ON p.email_key = s.email_key AND (p.until IS NULL OR p.until > %(now)s)
WHERE s.id = ANY(%(ids)s) ORDER BY s.id
"""


def query_of(groups: Groups) -> str:
    """What an export remembers: the conditions, and the attributes that have a column, fixed now for all of its pieces."""
    keys = list(Attribute.objects.order_by("key").values_list("key", flat=True))
    return json.dumps({"groups": conditions.written(groups), "attributes": keys})


@dataclass(frozen=True)
class Wanted:
    """What an export of subscribers holds."""

    groups: Groups
    keys: tuple[str, ...]

    @classmethod
    def of(cls, query: str) -> Wanted:
        """Raises `UserError`."""
        data = json.loads(query or "{}")
        return cls(conditions.read(data.get("groups", [])), tuple(data.get("attributes", [])))

    @property
    def columns(self) -> tuple[str, ...]:
        return (*OWN, *(f"{ATTRIBUTE}{key}" for key in self.keys))


def rows_after(wanted: Wanted, after: int, *, now: datetime) -> tuple[list[tuple[Any, ...]], int]:
    """The next rows by id, and the last id; none when there are no more. Raises `UserError`."""
    with matching.limited(matching.EXACT_SECONDS):
        found = matching.matching(wanted.groups, now=now).filter(pk__gt=after).order_by("pk")
        ids = list(found.values_list("pk", flat=True)[:AT_ONCE])
    digests = dict(Digest.objects.values_list("pk", "slug"))
    topics = dict(Topic.objects.values_list("pk", "slug"))
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"ids": ids, "now": now})
        rows = [tuple(_row(row, wanted.keys, digests, topics)) for row in cursor.fetchall()]
    return rows, ids[-1] if ids else after


def columns(query: str) -> tuple[str, ...]:
    """The columns of an export's query."""
    return Wanted.of(query).columns


def problem(query: str, _zone: str) -> str:
    """Why the conditions cannot be asked, or ""."""
    try:
        matching.matching(Wanted.of(query).groups, now=clock.now())
    except UserError as error:
        return f"{error.message} {error.hint}".strip()
    return ""


def batches(query: str, _zone: str, cursor: str) -> Iterator[tuple[list[tuple[Any, ...]], str]]:
    """The rows behind a cursor, by id. Raises `UserError` when the conditions take too long."""
    wanted, after = Wanted.of(query), number_in(cursor) or 0
    while True:
        rows, after = rows_after(wanted, after, now=clock.now())
        if not rows:
            return
        yield rows, str(after)


def _row(row: Any, keys: tuple[str, ...], digests: dict[int, str], topics: dict[int, str]) -> Iterator[Any]:
    *own, suppressed, tags, mine, known = row
    told = [_subscription(each, digests, topics) for each in _read(mine) or []]
    active = [each for each in told if each["state"] == "active"]
    yield from own
    yield "yes" if suppressed else "no"
    yield "; ".join(tags)
    yield "; ".join(sorted(each["digest"] for each in active))
    yield "; ".join(sorted({each["language"] for each in active}))
    yield told
    values = _read(known)
    for key in keys:
        value = values.get(key)
        yield ("yes" if value else "no") if isinstance(value, bool) else value


def _subscription(each: list[Any], digests: dict[int, str], topics: dict[int, str]) -> dict[str, Any]:
    digest, state, language, chosen, kinds, region, since = each
    return {
        "digest": digests.get(digest, str(digest)),
        "state": state,
        "language": language,
        "topics": [topics.get(pk, str(pk)) for pk in chosen],
        "kinds": kinds,
        "region": region,
        "since": since,
    }


def _read(value: Any) -> Any:
    """JSON as a plain cursor gives it: text, since fields of models read it themselves."""
    return json.loads(value) if isinstance(value, str) else value
