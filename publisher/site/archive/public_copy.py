"""From a reader's own web version of an edition to the page of it that is for everybody, where there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Final

from publisher.archive import editions, pictures, shown
from publisher.archive.editions import Gone
from publisher.core import clock
from publisher.digests import webview
from publisher.digests.models import Variant
from publisher.render.words import base, direction
from publisher.site.archive.page import absolute
from publisher.site.page import DEFAULT
from publisher.site.words import WORDS

_BODY: Final = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class PublicCopy:
    """`pictures`: by their own address those that come from here, from below `folder`."""

    address: str
    folder: str
    pictures: dict[str, str]
    language: str


def of(variant: Variant) -> PublicCopy | None:
    """The public page of the edition in the variant's language; None when there is none."""
    row, language = variant.edition, variant.language
    digest = editions.digest_of(row.digest.slug)
    if digest is None or row.number is None or isinstance(editions.found(digest, row.number), Gone):
        return None
    one = shown.shown(row, language, now=clock.now()) if language in editions.languages_of(digest) else None
    if one is None:
        return None
    have = pictures.stored([each.picture for each in one.items if each.picture])
    place = (digest.slug, row.number)
    return PublicCopy(
        address=absolute("site:archive-edition", *place, language),
        folder=absolute("site:archive-picture", *place, "x").removesuffix("x"),
        pictures={
            each.view.image_url: absolute("site:archive-picture", *place, each.picture)
            for each in one.items
            if each.picture in have
        },
        language=language,
    )


def linked(html: str, public: PublicCopy) -> str:
    """A mail's page with a way to the public one above it, and with the pictures that are kept here from here."""
    code = base(public.language) if base(public.language) in WORDS else DEFAULT
    way = (
        f'<p lang="{code}" dir="{direction(code)}" style="margin:0;padding:14px;text-align:center;font:15px/1.5 sans-serif">'
        f'<a href="{escape(public.address)}">{escape(WORDS[code]["archive_public"])}</a></p>'
    )
    html = webview.with_pictures_at(html, lambda url: public.pictures.get(url, url))
    return _BODY.sub(lambda body: body[0] + way, html, count=1)
