"""Is this entry new, the same as before, a revision or a retraction? Decisions only; the intake carries them out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from publisher.items.content import FIELDS, Content
from publisher.items.refusals import Refused, refuse

# Follow from other fields: `url_key` from `url`, `body_text` from `body_html`.
_DERIVED: Final = frozenset({"url_key", "body_text"})

K = TypeVar("K")


@dataclass(frozen=True)
class Snapshot:
    """An item as it stands: its newest content (`Content.as_json`, as in `Revision.content`), hash and state."""

    content: Mapping[str, Any]
    content_hash: bytes
    revision: int
    published_at: datetime
    retracted: bool = False


@dataclass(frozen=True)
class New:
    content: Content
    content_hash: bytes


@dataclass(frozen=True)
class Unchanged:
    """Nothing to store. `still_retracted`: the item was taken back, and a source that merely lists it changes nothing."""

    still_retracted: bool = False


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
    explicit: bool = True,
) -> Decision:
    """What an item means for what is known. An `updated` of an unknown item is new: its first event may have been lost.

    An item without a date keeps the one it has, or gets `received_at` (UTC). `explicit` is False for sources that only
    list what they have (feeds, pages): they do not bring a retracted item back.
    """
    if existing is None:
        dated = content.dated(received_at)
        return New(dated, content_hash(dated))
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


def recognise_retraction(existing: Snapshot | None, *, producer_id: str, reason: str = "") -> Decision:
    """A retraction of what is unknown is refused, so that its producer hears of a mistaken id; twice is once."""
    if existing is None:
        return refuse("unknown_item", id=producer_id)
    return Unchanged(still_retracted=True) if existing.retracted else Retract(reason)


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
