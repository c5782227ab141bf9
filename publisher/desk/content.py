"""What came from outside, made fit to stand inside a page of the desk."""

from __future__ import annotations

import nh3
from markupsafe import Markup

TAGS = {
    *("p", "br", "a", "strong", "b", "em", "i", "u", "s", "sub", "sup", "blockquote", "code", "pre", "hr"),
    *("ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "td", "th", "caption"),
}
HEADINGS = ("h1", "h2", "h4", "h5", "h6")


def shown_html(html: str) -> Markup:
    """An item's body for the desk: cleaned once more, without pictures, with headings that fit below the page's own."""
    cleaned = nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, link_rel="noopener noreferrer nofollow")
    for name in HEADINGS:
        cleaned = cleaned.replace(f"<{name}>", "<h3>").replace(f"</{name}>", "</h3>")
    return Markup(cleaned)  # noqa: S704 - nh3 has just cleaned it


def payload_text(payload: bytes, most: int = 65_536) -> str:
    """A refused entry as text: bytes that are no UTF-8 and control characters become visible marks."""
    text = payload[:most].decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() or sign in "\n\t" else f"\\x{ord(sign):02x}" for sign in text)
