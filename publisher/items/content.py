"""An accepted item made ready to store: cleaned, its tails cut off, its summary found. Pure; the intake stores the result."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from publisher.items.cleaning import (
    clean_html,
    drop_lines,
    html_lines,
    is_html,
    lines_to_text,
    text_to_html,
)
from publisher.items.languages import guess_language
from publisher.items.schema import ItemIn
from publisher.items.summary import summarise
from publisher.items.tails import Part, split_tails
from publisher.items.urls import url_key, without_tracking


@dataclass(frozen=True)
class Content:
    """What the fields of an `Item` of the same names hold. `published_at` is None if the producer did not say.

    Texts are NFC; `body_html` is clean by `cleaning.clean_html`; `body_text` has paragraphs parted by blank lines.
    """

    url: str
    url_key: str
    kind: str
    language: str
    title: str
    summary: str
    body_html: str
    body_text: str
    published_at: datetime | None
    embargo_until: datetime | None
    image_url: str
    image_alt: str
    topics: tuple[str, ...]
    agencies: tuple[str, ...]
    authors: tuple[str, ...]
    links: dict[str, str]
    contact: str
    notes: str
    attribution: str
    translation_of: str

    def as_json(self) -> dict[str, Any]:
        """For `Revision.content`: dates as RFC 3339 in UTC, tuples as lists."""
        return {name: _plain(getattr(self, name)) for name in FIELDS}

    def dated(self, published_at: datetime) -> Content:
        """The same with a date of publication, if it has none."""
        return self if self.published_at is not None else replace(self, published_at=published_at)


FIELDS = tuple(field.name for field in fields(Content))


def build_content(item: ItemIn, *, default_language: str) -> Content:
    """Cleans an item. Its markup must have passed `check_markup` (`read_item` does that); else raises MarkupError."""
    body = _clean_body(item)
    language = item.language or guess_language(f"{item.title}\n{body.text}", default_language)
    return Content(
        url=without_tracking(item.url or ""),
        url_key=url_key(item.url or ""),
        kind=item.kind,
        language=language,
        title=item.title,
        summary=summarise(item.summary, body.text, language),
        body_html=body.html,
        body_text=body.text,
        published_at=item.published_at,
        embargo_until=item.embargo_until,
        image_url=item.image.url if item.image else "",
        image_alt=item.image.alt if item.image else "",
        topics=_distinct(item.topics),
        agencies=_distinct(item.agencies),
        authors=_distinct(item.authors),
        links={region: without_tracking(url) for region, url in sorted(item.links.items())},
        contact=body.contact,
        notes=body.notes,
        attribution=body.attribution,
        translation_of=item.translation_of or "",
    )


@dataclass(frozen=True)
class _Body:
    html: str
    text: str
    contact: str
    notes: str
    attribution: str


def _clean_body(item: ItemIn) -> _Body:
    """Text goes the way of HTML too, so that both forms lose the same lines."""
    markup = item.body if is_html(item.body, item.body_format) else text_to_html(item.body)
    html = clean_html(markup, item.url or "")
    lines = html_lines(html)
    tails = split_tails([line.text for line in lines])
    kept = [line for line, part in zip(lines, tails.parts, strict=True) if part is Part.BODY]
    gone = [line for line, part in zip(lines, tails.parts, strict=True) if part is not Part.BODY]
    return _Body(
        drop_lines(html, gone) if gone else html,
        lines_to_text(kept),
        tails.contact,
        tails.notes,
        tails.attribution,
    )


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
