"""Small builders of the desk's audience: a tag, an attribute, a segment, a bulk action, a list that was given."""

from __future__ import annotations

import itertools
from typing import Any

from publisher.audience.importing import keeping
from publisher.audience.models import Attribute, Bulk, ReaderLetter, Segment, Tag, Upload
from publisher.audience.tags import key_of
from tests.builders import NOON

_numbers = itertools.count(1)


def a_reader_tag(name: str = "") -> Tag:
    name = name or f"tag {next(_numbers)}"
    return Tag.objects.create(name=name, key=key_of(name), created_at=NOON)


def an_attribute(key: str = "", kind: str = "text", label: str = "") -> Attribute:
    key = key or f"known_{next(_numbers)}"
    return Attribute.objects.create(key=key, label=label or key, kind=kind, created_at=NOON)


def a_segment(name: str = "", **given: Any) -> Segment:
    name = name or f"segment {next(_numbers)}"
    fields: dict[str, Any] = {
        "groups": [[{"field": "state", "op": "is", "value": "active", "within": "", "not": False}]],
        "created_at": NOON,
        "changed_at": NOON,
        **given,
    }
    return Segment.objects.create(name=name, key=key_of(name), **fields)


def a_bulk(**given: Any) -> Bulk:
    """Being done, on everybody."""
    fields: dict[str, Any] = {
        "action": "suppress",
        "given": {"how": "the list was sold"},
        "state": "running",
        "expected": 10,
        "total": 10,
        "done": 4,
        "changed": 3,
        "at": NOON,
        **given,
    }
    return Bulk.objects.create(**fields)


def an_upload(text: str = "Mail,Name\nlin@example.org,Lin\n", **given: Any) -> Upload:
    """A list that was given, and not looked at yet; its file is in the store."""
    key = f"upload{next(_numbers)}"
    size = keeping.put(key, keeping.ORIGINAL, [text.encode()])
    fields: dict[str, Any] = {"file_name": "readers.csv", "size": size, "created_at": NOON, **given}
    return Upload.objects.create(key=key, **fields)


def a_letter(kind: str, to: str, **given: Any) -> ReaderLetter:
    """One that was sent."""
    fields: dict[str, Any] = {
        "state": "sent",
        "to_key": to,
        "language": "en",
        "message_key": f"letter{next(_numbers)}",
        "due_at": NOON,
        "created_at": NOON,
        **given,
    }
    return ReaderLetter.objects.create(kind=kind, to=to, **fields)
