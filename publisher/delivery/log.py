"""Reading the delivery log: its filter, its pages, its export. Writes nothing; the desk and the API call it.

A page costs the same at ten rows and at ten million: no count, no offset, and every filter walks one index in its
own order. Planners like to walk the primary key backwards and filter, which is ruinous when what matches is old; so
each statement orders by the leading column of the index it means (`= ANY(array of one)` keeps that column in the
ordering), and only that index can serve it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from django.db import connection

from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.digests.models import Edition
from publisher.social.models import Channel

PAGE_ROWS = 50
EXPORT_BATCH = 2000
LEAST_PREFIX = 3
SLACK = timedelta(minutes=10)
"""How far ids and times of writing may be out of step: an edition's rows are written by one statement that takes a while."""

_STATES = [state.value for state in State]
_YEARS = range(1970, 3000)  # far from both ends of what a datetime can hold
_LARGEST_ID = 2**63 - 1
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True)
class LogFilter:
    """What to show. Empty or None: any. `since` (included) and `until` (not included) are aware times of writing.

    `address` is a beginning of the address, in lower case. `errors` holds one sentence per field that was not
    understood: show them, and show no rows.
    """

    state: str = ""
    channel_id: int | None = None
    edition_id: int | None = None
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_query(cls, query: Mapping[str, str], *, zone: tzinfo = UTC) -> LogFilter:
        """Read `state`, `channel`, `edition`, `address`, `from` and `to`; local times are those of `zone`."""
        errors: dict[str, str] = {}
        state = query.get("state", "").strip()
        if state and state not in _STATES:
            errors["state"] = f"There is no state “{state[:40]}”. Choose one of the list."
        address = query.get("address", "").replace("\0", "").strip().lower()[:320]
        if address and len(address) < LEAST_PREFIX:
            errors["address"] = f"Give at least the first {LEAST_PREFIX} characters of the address."
        since = _moment(query.get("from", ""), "from", zone, errors)
        until = _moment(query.get("to", ""), "to", zone, errors)
        if since and until and since >= until:
            errors["to"] = "The end must be later than the beginning."
        channel_id = _number(query.get("channel", ""), "channel", errors)
        edition_id = _number(query.get("edition", ""), "edition", errors)
        if channel_id and edition_id:
            errors["edition"] = "A delivery belongs to an edition or to a channel, never to both. Clear one."
        return cls(state, channel_id, edition_id, address, since, until, errors)


@dataclass(frozen=True)
class Cursor:
    """The last row of a page; the next page begins after it. `address` counts only under a filter by address."""

    id: int
    address: str = ""

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """From a link; anything unreadable is the first page."""
        number, _, address = text.partition("~")
        if not (number.isascii() and number.isdigit() and len(number) < 20) or int(number) > _LARGEST_ID:
            return None
        return cls(int(number), address.replace("\0", ""))

    def __str__(self) -> str:
        return f"{self.id}~{self.address}" if self.address else str(self.id)


@dataclass(frozen=True)
class Page:
    """Rows in the filter's order: newest first, or by address and then newest first. `next` is None on the last page."""

    rows: tuple[Delivery, ...]
    next: Cursor | None


def page(wanted: LogFilter, after: Cursor | None = None, limit: int = PAGE_ROWS) -> Page:
    """One page of the log, with the editions, posts, items and channels that its rows name."""
    found = _found(with_ids(wanted), after, limit + 1)
    ids = [row[0] for row in found[:limit]]
    known = (
        Delivery.objects.select_related("edition__digest", "channel", "post__item", "post__channel")
        .defer("prepared", "edition__digest__intro", "post__item__body_html", "post__item__body_text")
        .in_bulk(ids)
    )
    rows = tuple(known[pk] for pk in ids if pk in known)
    last = Cursor(ids[-1], found[limit - 1][1]) if len(found) > limit else None
    return Page(rows, last)


