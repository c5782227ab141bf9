"""Which mailbox provider an address belongs to: domains of one provider share its limits. Pure.

A domain that no list knows is its own provider. Who hosts a domain (Google, Microsoft) is not looked up.
"""

from __future__ import annotations

import re
from functools import lru_cache

from publisher.audience.addresses import domain_key

_FAMILIES: dict[str, tuple[str, ...]] = {
    "gmail.com": ("googlemail.com",),
    "outlook.com": ("hotmail.com", "live.com", "msn.com", "passport.com", "windowslive.com"),
    "yahoo.com": ("ymail.com", "rocketmail.com", "aol.com"),
    "icloud.com": ("me.com", "mac.com"),
    "proton.me": ("protonmail.com", "protonmail.ch", "pm.me"),
    "gmx.net": ("gmx.de", "gmx.at", "gmx.ch", "gmx.com", "web.de"),
    "mail.ru": ("inbox.ru", "bk.ru", "list.ru", "internet.ru"),
    "yandex.ru": ("yandex.com", "ya.ru"),
    "qq.com": ("foxmail.com", "vip.qq.com"),
    "163.com": ("126.com", "yeah.net", "188.com", "vip.163.com", "vip.126.com"),
    "sina.com": ("sina.cn", "sina.com.cn", "vip.sina.com"),
}
"""The domains that are one provider's, under the name by which its bucket is known."""

_BY_COUNTRY: dict[str, str] = {
    "hotmail": "outlook.com",
    "live": "outlook.com",
    "outlook": "outlook.com",
    "yahoo": "yahoo.com",
}
"""Providers with a domain for each country: `hotmail.fr`, `yahoo.com.br`."""

_APART = frozenset({"yahoo.co.jp", "yahoo.ne.jp"})
"""Other companies under a known name."""

_COUNTRY = re.compile(r"(?P<name>[a-z]+)\.(?:\*|com|[a-z]{2}|com?\.[a-z]{2})\Z")
_ALIASES = {alias: name for name, aliases in _FAMILIES.items() for alias in aliases}


def bucket_of(address: str) -> str:
    """The provider's name for an address."""
    return bucket_of_domain(address.rpartition("@")[2])


@lru_cache(maxsize=16_384)
def bucket_of_domain(domain: str) -> str:
    """The provider's name for a domain in any script and case; `yahoo.*` stands for all of Yahoo's."""
    name = domain_key(domain).rstrip(".")
    if name in _ALIASES:
        return _ALIASES[name]
    country = _COUNTRY.match(name)
    if country and name not in _APART:
        return _BY_COUNTRY.get(country["name"], name)
    return name
