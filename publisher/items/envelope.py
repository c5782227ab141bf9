"""One entry of the stream or the API: bytes to an accepted item, a retraction, or a refusal. Pure; never raises.

A CloudEvents 1.0 envelope or a plain item, which counts as published. Called by the intake and by the API.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast

from django.utils.translation import gettext_noop as _
from pydantic import ValidationError

from publisher.items.cleaning import MarkupError, check_markup, check_text, is_html, plain_line, text_to_html
from publisher.items.problems import all_strings, date_refusal, ignored_fields, refusal_of
from publisher.items.refusals import Problem, Refused, refuse, shown
from publisher.items.schema import EVENT_PREFIX, Event, ItemIn, RetractionIn
from publisher.items.text import find_bad_character, shorten
from publisher.items.urls import url_key

MAX_ENTRY: Final = 1_000_000
MAX_JSON_DEPTH: Final = 20
AHEAD: Final = timedelta(days=1)
"""How far a producer's clock may run ahead. An event of next year would make every later one look old."""
_EVENT_TYPES: Final = ("published", "updated", "retracted")
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_JSON_TYPES: Final[dict[type, str]] = {
    list: "list",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
}


@dataclass(frozen=True)
class Accepted:
    """A published or updated item. The event's fields are "" or None when it came without an envelope."""

    event_type: Literal["published", "updated"]
    item: ItemIn
    ignored: tuple[str, ...] = ()
    source: str = ""
    time: datetime | None = None
    event_key: bytes = b""


@dataclass(frozen=True)
class Retracted:
    """The producer takes an item back, named by its id, its address, or both. `event_key`: see `event_key`."""

    id: str
    url_key: str
    reason: str
    source: str
    time: datetime | None
    event_key: bytes

    @property
    def name(self) -> str:
        return self.id or self.url_key


def read_entry(raw: bytes, *, now: datetime) -> Accepted | Retracted | Refused:
    """Decodes and checks one entry. `now` (UTC) bounds the dates. Each refusal has a code of `refusals.CODES`."""
    given = decode(raw)
    if isinstance(given, Refused):
        return given
    return _read_event(given, now) if _is_event(given) else read_item(given, now=now)


def read_item(given: dict[str, Any], *, now: datetime) -> Accepted | Refused:
    """A decoded item: fields, dates and the cost of its markup."""
    try:
        item = ItemIn.model_validate(given)
    except ValidationError as error:
        return refusal_of(error)
    refused = date_refusal(item, now)
    if refused is not None:
        return refused
    try:
        if is_html(item.body, item.body_format):
            check_markup(item.body)
        else:
            check_text(item.body)
            check_markup(text_to_html(item.body))
        item = item.model_copy(update={"title": plain_line(item.title), "summary": plain_line(item.summary)})
    except MarkupError as error:
        return refuse("bad_markup", [Problem("body", str(error), _("simple markup"))], detail=str(error))
    if not item.title:
        return refuse("no_title", [Problem("title", _("markup only"), _("text"))])
    return Accepted("published", item, ignored_fields(given))


def decode(raw: bytes) -> dict[str, Any] | Refused:
    """Bytes to a JSON object of bounded size and depth, whose strings hold only characters that a text may hold."""
    if len(raw) > MAX_ENTRY:
        return refuse("too_large", size=len(raw), limit=MAX_ENTRY)
    if not raw.strip():
        return refuse("empty_entry")
    given = decode_json(raw)
    return given if isinstance(given, Refused) else _bad_characters(given) or given


def decode_json(raw: bytes) -> dict[str, Any] | Refused:
    """Bytes to a JSON object of bounded depth; its strings may hold anything. Also for JSON feeds."""
    depth = _json_depth(raw)
    if depth > MAX_JSON_DEPTH:
        return refuse("too_deep", depth=depth, limit=MAX_JSON_DEPTH)
    try:
        given = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return refuse("not_utf8", position=error.start + 1, found=f"0x{raw[error.start]:02X}")
    except json.JSONDecodeError as error:
        return refuse(
            "not_json", detail=f"{error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}"
        )
    except ValueError as error:  # a number of thousands of digits
        return refuse("not_json", detail=shorten(str(error), 120))
    if not isinstance(given, dict):
        return refuse("not_an_object", found=_JSON_TYPES.get(type(given), "null"))
    return cast("dict[str, Any]", given)


def _read_event(given: dict[str, Any], now: datetime) -> Accepted | Retracted | Refused:
    try:
        event = Event.model_validate(given)
    except ValidationError as error:
        return refuse("bad_envelope", refusal_of(error).fields)
    refused = _envelope_refusal(event, now)
    if refused is not None:
        return refused
    event_type = event.type.removeprefix(EVENT_PREFIX)
    if event_type == "retracted":
        return _read_retraction(event)
    answer = read_item(event.data, now=now)
    if isinstance(answer, Refused):
        return answer
    kept: Literal["published", "updated"] = "published" if event_type == "published" else "updated"
    return Accepted(kept, answer.item, answer.ignored, event.source, event.time, event_key(event))


def _envelope_refusal(event: Event, now: datetime) -> Refused | None:
    media_type = event.datacontenttype.partition(";")[0].strip().lower()
    if media_type != "application/json":
        problem = Problem("datacontenttype", shown(event.datacontenttype), "application/json")
        return refuse("bad_envelope", [problem])
    if event.time is not None and event.time > now + AHEAD:
        expected = _("no later than %(moment)s") % {"moment": f"{now + AHEAD:%Y-%m-%dT%H:%MZ}"}
        return refuse("date_out_of_range", [Problem("time", shown(event.time.isoformat()), expected)])
    if event.type not in {EVENT_PREFIX + name for name in _EVENT_TYPES}:
        return refuse("unknown_event", found=shown(event.type)[1:-1])
    return None


def _read_retraction(event: Event) -> Retracted | Refused:
    try:
        retraction = RetractionIn.model_validate(event.data)
    except ValidationError as error:
        return refusal_of(error)
    return Retracted(
        id=retraction.id or "",
        url_key=url_key(retraction.url or ""),
        reason=retraction.reason,
        source=event.source,
        time=event.time,
        event_key=event_key(event),
    )


def event_key(event: Event) -> bytes:
    """By which an event that is handed in again is known, 32 bytes.

    `source` and `id` should do (CloudEvents 1.0, section 3.1), but producers are met that use one id for every event of an
    item: what else the event says is part of its key, so that their updates are not taken for repetitions.
    """
    said = [event.source, event.id, event.type, event.time.isoformat() if event.time else "", event.data]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


def _is_event(given: dict[str, Any]) -> bool:
    """An envelope is told by `specversion`, which every CloudEvent has and no item; or by type and data together."""
    return "specversion" in given or ("type" in given and "data" in given)


def _bad_characters(given: dict[str, Any]) -> Refused | None:
    problems = []
    for path, text in all_strings(given):
        found = find_bad_character(text)
        if found is not None:
            problems.append(
                Problem(
                    shown(path)[1:-1], _("holding %(character)s") % {"character": found}, _("text without it")
                )
            )
    return refuse("bad_characters", problems) if problems else None


def _json_depth(raw: bytes) -> int:
    """How deep lists and objects nest, counted without parsing: the parser itself would recurse."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_JSON_DEPTH:
        return 0
    depth = deepest = 0
    for found in _BRACKETS.finditer(raw):
        mark = found.group()
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest
