"""An article as staff write it, in plain text, and as WeChat takes it. Pure.

The first line is the title. Below it stand paragraphs with a blank line between two; “## ” before one makes it a heading. The
first paragraph is also the summary that lists show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from publisher.social.networks.wechat.rules import LONGEST_DIGEST

HEADING = "## "


@dataclass(frozen=True)
class Article:
    """`paragraphs` are plain text; one that begins with `HEADING` is a heading."""

    title: str
    paragraphs: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The first paragraph, cut at a sentence or word where it is too long."""
        first = next((each for each in self.paragraphs if not each.startswith(HEADING)), self.title)
        return shortened(" ".join(first.split()), LONGEST_DIGEST)

    @property
    def text(self) -> str:
        """Without the title."""
        return "\n\n".join(each.removeprefix(HEADING) for each in self.paragraphs)

    def html(self) -> tuple[str, str]:
        """The first paragraph and the rest, so that a picture may stand between them. Only p, h2 and br; all else is escaped."""
        made = [_html(each) for each in self.paragraphs]
        return "".join(made[:1]), "".join(made[1:])


def read(text: str) -> Article:
    """The article that a text is; one of a single line says its title again below it."""
    whole = text.replace("\r\n", "\n").strip()
    title, _, rest = whole.partition("\n")
    paragraphs = [each.strip() for each in re.split(r"\n[ \t]*\n", rest.strip())]
    kept = tuple(each for each in paragraphs if each.removeprefix(HEADING.strip()).strip())
    title = title.strip()
    return Article(title, kept or ((title,) if title else ()))


def size(text: str) -> int:
    """Halves of a 字: a sign of ASCII is one, any other two (a sign beyond U+FFFF four)."""
    return sum(1 if sign <= "\x7f" else 4 if sign > "\uffff" else 2 for sign in text)


def shortened(text: str, most: int) -> str:
    """At most so many characters: whole sentences, else words, else cut."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    ends = [match.end() for match in re.finditer(r"[。！？]|[.!?](?= )", cut)]
    if ends and ends[-1] >= most // 2:
        return cut[: ends[-1]]
    words = cut.rpartition(" ")[0] if text[most - 1] != " " else cut
    return f"{words if len(words) >= most // 2 else cut}…"


def _html(paragraph: str) -> str:
    if paragraph.startswith(HEADING):
        return f"<h2>{escape(paragraph.removeprefix(HEADING))}</h2>"
    return f"<p>{escape(paragraph).replace(chr(10), '<br>')}</p>"
