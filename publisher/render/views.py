"""What the renderers are given and what they hand back: frozen values, no database rows.

Rooms above build these from their models; render/digest.py and render/social.py only read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

DEFAULT_ACCENT = "#0b6bb8"
DEFAULT_SUBJECT = "{{ title }}{{ colon }}{{ first.title }}"


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item as a reader sees it. `published_at` is aware; `language` is BCP 47; `kind` is a key of
    words.KINDS. `tags` are what hashtags are made of, in the order of `topics`. `text` is the beginning of the body, without
    markup, with a blank line between paragraphs; given for posts only.
    """

    id: int
    kind: str
    title: str
    url: str
    summary: str
    published_at: datetime
    language: str = "en"
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    image_url: str = ""
    image_alt: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class DigestView:
    """One variant of an edition. `accent` is #rrggbb, `zone` the IANA zone in which dates are written.

    `issued_at` (aware) is the edition's date; `preheader` the line that mailboxes show behind the subject, made of the rest when
    empty; `address` the postal address that bulk mail must show;
    `subject` a template that staff may edit, with the names listed in digest.SUBJECT_NAMES; `subject_name` is
    what its errors call it.
    """

    title: str
    language: str
    items: tuple[ItemView, ...]
    organisation: str
    issued_at: datetime
    intro: str = ""
    preheader: str = ""
    address: str = ""
    accent: str = DEFAULT_ACCENT
    zone: str = "UTC"
    subject: str = DEFAULT_SUBJECT
    subject_name: str = "subject"


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A finished mail. `html` and `text` still hold the slot marks of render/slots.py; subject and
    preheader none.
    """

    subject: str
    preheader: str
    html: str
    text: str
