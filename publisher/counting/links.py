"""The links of an edition's mails, and its mails with links that lead through us and back again.

A variant is rewritten once, when it is rendered, whoever receives it. Only where people may be counted a slot stands behind each
link (`render.slots`), which is filled for those who agreed and stays empty for all others. The text part keeps its plain links.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from typing import Final

from django.conf import settings

from publisher.counting import tokens
from publisher.counting.models import Link
from publisher.digests.models import Digest, Edition, Variant
from publisher.render import slots

CLICKS: Final = "/l/"
OPENS: Final = "/o/"
"""Where the addresses begin, below the base address. The personal links are short, too."""

_LINK: Final = re.compile(r"""(<a\b(?:[^>"']|"[^"]*"|'[^']*')*?\shref=")([^"]*)(")""", re.IGNORECASE)
_WEB: Final = re.compile(r"https?://[^\s\"<>\\^`{|}\x00-\x1f\x7f]+\Z", re.IGNORECASE)
_BODY_END: Final = re.compile(r"</body>", re.IGNORECASE)
_READER: Final = slots.mark("reader")


def rewriter(edition: Edition) -> Callable[[str], str] | None:
    """What makes a rendered mail one that is counted; None where nothing is: then no mail is touched. `edition` comes with its
    digest."""
    counting = edition.digest.counting
    if counting == Digest.Counting.OFF:
        return None
    behind = f"/{_READER}" if counting == Digest.Counting.PERSONS else ""
    known: dict[str, str] = {}

    def rewritten(html: str) -> str:
        learn(edition.pk, _addresses(html), known)

        def counted(found: re.Match[str]) -> str:
            token = known.get(unescape(found[2]))
            return f"{found[1]}{settings.BASE_URL}{CLICKS}{token}{behind}{found[3]}" if token else found[0]

        return _BODY_END.sub(
            lambda end: _picture(edition.pk, behind) + end[0], _LINK.sub(counted, html), count=1
        )

    return rewritten


def learn(edition_id: int, urls: set[str], known: dict[str, str]) -> None:
    """Add the tokens of these addresses to `known`, of which it has some; rows are made for new ones."""
    new = {hashlib.sha256(url.encode("utf-8", "replace")).digest(): url for url in urls - known.keys()}
    if not new:
        return
    rows = [Link(edition_id=edition_id, key=key, url=url) for key, url in new.items()]
    Link.objects.bulk_create(rows, ignore_conflicts=True)
    made = Link.objects.filter(edition_id=edition_id, key__in=list(new)).values_list("url", "pk")
    known |= {url: tokens.of_link(pk) for url, pk in made}


def leads_to(url: str) -> str:
    """The address if a browser may be sent there: of the web, without anything that ends a header; else ""."""
    return url if _WEB.match(url) else ""


def plain(html: str, edition_id: int) -> str:
    """A mail as it was before it was made one that is counted: for previews, and for the web version, which nobody counts."""
    if CLICKS not in html and OPENS not in html:
        return html
    targets = dict(Link.objects.filter(edition_id=edition_id).values_list("pk", "url"))
    html = _LINK.sub(lambda found: found[1] + _plain(found[2], targets) + found[3], html)
    return _picture_of(edition_id).sub("", html)


def plain_variant(variant: Variant) -> Variant:
    """The same variant, not to be saved, with its plain links."""
    variant.html = plain(variant.html, variant.edition_id)
    return variant


def _plain(address: str, targets: Mapping[int, str]) -> str:
    _base, found, rest = address.rpartition(CLICKS)
    link_id = tokens.link_in(rest.partition("/")[0]) if found else None
    url = targets.get(link_id) if link_id else None
    return escape(url, quote=True) if url else address


def _addresses(html: str) -> set[str]:
    """What its links lead to, but for those of each recipient's own."""
    found = (unescape(match[2]) for match in _LINK.finditer(html) if slots.PREFIX not in match[2])
    return {url for url in found if leads_to(url)}


def _picture(edition_id: int, behind: str) -> str:
    address = f"{settings.BASE_URL}{OPENS}{tokens.of_opens(edition_id)}{behind}"
    return f'<img src="{address}" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">'


def _picture_of(edition_id: int) -> re.Pattern[str]:
    """The picture that counts opens, however its base address was."""
    token = re.escape(f"{OPENS}{tokens.of_opens(edition_id)}")
    return re.compile(rf"""<img src="[^"]*{token}(?:/{_READER})?" width="1" height="1"[^>]*>""")
