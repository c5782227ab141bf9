"""Builders of sample items and digests of the invented country office of Almaria (texts: almaria.json)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.render.views import DigestView, ItemView

NOW = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)

_TEXTS = json.loads((Path(__file__).parent / "almaria.json").read_text(encoding="utf-8"))

_PICTURE = (
    "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' width='1072' height='600'>"
    "<rect width='1072' height='600' fill='%23{sky}'/><circle cx='820' cy='190' r='70' fill='%23f4efe2'/>"
    "<path d='M0 430 L260 300 L470 420 L760 250 L1072 430 V600 H0Z' fill='%23{hill}'/></svg>"
)


def picture(number: int = 0) -> str:
    """A drawn landscape as a data address: no test fetches anything."""
    skies, hills = ("c9d8e3", "e3d9c9", "cfdccf"), ("5f7f92", "93795f", "5f8a6c")
    return _PICTURE.format(sky=skies[number % 3], hill=hills[number % 3])


def an_item(number: int = 0, language: str = "en", **changes: Any) -> ItemView:
    """The sample item `number` in `language` (en, zh-Hans or ar; Arabic repeats three), with `changes`."""
    english = _TEXTS["en"][number % 12]
    texts = _TEXTS[language[:2]]
    text = texts[number % len(texts)]
    item = ItemView(
        id=number + 1,
        kind=english["kind"],
        title=text["title"],
        url=f"https://almaria.example.org/{language[:2]}/latest/{number + 1}",
        summary=text["summary"],
        published_at=NOW - timedelta(days=number % 7, hours=5),
        language=language,
        topics=tuple(text["topics"]),
        image_url=picture(number) if number in {0, 3, 7} else "",
        image_alt="Children walk over the new stone embankment" if number == 0 and language == "en" else "",
    )
    return replace(item, **changes)


def a_digest(language: str = "en", **changes: Any) -> DigestView:
    """A digest of twelve items in `language`, with `changes`."""
    view = DigestView(
        language=language,
        items=tuple(an_item(number, language) for number in range(12)),
        issued_at=NOW,
        zone="Asia/Shanghai",
        **_TEXTS["digests"][language[:2]],
    )
    return replace(view, **changes)
