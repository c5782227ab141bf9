"""Builders of entries as producers send them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from publisher.items.content import Content, build_content
from publisher.items.schema import ItemIn

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"


def entry(**given: Any) -> dict[str, Any]:
    """A plain item."""
    return {
        "id": "spring-1",
        "title": "Two valleys share one spring",
        "kind": "story",
        "language": "en",
    } | given


def event(event_type: str = "published", data: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    """A CloudEvent around an item."""
    return {
        "specversion": "1.0",
        "id": "event-1",
        "source": "newsroom",
        "type": f"org.publisher.item.{event_type}",
        "time": "2026-11-24T07:59:00Z",
        "datacontenttype": "application/json",
        "data": entry() if data is None else data,
    } | given


def raw(given: object) -> bytes:
    return json.dumps(given).encode()


def content(**given: Any) -> Content:
    return build_content(ItemIn.model_validate(entry(**given)), default_language="en")
