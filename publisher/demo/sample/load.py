"""Reading the sample publication, with its dates set back from now."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).resolve().parent

BROKEN = (
    b'{"id": "almaria-201", "title": "cut off in the mid',
    b'{"id": "almaria-202", "kind": "story", "title": ""}',
)
"""Entries as a broken producer writes them: they are refused with a reason, and the stream goes on."""

NAMES = {
    "en": (
        "Ilse Marrow",
        "Daro Vell",
        "Oren Fitch",
        "Amaia Ibarra",
        "José Núñez",
        "Zoë O’Hara",
        "محمد علي",
        "",
    ),
    "zh": ("王芳", "李娜", "欧阳明", "张伟 (Wei)", "陈晓", ""),
}
TOPICS = (
    (),
    (),
    (),
    ("sdg-2", "sdg-15"),
    ("sdg-3",),
    ("sdg-7", "sdg-13"),
    ("sdg-5", "sdg-8"),
    ("sdg-4",),
    ("sdg-16",),
)
KINDS = ((), (), (), ("story", "video"), ("press_release", "speech"), ("publication",))


@dataclass(frozen=True)
class SampleReader:
    """A subscriber and what they chose; `topics` are slugs."""

    email: str
    name: str
    language: str
    topics: tuple[str, ...]
    kinds: tuple[str, ...]
    region: str


def events(now: datetime, site_url: str) -> Iterator[bytes]:
    """CloudEvents for the stream, one for each item of `items.yaml`; their pictures are on the site."""
    for sample in yaml.safe_load((HERE / "items.yaml").read_text(encoding="utf-8")):
        yield json.dumps(_event(sample, now, site_url), ensure_ascii=False).encode()


def _event(sample: dict[str, Any], now: datetime, site_url: str) -> dict[str, Any]:
    data = dict(sample)
    if "image" in data:
        data["image"] = data["image"] | {"url": f"{site_url}/{data['image']['url']}"}
    published = now - timedelta(hours=data.pop("age_hours"))
    data["published_at"] = published.isoformat()
    if "embargo_hours" in data:
        data["embargo_until"] = (now + timedelta(hours=data.pop("embargo_hours"))).isoformat()
    data["url"] = f"https://office.example.org/{data['language'][:2]}/{data['id']}"
    return {
        "specversion": "1.0",
        "id": f"event-{sample['id']}",
        "source": "almaria",
        "type": "org.publisher.item.published",
        "time": published.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }


def feed(now: datetime, site_url: str) -> str:
    """An RSS feed with three good entries and one without a title."""
    return _rendered(
        "feed.xml.j2", site_url=site_url, at=lambda hours: format_datetime(now - timedelta(hours=hours))
    )


def page(now: datetime) -> str:
    """The text of a "Latest" page: three entries, and one that is a date only."""
    return _rendered("latest.txt.j2", day=lambda days: (now - timedelta(days=days)).strftime("%d %B %Y"))


def readers(count: int) -> Iterator[SampleReader]:
    """The same invented readers at each call."""
    chance = random.Random(17)
    for n in range(count):
        language = chance.choice(("en", "en", "zh"))
        yield SampleReader(
            email=f"reader{n:03}@example.net",
            name=chance.choice(NAMES[language]),
            language=language,
            topics=chance.choice(TOPICS),
            kinds=chance.choice(KINDS),
            region=chance.choice(("", "", "CN")) if language == "zh" else "",
        )


def _rendered(name: str, **values: Any) -> str:
    loader = FileSystemLoader(HERE)
    environment = Environment(loader=loader, undefined=StrictUndefined, autoescape=False)  # noqa: S701 - our own text files
    return environment.get_template(name).render(**values)
