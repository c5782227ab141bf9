"""Mail addresses as they go on the wire and into headers. What could break out of either is refused here."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import idna
from django.utils.translation import gettext_noop

MAX_LOCAL = 64
MAX_ADDRESS = 254
"""Octets; RFC 5321 section 4.5.3.1 with the correction of RFC 3696 erratum 1690."""

# Printable, and nothing that ends or quotes a path: < > ( ) [ ] , ; : \ " and spaces of every script.
_FORBIDDEN = re.compile(
    r"""[\x00-\x20\x7f-\xa0"(),:;<>@\[\\\]]"""
    r"|[\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ud800-\udfff]"
)
_ASCII_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\Z",
    re.IGNORECASE,
)


# Nothing in it that `parse_address` would refuse or change, whatever its length allows: see `is_usual`.
_USUAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*\Z")
_USUAL_LENGTH = 63


class BadAddress(ValueError):
    """Not an address that mail can be sent to; the text says why."""


class Address(NamedTuple):
    """A local part as written and a domain in ASCII (A-labels)."""

    local: str
    domain: str

    @property
    def needs_smtputf8(self) -> bool:
        """Whether servers on the way must know RFC 6531. A domain alone never needs it."""
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def is_usual(text: str) -> bool:
    """Whether this is an address that `parse_address` leaves as it is; most are. Asked at every message: a third of the cost."""
    return len(text) <= _USUAL_LENGTH and _USUAL.match(text) is not None


@lru_cache(maxsize=1024)  # header and envelope of one message ask for the same address
def parse_address(text: str) -> Address:
    """Check `local@domain`.

    A domain in another script becomes ASCII (IDNA 2008, UTS 46). Raises BadAddress.
    """
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise BadAddress(gettext_noop("the address is not of the form name@domain"))
    if _FORBIDDEN.search(local):
        raise BadAddress(
            gettext_noop(
                "the address holds a space, a control character or a sign that addresses cannot hold"
            )
        )
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise BadAddress(gettext_noop("the part before the @ begins or ends with a dot, or has two in a row"))
    if len(local.encode()) > MAX_LOCAL:
        raise BadAddress(
            gettext_noop("the part before the @ is longer than %(most)s bytes") % {"most": MAX_LOCAL}
        )
    address = Address(local, ascii_domain(domain))
    if len(local.encode()) + 1 + len(address.domain) > MAX_ADDRESS:
        raise BadAddress(gettext_noop("the address is longer than %(most)s bytes") % {"most": MAX_ADDRESS})
    return address


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """The domain in ASCII. Raises BadAddress when it is no domain name."""
    if domain.isascii():
        if not _ASCII_DOMAIN.match(domain):
            raise BadAddress(gettext_noop("what stands behind the @ is not a domain name"))
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise BadAddress(gettext_noop("what stands behind the @ is not a domain name")) from error


def verp(token: str, domain: str, *, prefix: str = "bounce") -> str:
    """The return path whose bounces name their delivery: `bounce+TOKEN@domain` (VERP).

    `token` is letters, digits, `-`, `_`, `=` and single dots; raises BadAddress for another or a long one.
    """
    if not re.fullmatch(r"[A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_=-]+)*", token):
        raise BadAddress(
            gettext_noop("a return path's token is made of letters, digits, -, _, = and single dots")
        )
    return str(parse_address(f"{prefix}+{token}@{domain}"))
