"""What a screen reader, and a program that shows no pictures, find in a mail's HTML. Pure: markup in, an outline out."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Outline:
    """`headings` are levels in order; `bare_tables` lay out the page without saying so; `silent_links` have nothing to read;
    `undescribed` pictures have no `alt` at all (an empty one says that a picture is decoration)."""

    language: str = ""
    title: str = ""
    headings: list[int] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    bare_tables: int = 0
    silent_links: int = 0
    pictures: int = 0
    undescribed: int = 0

    @property
    def skips_a_level(self) -> bool:
        """Whether a heading lies more than one level below the one before it."""
        return any(
            after - before > 1 for before, after in zip([0, *self.headings], self.headings, strict=False)
        )


def outline_of(html: str) -> Outline:
    """The outline of a whole mail."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Outline()
        self._in_title = False
        self._link: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.found.language = given.get("lang", "")
        elif tag == "title":
            self._in_title = True
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self.found.headings.append(int(tag[1]))
        elif tag == "table" and given.get("role") not in ("presentation", "none"):
            self.found.bare_tables += 1
        elif tag == "img":
            self._picture(given)
        elif tag == "a":
            self._link = ""
            self.found.links.append(given.get("href", ""))

    def _picture(self, given: dict[str, str]) -> None:
        self.found.pictures += 1
        self.found.undescribed += "alt" not in given
        if self._link is not None:
            self._link += given.get("alt", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag == "a" and self._link is not None:
            self.found.silent_links += not self._link.strip()
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.found.title += data
        if self._link is not None:
            self._link += data
