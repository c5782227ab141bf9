"""The HTML of a letter: a plain mail to one person, made of its text. Pure. Light and dark, in the fonts of its language."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from markupsafe import Markup, escape

from publisher.render import look
from publisher.render.trusted import render_file
from publisher.render.views import DEFAULT_ACCENT
from publisher.render.words import Direction, direction

TEMPLATE: Final = "email/letter.html.j2"
_LINK: Final = re.compile(r"(https?://[!-~]*[A-Za-z0-9_/~=-])")
"""An address ends with its own letters: what follows may be a mark of Chinese, and so may what stands before it, and no blank."""
_STRONG: Final[dict[str, Direction]] = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def render_letter(subject: str, text: str, *, language: str, links: bool) -> str:
    """`text`: paragraphs with an empty line between; `language`: BCP 47; `links`: addresses can be clicked. Raises
    TemplateFailure."""
    way = direction(language)
    paragraphs = re.split(r"\n{2,}", text.strip())
    return render_file(
        TEMPLATE,
        {
            "subject": subject,
            "paragraphs": [
                [(_linked(line) if links else line, _other_way(line, way)) for line in each.split("\n")]
                for each in paragraphs
            ],
            "language": language,
            "dir": way,
            "start": "right" if way == "rtl" else "left",
            "fonts": look.fonts(language),
            "light": look.light(DEFAULT_ACCENT),
            "dark": look.dark(DEFAULT_ACCENT),
        },
    )


def _linked(line: str) -> Markup:
    parts = [
        Markup('<a href="{0}" dir="ltr">{0}</a>').format(part) if n % 2 else escape(part)
        for n, part in enumerate(_LINK.split(line))
    ]
    return Markup().join(parts)


def _other_way(line: str, way: Direction) -> str:
    """The direction of a line whose first letter is written the other way than the letter: an address of a street in a letter in
    Arabic; else ""."""
    own = next((_STRONG[kind] for kind in map(unicodedata.bidirectional, line) if kind in _STRONG), way)
    return own if own != way and not line.startswith(("http://", "https://")) else ""
