"""A call's body, cut into the events that it holds. Pure: whoever calls has proved whose it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from publisher.feedback.webhooks import proofs, sns
from publisher.feedback.webhooks.proofs import Refused

Pieces = Callable[[bytes], list[Any]]
"""Raises Unreadable."""


class Unreadable(Exception):
    """What was sent is not what this provider's documents say."""


def one(body: bytes) -> list[Any]:
    """One event, or a list of them: some providers do as their settings say."""
    found = _json(body)
    return found if isinstance(found, list) else [found]


def below(name: str) -> Pieces:
    """A list under a name."""

    def pieces(body: bytes) -> list[Any]:
        found = _json(body)
        events = found.get(name) if isinstance(found, dict) else None
        if not isinstance(events, list):
            raise Unreadable(f"no list of {name}")
        return events

    return pieces


def field(name: str) -> Pieces:
    """A list in a form's field."""

    def pieces(body: bytes) -> list[Any]:
        try:
            found = _json(proofs.form(body).get(name, "").encode("utf-8", "replace"))
        except Refused as error:
            raise Unreadable(error.reason) from None
        if not isinstance(found, list):
            raise Unreadable(f"no list in {name}")
        return found

    return pieces


def of_sns(body: bytes) -> list[Any]:
    """What a notification's message holds, with the notification's own id and time beside it; of others nothing."""
    try:
        found = sns.message(body)
    except Refused as error:
        raise Unreadable(error.reason) from None
    text = found.get("Message")
    if found["Type"] != "Notification" or not isinstance(text, str) or not text.lstrip().startswith("{"):
        return []  # “Successfully validated SNS topic for Amazon SES event publishing.”
    return [
        {
            "ses": _json(text.encode("utf-8", "replace")),
            "sns": {k: found[k] for k in ("MessageId", "Timestamp")},
        }
    ]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)[:200]) from None
