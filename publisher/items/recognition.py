"""Is this entry new, the same as before, a revision or a retraction? Decisions only; the intake carries them out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar

from publisher.items.content import FIELDS, Content
from publisher.items.refusals import Refused, refuse

# Follow from other fields: `url_key` from `url`, `body_text` from `body_html`.
_DERIVED: Final = frozenset({"url_key", "body_text"})

SKEW: Final = timedelta(minutes=5)
"""How far two clocks that are right may be apart."""

K = TypeVar("K")


@dataclass(frozen=True)
class Snapshot:
    """An item as it stands: its newest content (`Content.as_json`, as in `Revision.content`), hash and state."""

    content: Mapping[str, Any]
    content_hash: bytes
    revision: int
    published_at: datetime
    retracted: bool = False
    event_time: datetime | None = None
    event_time_said: datetime | None = None


@dataclass(frozen=True)
class Withdrawal:
    """A retraction that came before its item. `time` is that of its event (UTC), if it gave one."""

    reason: str
    time: datetime | None


@dataclass(frozen=True)
class New:
    """`retracted`: a retraction of it came before it did, and it stays taken back."""

    content: Content
    content_hash: bytes
    retracted: Withdrawal | None = None


@dataclass(frozen=True)
class Unchanged:
    """Nothing to store. `still_retracted`: the item was taken back, and a source that merely lists it changes nothing.

    `late`: the event is older than what is known.
    """

    still_retracted: bool = False
    late: bool = False


@dataclass(frozen=True)
class Revised:
    """`changed` names fields of Content. `restores`: the item was retracted and is published again."""

    content: Content
    content_hash: bytes
    changed: tuple[str, ...]
    revision: int
    restores: bool = False


@dataclass(frozen=True)
class Retract:
    reason: str


Decision = New | Unchanged | Revised | Retract | Refused


def recognise(
    existing: Snapshot | None,
    content: Content,
    event_type: Literal["published", "updated"],
    *,
    producer_id: str,
    received_at: datetime,
    event_time: datetime | None = None,
    explicit: bool = True,
    withdrawn: Withdrawal | None = None,
) -> Decision:
    """What an item means for what is known. An `updated` of an unknown item is new: its first event may have been lost.

    An item without a date keeps the one it has, or gets `received_at` (UTC). `explicit` is False for sources that only
    list what they have (feeds, pages): they do not bring a retracted item back. An event that says that it is older than
    what is known changes nothing; what gives no time counts in the order in which it comes.
    """
    if existing is None:
        dated = content.dated(received_at)
        brings_back = explicit and event_type == "published"
        return New(dated, content_hash(dated), _still(withdrawn, event_time, brings_back=brings_back))
    if is_late(existing, event_time, received_at):
        return Unchanged(late=True)
    dated = content.dated(existing.published_at)
    digest = content_hash(dated)
    if existing.retracted and not explicit:
        return Unchanged(still_retracted=True)
    if existing.retracted and event_type == "updated":
        return refuse("retracted_item", id=producer_id)
    if digest == existing.content_hash and not existing.retracted:
        return Unchanged()
    changed = changed_fields(existing.content, dated.as_json())
    return Revised(dated, digest, changed, existing.revision + 1, restores=existing.retracted)


def recognise_retraction(
    existing: Snapshot | None,
    *,
    producer_id: str,
    received_at: datetime,
    reason: str = "",
    event_time: datetime | None = None,
) -> Decision:
    """A retraction of what is unknown is refused, so that its producer hears of a mistaken id; twice is once."""
    if existing is None:
        return refuse("unknown_item", id=producer_id)
    if is_late(existing, event_time, received_at):
        return Unchanged(late=True)
    return Unchanged(still_retracted=True) if existing.retracted else Retract(reason)


def is_late(existing: Snapshot, event_time: datetime | None, received_at: datetime) -> bool:
    """The event says that it is older than one that was dealt with.

    A producer whose clock runs ahead is compared with what he said himself, all others with the time at which that came.
    """
    ahead = event_time is not None and event_time > received_at + SKEW
    latest = existing.event_time_said if ahead else existing.event_time
    return event_time is not None and latest is not None and event_time < latest


def later(one: Withdrawal | None, other: Withdrawal | None) -> Withdrawal | None:
    """The later of two; where one gives no time, the second, which was heard after the first."""
    if one is None or other is None:
        return other or one
    if one.time is None or other.time is None:
        return other
    return one if one.time > other.time else other


def _still(
    withdrawn: Withdrawal | None, event_time: datetime | None, *, brings_back: bool
) -> Withdrawal | None:
    """The early retraction, if it holds: for what does not bring a retracted item back, and for an event older than it."""
    if withdrawn is None or not brings_back:
        return withdrawn
    older = event_time is not None and withdrawn.time is not None and event_time <= withdrawn.time
    return withdrawn if older else None


def same_item(by_id: K | None, by_url: K | None, *, producer_id: str, url: str) -> K | Refused | None:
    """Which known item an entry is: the one of its id, else the one of its address; a refusal if these are two."""
    if by_id is not None and by_url is not None and by_id != by_url:
        return refuse("identity_conflict", id=producer_id, url=url)
    return by_id if by_id is not None else by_url


def content_hash(content: Content) -> bytes:
    """SHA-256 of all that was said, 32 bytes; derived fields left out, so that equal content is equal."""
    said = {name: value for name, value in content.as_json().items() if name not in _DERIVED}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).digest()


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the fields that differ, in the order of Content, derived ones left out. Both are `Content.as_json`."""
    return tuple(name for name in FIELDS if name not in _DERIVED and old.get(name) != new.get(name))
