"""An edition's mail shown in a browser: filled without a person's data, and locked so that it loads its own pictures only.

The desk's preview and the public web version both use it; the preview has its pictures come from here (`with_pictures_at`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from publisher.digests.models import Edition, Variant
from publisher.render import slots
from publisher.render.words import greeting

PERSONAL = "/personal-links"
"""The public page that says why the links to unsubscribe work from one's own mail only."""

_STYLE: Final = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)
_DARK_ONLY: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_SCHEMES: Final = re.compile(r"\b((?:supported-)?color-schemes?)\s*:\s*light dark", re.IGNORECASE)
_SCHEME_TAG: Final = re.compile(
    r"""(<meta\s+name="(?:supported-)?color-schemes?"\s+content=")light dark("[^>]*>)""", re.IGNORECASE
)

_OFFER: Final = re.compile(
    rf"""<a\b[^>]*\bhref="{slots.mark("web_url")}"[^>]*>.*?</a>""", re.DOTALL | re.IGNORECASE
)
_IMAGE: Final = re.compile(r"""<img\b(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""\s+([^\s=>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")

LOCKED = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def html_of(variant: Variant, base_url: str, *, name: str = "") -> str:
    """The mail's HTML with a neutral greeting, or that of a reader of this name; its personal links lead to a page that explains
    them."""
    return slots.join(slots.cut(variant.html, "html"), _values(variant.language, base_url, name))


def page_of(variant: Variant, base_url: str) -> str:
    """`html_of` for the page that the mail offers to read on the web: without that offer, which would lead nowhere else."""
    html = _OFFER.sub("", variant.html)
    return slots.join(slots.cut(html, "html"), _values(variant.language, base_url, ""))


def text_of(variant: Variant, base_url: str, *, name: str = "") -> str:
    """The mail's text part, filled in the same way."""
    return slots.join(slots.cut(variant.text, "text"), _values(variant.language, base_url, name))


def forced(html: str, scheme: Literal["light", "dark"]) -> str:
    """The mail as a program in this colour scheme shows it, whatever the viewer's own is: its rules for dark always hold, or
    never. Only what stands in its style sheets and its `color-scheme` is changed, no text."""
    holds = "all" if scheme == "dark" else "not all"

    def settled(style: re.Match[str]) -> str:
        css = _DARK_ONLY.sub(holds, style[0])
        return _SCHEMES.sub(rf"\1: {scheme}", css)

    return _SCHEME_TAG.sub(rf"\g<1>{scheme}\g<2>", _STYLE.sub(settled, html))


def with_pictures_at(html: str, address_of: Callable[[str], str]) -> str:
    """The mail with its pictures at other addresses: `address_of` is given each and answers the other, or "" for none."""

    def moved(attribute: re.Match[str]) -> str:
        name = attribute[1].lower()
        if name not in ("src", "srcset"):
            return attribute[0]
        address = address_of(unescape((attribute[2] or "").strip("\"'"))) if name == "src" else ""
        return f' src="{escape(address)}"' if address else ""

    return _IMAGE.sub(lambda image: _ATTRIBUTE.sub(moved, image[0]), html)


def without_pictures(html: str) -> str:
    """The mail as programs show it that load no pictures: in their places stand the descriptions."""
    return with_pictures_at(html, lambda _url: "")


def policy(edition: Edition, frame_ancestors: str, *, here: str = "") -> str:
    """The content security policy of such a page: no script, no form, and of pictures those of this edition's items, also from a
    folder of ours (`here`)."""
    urls = edition.edition_items.exclude(item__image_url="").values_list("item__image_url", flat=True)
    pictures = " ".join(dict.fromkeys(filter(None, [here, *map(_source, urls)]))) or "'none'"
    return f"{LOCKED}; img-src {pictures}; frame-ancestors {frame_ancestors}"


def _values(language: str, base_url: str, name: str) -> dict[str, str]:
    personal = base_url.rstrip("/") + PERSONAL
    return {
        "greeting": greeting(language, name),
        "preferences_url": personal,
        "unsubscribe_url": personal,
        "web_url": personal,
        "reader": "",
    }


def _source(url: str) -> str:
    """A picture's address as a CSP source: without query, with `;` and `,` escaped; empty when it is none for the web."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc or not parts.netloc.isascii():
        return ""
    if any(sign in parts.netloc for sign in " ;,'\"*@"):
        return ""
    return f"{parts.scheme}://{parts.netloc}{quote(parts.path, safe='/%:~+&=!$()')}"
