"""Renders a digest or a single-item alert: Jinja2, then MJML, and a text part by its own template. Pure.

The HTML and text hold slot marks (render/slots.py); one rendering serves every recipient who chose the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final

from markupsafe import Markup

from publisher.render import look
from publisher.render.dates import long_date
from publisher.render.mjml import compile_mjml
from publisher.render.sandbox import render_staff
from publisher.render.shorten import one_line
from publisher.render.slots import SLOT_NAMES, mark, neutralise
from publisher.render.trusted import render_file
from publisher.render.views import DigestView, ItemView, RenderedMail
from publisher.render.words import direction, kind_label, phrase

# Gmail cuts a mail off behind this many bytes of HTML.
GMAIL_CLIP: Final = 102_400

SUBJECT_NAMES: Final = ("title", "organisation", "count", "date", "first", "items", "kind", "colon")
_LONGEST_SUBJECT: Final = 150
_LONGEST_PREHEADER: Final = 110
# What one item may take of a mail: twelve such items stay under GMAIL_CLIP.
_LONGEST_SUMMARY: Final = 600
_LONGEST_ALT: Final = 250
_MOST_TOPICS: Final = 5
_WEB: Final = re.compile(r"https?://\S", re.IGNORECASE)


def render_digest(view: DigestView) -> RenderedMail:
    """A digest of `view.items`, at least one. Raises TemplateFailure, of the subject or of ours."""
    return _render("digest", view)


def render_alert(view: DigestView) -> RenderedMail:
    """A mail about the first item of `view` alone. Raises TemplateFailure."""
    return _render("alert", view)


def render_subject(view: DigestView, template: str) -> str:
    """The subject line that a staff template makes, at most 150 characters. Raises TemplateFailure."""
    first = view.items[0]
    values = {
        "title": view.title,
        "organisation": view.organisation,
        "count": len(view.items),
        "date": long_date(view.issued_at, view.language, view.zone),
        "first": first,
        "items": view.items,
        "kind": kind_label(first.kind, view.language),
        "colon": phrase("colon", view.language),
    }
    subject = one_line(neutralise(render_staff(template, values, name=view.subject_name)), _LONGEST_SUBJECT)
    return subject or one_line(neutralise(view.title), _LONGEST_SUBJECT)


def preheader(view: DigestView) -> str:
    """The line that a mailbox shows behind the subject: what staff wrote for it, the introduction, or what else is inside."""
    rest = [item.title for item in view.items[1:4]] or [view.items[0].summary]
    return one_line(neutralise(view.preheader or view.intro or " · ".join(rest)), _LONGEST_PREHEADER)


def template_source(name: str, view: DigestView) -> str:
    """The MJML that `digest` or `alert` makes of a view, before it is compiled: for lint and for previews."""
    return render_file(f"email/{name}.mjml.j2", _values(view))


def _render(name: str, view: DigestView) -> RenderedMail:
    values = _values(view)
    template = f"email/{name}.mjml.j2"
    html = compile_mjml(render_file(template, values), template=template)
    text = render_file(f"email/{name}.txt.j2", values)
    return RenderedMail(str(values["subject"]), str(values["preheader"]), html, text)


def _values(view: DigestView) -> Mapping[str, object]:
    view = replace(view, items=tuple(map(_safe, view.items)))
    frame = _Frame(view.language, view.zone, view.accent)
    return {
        **_shared(frame),
        "view": view,
        "subject": render_subject(view, view.subject),
        "preheader": preheader(view),
        "issued": long_date(view.issued_at, view.language, view.zone),
        "languages": {item.id: _own_language(item, view.language) for item in view.items},
        "slots": {slot: mark(slot) for slot in SLOT_NAMES},
        "block": partial(_block, frame),
        "words_of": partial(_words_of, frame),
    }


@dataclass(frozen=True, slots=True)
class _Frame:
    """What an item's block knows of the mail that it stands in."""

    language: str
    zone: str
    accent: str


@lru_cache(maxsize=64)
def _shared(frame: _Frame) -> Mapping[str, object]:
    """What is the same for all mails of one language and look."""
    way = direction(frame.language)
    return {
        "dir": way,
        "start": "right" if way == "rtl" else "left",
        "fonts": look.fonts(frame.language),
        "light": look.light(frame.accent),
        "dark": look.dark(frame.accent),
    }


# An item stands in thousands of variants of an edition and looks the same in each, but for being the first or not.
@lru_cache(maxsize=512)
def _block(frame: _Frame, item: ItemView, first: bool) -> Markup:
    """One item of a digest as MJML."""
    languages = {item.id: _own_language(item, frame.language)}
    values = {**_shared(frame), "view": frame, "item": item, "first": first, "languages": languages}
    return Markup(render_file("email/_item.mjml.j2", values))  # noqa: S704 - the template escapes


@lru_cache(maxsize=512)
def _words_of(frame: _Frame, item: ItemView) -> str:
    """One item of a mail's text part."""
    return render_file("email/_item.txt.j2", {"view": frame, "item": item})


@lru_cache(maxsize=512)
def _safe(item: ItemView) -> ItemView:
    """The item without addresses that are not of the web, which are nobody's to click, and of bounded size."""
    return replace(
        item,
        url=_web(item.url),
        image_url=_picture(item.image_url),
        summary=one_line(item.summary, _LONGEST_SUMMARY),
        image_alt=one_line(item.image_alt, _LONGEST_ALT),
        topics=item.topics[:_MOST_TOPICS],
    )


def _web(address: str) -> str:
    return address if _WEB.match(address) else ""


def _picture(address: str) -> str:
    return address if _WEB.match(address) or address.startswith("data:image/") else ""


def _own_language(item: ItemView, language: str) -> tuple[str, str] | None:
    """An item's language and direction where they are not the mail's own, so that a voice can change."""
    return None if item.language == language else (item.language, direction(item.language))
