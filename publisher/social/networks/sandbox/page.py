"""The sandbox network as people see it: the timeline, an account, a post. Pure: posts in, HTML out."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from publisher.social.networks.sandbox.store import Post

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "timeline.css").read_text(encoding="utf-8")
MOST_SHOWN = 100
COLOURS = 8

_WORDS = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)\]。，；：！？）】]|(?<![\w&])[#＃][^\W\d_][\w]*)")
_pages = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Person:
    """An account with its picture: initials on one of a few colours."""

    name: str
    posts: int

    @property
    def initials(self) -> str:
        """Two for words with spaces between, one for Chinese and its like."""
        words = [word for word in self.name.split() if unicodedata.category(word[0])[0] in "LN"]
        if not words:
            return "?"
        wide = unicodedata.east_asian_width(words[0][0]) in "WF"
        return words[0][0] if wide else "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()

    @property
    def colour(self) -> int:
        return zlib.crc32(self.name.encode()) % COLOURS


@dataclass(frozen=True)
class Shown:
    """A post with what the page says of it."""

    post: Post
    person: Person
    now: datetime

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.post.created_at)

    @property
    def when(self) -> str:
        """How long ago, or the date."""
        return ago(self.now - self.at) or f"{self.at.day} {self.at:%B %Y}"

    @property
    def exactly(self) -> str:
        return f"{self.at.astimezone(UTC):%d %B %Y, %H:%M:%S} UTC"

    @property
    def text(self) -> Markup:
        """The text with links and tags marked. A link at the end is left to the card."""
        text = self.post.text
        if self.post.link and self.post.card_title:
            text = text.removesuffix(self.post.link).rstrip()
        return marked(text)

    @property
    def host(self) -> str:
        return (urlsplit(self.post.link).hostname or "").removeprefix("www.")


def timeline(posts: Sequence[Post], *, now: datetime, account: str = "", single: bool = False) -> str:
    """The page of `posts` (newest first): all, those of `account`, or a `single` one."""
    counts = Counter(post.account for post in posts)
    people = {name: Person(name, count) for name, count in counts.items()}
    chosen = [post for post in posts if not account or post.account == account]
    return _pages.get_template("timeline.html.j2").render(
        shown=[Shown(post, people[post.account], now) for post in chosen[:MOST_SHOWN]],
        people=sorted(people.values(), key=lambda person: (-person.posts, person.name)),
        account=account,
        single=single,
        total=len(chosen),
    )


def ago(past: timedelta) -> str:
    """“5 min ago”; empty after a week."""
    seconds = int(past.total_seconds())
    if seconds < 60:
        return "just now"
    for most, unit, word in ((3600, 60, "min"), (86400, 3600, "h"), (7 * 86400, 86400, "d")):
        if seconds < most:
            return f"{seconds // unit} {word} ago"
    return ""


def marked(text: str) -> Markup:
    """Plain text as HTML: links can be followed, tags are coloured, everything else is escaped."""
    pieces = []
    for place, piece in enumerate(_WORDS.split(text)):
        if place % 2 == 0:
            pieces.append(escape(piece))
        elif piece.startswith("http"):
            pieces.append(
                Markup('<a href="{0}" rel="nofollow noopener">{1}</a>').format(
                    piece, piece.partition("//")[2]
                )
            )
        else:
            pieces.append(Markup('<span class="tag">{0}</span>').format(piece))
    return Markup("").join(pieces)