def _found(ids: IdFilter, after: Cursor | None, limit: int) -> list[tuple[int, str]]:
    sql, values = statement(ids, after, limit)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


class ExportRow(NamedTuple):
    """A row of the export. Names are those of people; times are aware."""

    id: int
    written: datetime
    state: str
    edition: str
    channel: str
    item: str
    address: str
    tries: int
    code: int | None
    enhanced_code: str
    reason: str
    message_id: str
    url: str
    sent: datetime | None
    settled: datetime | None


def rows_for_export(wanted: LogFilter) -> Iterator[ExportRow]:
    """Every row of the filter, read in batches by key: steady memory, and no transaction stays open for a slow reader."""
    after: Cursor | None = None
    ids, names = with_ids(wanted), _Names()
    while True:
        found = _found(ids, after, EXPORT_BATCH + 1)
        yield from names.rows([row[0] for row in found[:EXPORT_BATCH]])
        if len(found) <= EXPORT_BATCH:
            return
        after = Cursor(*found[EXPORT_BATCH - 1])


class _Names:
    """Plain rows with the names of their editions and channels, which are few and asked for once."""

    def __init__(self) -> None:
        self.editions: dict[int | None, str] = {None: ""}
        self.channels: dict[int | None, str] = {None: ""}

    def rows(self, ids: list[int]) -> Iterator[ExportRow]:
        columns = (
            *("id", "created_at", "state", "edition_id", "channel_id", "post__item__title", "address"),
            *("attempts", "code", "enhanced", "reason", "remote_id", "remote_url", "sent_at", "settled_at"),
        )
        known = {row[0]: row for row in Delivery.objects.filter(pk__in=ids).values_list(*columns)}
        self._learn(known.values())
        for pk in ids:
            if row := known.get(pk):
                named = (self.editions[row[3]], self.channels[row[4]], row[5] or "")
                yield ExportRow._make((*row[:3], *named, *row[6:]))

    def _learn(self, rows: Iterable[tuple[Any, ...]]) -> None:
        editions = {row[3] for row in rows} - self.editions.keys()
        channels = {row[4] for row in rows} - self.channels.keys()
        found = Edition.objects.select_related("digest").in_bulk(editions)
        self.editions |= {pk: str(edition) for pk, edition in found.items()}
        self.channels |= {pk: channel.name for pk, channel in Channel.objects.in_bulk(channels).items()}


@dataclass(frozen=True)
class IdFilter:
    """A filter whose times were turned into a range of ids [`low`, `high`)."""

    wanted: LogFilter
    low: int | None = None
    high: int | None = None


def with_ids(wanted: LogFilter) -> IdFilter:
    """Find the ids that were written around the filter's times (about 25 look-ups by primary key for each)."""
    low = _first_id(wanted.since - SLACK) if wanted.since else None
    high = _first_id(wanted.until + SLACK) if wanted.until else None
    return IdFilter(wanted, low, high)


def statement(ids: IdFilter, after: Cursor | None, limit: int) -> tuple[str, dict[str, Any]]:
    """The SQL that finds (id, address or empty) of one page, and its values."""
    wanted = ids.wanted
    conditions, values = _ranges(ids)
    values["limit"] = limit
    if wanted.address:
        return _by_address(wanted, after, conditions, values)
    if after:
        conditions.append("id < %(after)s")
        values["after"] = after.id
    if wanted.edition_id:
        return _by_edition(wanted, conditions, values)
    order = "id DESC"
    if wanted.channel_id:
        conditions.append("channel_id = ANY(%(channels)s)")
        values["channels"] = [wanted.channel_id]
        order = "channel_id, id DESC"
        if wanted.state:
            conditions.append("state = %(state)s")
            values["state"] = wanted.state
    elif wanted.state:
        conditions.append("state = ANY(%(states)s::varchar[])")
        values["states"] = [wanted.state]
        order = "state, id DESC"
    return _select("id, ''", conditions, order), values


def _by_address(
    wanted: LogFilter, after: Cursor | None, conditions: list[str], values: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Walks (lower(address), id DESC): all messages to one address stand together."""
    conditions += ["lower(address) ~>=~ %(prefix)s", "lower(address) ~<~ %(prefix_end)s"]
    values |= {"prefix": wanted.address, "prefix_end": _after_prefix(wanted.address)}
    for column, value in (
        ("state", wanted.state),
        ("edition_id", wanted.edition_id),
        ("channel_id", wanted.channel_id),
    ):
        if value:
            conditions.append(f"{column} = %({column})s")
            values[column] = value
    if after:
        conditions += [
            "lower(address) ~>=~ %(after_address)s",
            "(lower(address) ~>~ %(after_address)s OR id < %(after)s)",
        ]
        values |= {"after": after.id, "after_address": after.address}
    return _select("id, lower(address)", conditions, "lower(address) USING ~<~, id DESC"), values


def _by_edition(
    wanted: LogFilter, conditions: list[str], values: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Walks (edition, state, id DESC), once for each state, and merges: at most `limit` rows of each are read."""
    values["editions"] = [wanted.edition_id]
    branches = []
    for n, state in enumerate([wanted.state] if wanted.state else _STATES):
        values[f"state{n}"] = state
        own = ["edition_id = ANY(%(editions)s)", f"state = %(state{n})s", *conditions]
        branches.append(f"({_select('id', own, 'edition_id, id DESC')})")
    union = " UNION ALL ".join(branches)
    return f"SELECT id, '' FROM ({union}) AS found ORDER BY id DESC LIMIT %(limit)s", values  # noqa: S608 - as in _select


def _ranges(ids: IdFilter) -> tuple[list[str], dict[str, Any]]:
    """The conditions on ids and times. The ids bound the walk; the times only check, so no index may serve them."""
    given = {
        "id >= %(low)s": ("low", ids.low),
        "id < %(high)s": ("high", ids.high),
        "created_at + interval '0' >= %(since)s": ("since", ids.wanted.since),
        "created_at + interval '0' < %(until)s": ("until", ids.wanted.until),
    }
    present = {condition: pair for condition, pair in given.items() if pair[1] is not None}
    return list(present), dict(present.values())


def _select(columns: str, conditions: list[str], order: str) -> str:
    """Only words of this file are put together here; what a person typed goes in as a value."""
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {columns} FROM delivery_delivery{where} ORDER BY {order} LIMIT %(limit)s"  # noqa: S608 - as said


def _first_id(at: datetime) -> int:
    """The smallest id written at `at` or later, by bisection: ids and times of writing grow together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM delivery_delivery")
        least, most = cursor.fetchone()
        if least is None:
            return 0
        low, high = least, most + 1
        while low < high:
            middle = (low + high) // 2
            cursor.execute(
                "SELECT id, created_at FROM delivery_delivery WHERE id >= %s ORDER BY id LIMIT 1", [middle]
            )
            found = cursor.fetchone()
            if found is None or found[1] >= at:
                high = middle
            else:
                low = found[0] + 1
    return int(low)


def _after_prefix(prefix: str) -> str:
    """The least text, in the order of code points, that is greater than all texts that begin with `prefix`."""
    kept = prefix.rstrip(chr(_LAST_CODE_POINT))
    following = ord(kept[-1]) + 1 if kept else _LAST_CODE_POINT
    if following in _SURROGATES:
        following = _SURROGATES.stop
    return kept[:-1] + chr(following)


def _moment(text: str, name: str, zone: tzinfo, errors: dict[str, str]) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.year not in _YEARS:
            raise ValueError("no time of ours")  # noqa: TRY301 - told like any other that is no time
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        errors[name] = f"“{text[:40]}” is not a time. Write it like 2026-06-01 or 2026-06-01T14:30."
        return None


def _number(text: str, name: str, errors: dict[str, str]) -> int | None:
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    errors[name] = f"“{text[:40]}” is not the number of one. Choose from the list."
    return None
