"""An edition's mail shown in a browser: filled without a person's data, and locked so that it loads its own pictures only.

The desk's preview and the public web version both use it.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from publisher.digests.models import Edition, Variant
from publisher.render import slots
from publisher.render.words import greeting

PERSONAL = "/personal-links"
"""The public page that says why the links to unsubscribe work from one's own mail only."""

LOCKED = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def html_of(variant: Variant, base_url: str) -> str:
    """The mail's HTML with a neutral greeting; its personal links lead to a page that explains them."""
    return slots.join(slots.cut(variant.html, "html"), _values(variant.language, base_url))


def text_of(variant: Variant, base_url: str) -> str:
    """The mail's text part, filled in the same way."""
    return slots.join(slots.cut(variant.text, "text"), _values(variant.language, base_url))


def policy(edition: Edition, frame_ancestors: str) -> str:
    """The content security policy of such a page: no script, no form, and of pictures those of this edition's items."""
    urls = edition.edition_items.exclude(item__image_url="").values_list("item__image_url", flat=True)
    pictures = " ".join(dict.fromkeys(filter(None, map(_source, urls)))) or "'none'"
    return f"{LOCKED}; img-src {pictures}; frame-ancestors {frame_ancestors}"


def _values(language: str, base_url: str) -> dict[str, str]:
    personal = base_url.rstrip("/") + PERSONAL
    return {
        "greeting": greeting(language),
        "preferences_url": personal,
        "unsubscribe_url": personal,
        "web_url": personal,
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
