"""Which index is walked for a filter, and what is looked at in each row on the way.

Planners like to walk the primary key backwards and filter, which is ruinous when what matches is old. So each stretch is ordered
by the leading columns of the index it means (`= ANY(array of one)` keeps such a column in the ordering), and only that index can
serve it. What no index answers is a check, and `windows.py` bounds how many rows are checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection

from publisher.delivery.log.times import SLACK, first_id
from publisher.delivery.log.wanted import POSTS, LogFilter
from publisher.delivery.models import Delivery
from publisher.delivery.states import LEFT_US, State
from publisher.delivery.unclear import RESENDS
from publisher.digests.models import Digest, Edition, EditionItem
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Grade

ACCEPTED = 250
"""The answer to nearly every mail: no index holds it."""

EDITIONS_AT_ONCE = (4, 16, 64, 256)
"""Editions of a digest that are looked through in one statement: more, the longer nothing was found."""

_ALL_STATES = tuple(state.value for state in State)
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)

# What waits until a person says something: as `unclear.fate` has it, for mail; a post whose network cannot be asked.
NEEDS_PERSON = """(
    state = 'handed' OR state = 'unknown' AND (
        held OR attempts >= %(most_attempts)s OR channel_id = ANY(%(asking_channels)s)
        OR edition_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM digests_edition e JOIN digests_digest g ON g.id = e.digest_id
            WHERE e.id = edition_id AND e.state = ANY(%(resending_states)s::varchar[]) AND g.on_unknown = %(resend)s
        )
    )
)"""


@dataclass(frozen=True)
class Stretch:
    """A part of one index. `few`: so few rows that they are read and then put into order."""

    where: tuple[str, ...] = ()
    order: str = "id DESC"
    few: bool = False


@dataclass(frozen=True)
class Walk:
    """Stretches that are walked at once, and all states of `editions`, newest row first; each row is looked at by `checks`.

    `key` is the column that rows are in order of before their id: the address, the edition, or none (empty).
    """

    stretches: tuple[Stretch, ...] = ()
    editions: tuple[int, ...] = ()
    states: tuple[str, ...] = _ALL_STATES
    checks: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    low: int | None = None
    high: int | None = None
    key: str = ""


def walks(wanted: LogFilter) -> Iterator[Walk]:
    """One after the other: what the first does not fill is looked for in the next. Most filters need one."""
    if wanted.edition_id and wanted.item_id and not _holds(wanted.edition_id, wanted.item_id):
        return
    checks, values = _checks(wanted)
    by_index = _by_index(wanted, checks, values)
    if by_index:
        yield by_index
    elif wanted.digest_id and not wanted.edition_id and not wanted.item_id:
        yield from _by_digest(wanted, checks, values)
    else:
        yield _by_states(wanted, checks, values)


def _by_index(wanted: LogFilter, checks: dict[str, str], values: dict[str, Any]) -> Walk | None:
    """A walk of the index that leaves the least to check; None when the edition or the state is the best there is."""
    low, high = _ids(wanted)
    bounds: dict[str, Any] = {"low": low, "high": high}
    if wanted.address:
        return _by_address(wanted, checks, values, bounds)
    if wanted.needs_person:
        both = (Stretch(("state = 'unknown'",)), Stretch(("state = 'handed'",)))
        return Walk(both, checks=tuple(checks.values()), values=values, **bounds)
    if rare := _rare(wanted, values):
        stretch, answered = rare
        return _over_edition(wanted, stretch, _without(checks, answered), values, bounds)
    if wanted.channel_id or wanted.purpose == POSTS:
        return _by_channel(wanted, checks, values)
    if wanted.purpose and wanted.purpose != Delivery.Purpose.READER:
        few = Stretch(("purpose = ANY(%(purposes)s::varchar[])", "purpose <> 'reader'"), "purpose, id DESC")
        values["purposes"] = [wanted.purpose]
        return Walk((few,), checks=_without(checks, "purpose"), values=values, **bounds)
    return None


def _rare(wanted: LogFilter, values: dict[str, Any]) -> tuple[Stretch, str] | None:
    """The index of an answer that few get, and the check that it answers."""
    if wanted.code not in (None, ACCEPTED):
        values["codes"] = [wanted.code]
        return Stretch(("code = ANY(%(codes)s)", "code <> 250"), "code, id DESC"), "code"
    if wanted.enhanced > "3":
        values["enhanceds"] = [wanted.enhanced]
        own = ("enhanced = ANY(%(enhanceds)s::varchar[])", "enhanced > '3'")
        return Stretch(own, "enhanced, id DESC"), "enhanced"
    return None


def _by_channel(wanted: LogFilter, checks: dict[str, str], values: dict[str, Any]) -> Walk:
    """The posts of a channel, or of all. One that is approved again is written anew in its old row, so its id says nothing of
    the time."""
    channels = (
        [wanted.channel_id] if wanted.channel_id else list(Channel.objects.values_list("pk", flat=True))
    )
    own = tuple(
        Stretch(
            (f"channel_id = ANY(ARRAY[{int(pk)}]::bigint[])", "channel_id IS NOT NULL"),
            "channel_id, id DESC",
        )
        for pk in channels
    )
    answered = [
        name
        for name, given in (("channel", wanted.channel_id), ("purpose", wanted.purpose == POSTS))
        if given
    ]
    return Walk(own, checks=_without(checks, *answered), values=values)


def _by_states(wanted: LogFilter, checks: dict[str, str], values: dict[str, Any]) -> Walk:
    """All of some editions and posts by state, or everything by state, or everything."""
    low, high = _ids(wanted)
    states = wanted.states or (tuple(sorted(LEFT_US)) if wanted.code == ACCEPTED else ())
    common: dict[str, Any] = {"values": values, "low": low, "high": high}
    if wanted.edition_id or wanted.item_id:
        editions, posts = _of_thing(wanted)
        values["walked_posts"] = posts
        own = (Stretch(("post_id = ANY(%(walked_posts)s)",), few=True),) if posts else ()
        rest = checks if own else _without_dict(checks, "states")
        answered = ("edition", "item") if wanted.edition_id else ("item", "digest")
        named = _without(rest, *answered)
        return Walk(own, tuple(editions), states or _ALL_STATES, named, **common)
    if states:
        each = tuple(
            Stretch((f"state = ANY('{{{State(state).value}}}'::varchar[])",), "state, id DESC")
            for state in states
        )
        return Walk(each, checks=_without(checks, "states"), **common)
    return Walk((Stretch(),), checks=tuple(checks.values()), **common)


def _by_digest(wanted: LogFilter, checks: dict[str, str], values: dict[str, Any]) -> Iterator[Walk]:
    """Edition by edition, the newest first; some of them at once."""
    low, high = _ids(wanted)
    editions = list(values["digest_editions"])
    states = wanted.states or (tuple(sorted(LEFT_US)) if wanted.code == ACCEPTED else _ALL_STATES)
    rest, sizes, size = _without(checks, "digest", "states"), iter(EDITIONS_AT_ONCE), EDITIONS_AT_ONCE[0]
    while editions:
        size = next(sizes, size)
        some, editions = editions[:size], editions[size:]
        yield Walk((), tuple(some), states, rest, values, low, high, "edition")


def _by_address(
    wanted: LogFilter, checks: dict[str, str], values: dict[str, Any], bounds: dict[str, Any]
) -> Walk:
    """Walks (lower(address), id DESC): all messages to one address stand together."""
    rest = tuple(checks.values())
    if wanted.exact:
        values["addresses"] = [wanted.address]
        one = Stretch(
            ("lower(address) = ANY(%(addresses)s::varchar[])",), "lower(address) USING ~<~, id DESC"
        )
        return Walk((one,), checks=rest, values=values, **bounds)
    values |= {"prefix": wanted.address, "prefix_end": after_prefix(wanted.address)}
    among = ("lower(address) ~>=~ %(prefix)s", "lower(address) ~<~ %(prefix_end)s")
    beginning = Stretch(among, "lower(address) USING ~<~, id DESC")
    return Walk((beginning,), checks=rest, values=values, key="address", **bounds)


def _over_edition(
    wanted: LogFilter,
    stretch: Stretch,
    checks: tuple[str, ...],
    values: dict[str, Any],
    bounds: dict[str, Any],
) -> Walk:
    """The rows of an edition lie together, so that the ids of its first and last bound a walk of any index."""
    if wanted.edition_id:
        with connection.cursor() as cursor:
            cursor.execute(_EDITION_IDS, {"edition": wanted.edition_id, "states": list(_ALL_STATES)})
            first, last = cursor.fetchone()
        first, last = first or 0, last or -1
        low, high = bounds["low"], bounds["high"]
        bounds = {"low": max(first, low or 0), "high": last + 1 if high is None else min(last + 1, high)}
    return Walk((stretch,), checks=checks, values=values, **bounds)


_EDITION_IDS = """
SELECT min(first.id), max(last.id) FROM unnest(%(states)s::varchar[]) AS s (state)
LEFT JOIN LATERAL (
    SELECT d.id FROM delivery_delivery d WHERE d.edition_id = ANY(ARRAY[%(edition)s]::bigint[]) AND d.state = s.state
    ORDER BY d.edition_id, d.state, d.id DESC LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT d.id FROM delivery_delivery d WHERE d.edition_id = ANY(ARRAY[%(edition)s]::bigint[]) AND d.state = s.state
    ORDER BY d.edition_id DESC, d.state DESC, d.id LIMIT 1
) first ON true
"""


def _checks(wanted: LogFilter) -> tuple[dict[str, str], dict[str, Any]]:
    """What each field of the filter asks of a row, by the field's name. A walk drops what its index has answered."""
    checks: dict[str, str] = {}
    values: dict[str, Any] = {}

    def check(name: str, condition: str, **given: Any) -> None:
        checks[name] = condition
        values.update(given)

    if wanted.states:
        check("states", "state = ANY(%(states)s::varchar[])", states=list(wanted.states))
    if wanted.channel_id:
        check("channel", "channel_id = %(channel)s", channel=wanted.channel_id)
    if wanted.digest_id:
        own = Edition.objects.filter(digest_id=wanted.digest_id, forgotten_at__isnull=True).order_by("-pk")
        editions = list(own.values_list("pk", flat=True))
        check("digest", "edition_id = ANY(%(digest_editions)s)", digest_editions=editions)
    if wanted.edition_id:
        check("edition", "edition_id = %(edition)s", edition=wanted.edition_id)
    if wanted.item_id:
        editions, posts = _holding(wanted.item_id)
        about = "(edition_id = ANY(%(item_editions)s) OR post_id = ANY(%(item_posts)s))"
        check("item", about, item_editions=editions, item_posts=posts)
    if wanted.code is not None:
        check("code", "code = %(code)s", code=wanted.code)
    if wanted.enhanced:
        check("enhanced", "enhanced = %(enhanced)s", enhanced=wanted.enhanced)
    if wanted.purpose == POSTS:
        check("purpose", "post_id IS NOT NULL")
    elif wanted.purpose:
        check("purpose", "(purpose = %(purpose)s AND edition_id IS NOT NULL)", purpose=wanted.purpose)
    if wanted.needs_person:
        check("person", NEEDS_PERSON, **_who_asks())
    if wanted.since:
        check("since", "created_at >= %(since)s", since=wanted.since)
    if wanted.until:
        check("until", "created_at < %(until)s", until=wanted.until)
    return checks, values


def _who_asks() -> dict[str, Any]:
    unasked = [
        pk
        for pk, network in Channel.objects.values_list("pk", "network")
        if getattr(registry.networks().get(network), "grade", None) is Grade.BY_A_PERSON
    ]
    return {
        "most_attempts": settings.ATTEMPTS,
        "asking_channels": unasked,
        "resending_states": [state.value for state in RESENDS],
        "resend": Digest.OnUnknown.RESEND.value,
    }


def _ids(wanted: LogFilter) -> tuple[int | None, int | None]:
    """The ids that were written around the filter's times: [low, high)."""
    low = first_id(wanted.since - SLACK) if wanted.since else None
    high = first_id(wanted.until + SLACK) if wanted.until else None
    return low, high


def _of_thing(wanted: LogFilter) -> tuple[list[int], list[int]]:
    """Editions and posts that an edition or an item names."""
    if wanted.edition_id:
        return [wanted.edition_id], []
    editions, posts = _holding(wanted.item_id or 0)
    if wanted.digest_id:
        own = Edition.objects.filter(pk__in=editions, digest_id=wanted.digest_id)
        return list(own.values_list("pk", flat=True)), []
    return editions, posts


def _holding(item_id: int) -> tuple[list[int], list[int]]:
    """The editions that held an item, and its posts."""
    editions = EditionItem.objects.filter(item_id=item_id).order_by("-edition_id")
    posts = Post.objects.filter(item_id=item_id)
    return list(editions.values_list("edition_id", flat=True)), list(posts.values_list("pk", flat=True))


def _holds(edition_id: int, item_id: int) -> bool:
    return EditionItem.objects.filter(edition_id=edition_id, item_id=item_id).exists()


def _without_dict(checks: dict[str, str], *names: str) -> dict[str, str]:
    return {name: check for name, check in checks.items() if name not in names}


def _without(checks: dict[str, str], *names: str) -> tuple[str, ...]:
    return tuple(_without_dict(checks, *names).values())


def after_prefix(prefix: str) -> str:
    """The least text, in the order of code points, that is greater than all texts that begin with `prefix`."""
    kept = prefix.rstrip(chr(_LAST_CODE_POINT))
    following = ord(kept[-1]) + 1 if kept else _LAST_CODE_POINT
    if following in _SURROGATES:
        following = _SURROGATES.stop
    return kept[:-1] + chr(following)
