"""What an API said: its status, its body as data, and that body in words. What it means is decided in outcomes.py."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from publisher.core import clock
from publisher.delivery.email.headers import clean

LONGEST_REASON = 500
LONGEST_WAIT = timedelta(days=1)

# Where the APIs put words that a person can read.
WORDS = frozenset(
    ("message", "error", "errormessage", "errorcode", "erroridentifier", "errorrelatedto", "errors", "reason", "reject_reason",
     "code", "name", "description", "detail", "details", "field", "status", "type", "argument_name", "help_message")
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """An answer. `status` is HTTP's, `body` what JSON gives, or a text; `after`: how long it asks to wait."""

    status: int
    body: Any
    after: timedelta | None = None

    @property
    def words(self) -> str:
        """The body for people, in one line: of JSON the texts under the usual names, else the text itself."""
        if isinstance(self.body, str):
            return clean(re.sub(r"<[^>]*>", " ", self.body))[:LONGEST_REASON]
        return clean(" ".join(_words(self.body)))[:LONGEST_REASON]


def said_in(response: Any) -> Said:
    """What an answer says: one of `requests`, or boto3's dictionary."""
    if isinstance(response, Mapping):
        about = response["ResponseMetadata"]
        headers = about.get("HTTPHeaders", {})
        body = {"Error": response.get("Error", {})}
        return Said(about["HTTPStatusCode"], body, wait_of(headers.get("retry-after"), now=clock.now()))
    return Said(
        response.status_code,
        body_of(response.text),
        wait_of(response.headers.get("Retry-After"), now=clock.now()),
    )


def body_of(text: str) -> Any:
    """The data in a body of JSON; any other body as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def values_at(body: Any, path: str) -> Iterator[str]:
    """The texts at a path such as `errors.field`, of every element where there is a list; of an object its fields' names."""
    if isinstance(body, list):
        for each in body:
            yield from values_at(each, path)
    elif path:
        name, _, rest = path.partition(".")
        if isinstance(body, dict) and name in body:
            yield from values_at(body[name], rest)
    elif isinstance(body, dict):
        yield from body
    elif body is not None:
        yield str(body)


def wait_of(header: str | None, *, now: datetime) -> timedelta | None:
    """`Retry-After` (RFC 9110 section 10.2.3): seconds or a date; None when there is none that can be used."""
    text = (header or "").strip()
    try:
        wait = timedelta(seconds=int(text)) if text.isdecimal() else parsedate_to_datetime(text) - now
    except (ValueError, OverflowError, TypeError):
        return None
    return min(wait, LONGEST_WAIT) if wait > timedelta() else None


def _words(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _words(each, key.lower() if key.lower() in WORDS or not name else name)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each, name)
    elif name in WORDS and value not in (None, ""):
        yield str(value)
