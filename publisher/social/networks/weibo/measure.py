"""How long a text is on Weibo, as the counter of its editor counts (`kit.extra.count` of its scripts).

A UTF-16 unit up to U+00FF is half a character, any other one a whole; the sum is rounded up. A link of at most 140 signs counts
10 characters, each sign above that a half. A link to Weibo itself of at most 41 signs counts as it is written.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks.weibo.rules import Rules

LINK_HALVES = 20
LONG_LINK, OWN_LINK = 140, 41
OWN_HOSTS = frozenset({"weibo.com", "weibo.cn", "www.weibo.com", "t.cn"})

# Only signs that an address may have: Han text right behind a link is text again.
LINK = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%|]+")


def measure(text: str, rules: Rules) -> Measure:
    """`length` and `limit` in Han characters."""
    counted = text.replace("\r\n", "\n").strip()
    links = LINK.findall(counted)
    halves = _halves(LINK.sub("", counted)) + sum(_link_halves(link) for link in links)
    length = (halves + 1) // 2
    if length > rules.limit:
        return Measure(
            length,
            rules.limit,
            False,
            gettext_noop("%(length)s characters too long") % {"length": length - rules.limit},
        )
    if len(links) > rules.links:
        most = gettext_noop("one link") if rules.links == 1 else f"{rules.links} links"
        return Measure(
            length,
            rules.limit,
            False,
            gettext_noop("it holds %(links)s links, and %(most)s may be in it")
            % {"links": len(links), "most": most},
        )
    return Measure(length, rules.limit, length > 0, "" if length else gettext_noop("the text is empty"))


def _halves(text: str) -> int:
    return sum(1 if sign <= "\xff" else 4 if sign > "\uffff" else 2 for sign in text)


def _link_halves(link: str) -> int:
    size = len(link)
    if size > LONG_LINK:
        return size - LONG_LINK + LINK_HALVES
    return size if size <= OWN_LINK and _is_own(link) else LINK_HALVES


def _is_own(link: str) -> bool:
    try:
        return urlsplit(link).hostname in OWN_HOSTS
    except ValueError:
        return False
