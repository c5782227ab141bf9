"""Mail addresses: what is one, and how two are compared. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import idna
from django.utils.translation import gettext

from publisher.core.errors import UserError

MAX_ADDRESS = 254
MAX_LOCAL = 64
MAX_KEY = 320
"""Characters of a key: folding and IDNA may make it longer than the address."""
# Not before the @: blanks, controls, halves of characters, what is invisible, turns the direction or stands
# for damage, and what needs quoting.
_LOCAL = re.compile(
    r"[^\s@\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffd\"(),:;<>\[\\\]]+"
)
_DOTS_DO_NOT_COUNT = ("gmail.com", "googlemail.com")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# The usual address: ASCII letters, digits and `._+-` before the @, which is all that the long way would find fault with.
# No possessive groups: Python 3.11.2, which Debian 12 has, takes “a.” for one.
_PLAIN = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:(?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
)


def checked(text: str) -> str:
    """The address in NFC without surrounding space. Raises `UserError` that says what is wrong (RFC 5321, 6531; no quoting)."""
    address = unicodedata.normalize("NFC", text.strip())
    local, at, domain = address.rpartition("@")
    shown = address if len(address) <= 80 else address[:77] + "…"
    if not at or not local or not domain:
        raise UserError(
            gettext("%(shown)s is not a mail address.") % {"shown": f"{shown!r}"},
            gettext("It needs a name, an @ and a domain."),
        )
    if len(address.encode(errors="replace")) > MAX_ADDRESS or len(local.encode(errors="replace")) > MAX_LOCAL:
        raise UserError(
            gettext(
                "%(shown)s is too long for a mail address (%(max_address)s bytes, %(max_local)s "
                "before the @)."
            )
            % {"shown": f"{shown!r}", "max_address": MAX_ADDRESS, "max_local": MAX_LOCAL}
        )
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise UserError(
            gettext("%(shown)s has characters before the @ that a mail address cannot have.")
            % {"shown": f"{shown!r}"}
        )
    labels = domain_key(domain).split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UserError(gettext("%(shown)s has no valid domain after the @.") % {"shown": f"{shown!r}"})
    if len(key(address)) > MAX_KEY:
        raise UserError(
            gettext("%(shown)s is too long as mail is sent to it (%(max_key)s characters).")
            % {"shown": f"{shown!r}", "max_key": MAX_KEY}
        )
    return address


def checked_with_key(text: str) -> tuple[str, str]:
    """`checked(text)` and `key` of it, a microsecond each for plain ASCII: what imports call for every row."""
    if len(text) <= MAX_ADDRESS and _PLAIN.fullmatch(text):
        return text, text.lower()
    address = checked(text)
    return address, key(address)


def key(address: str) -> str:
    """How an address is compared: local part folded, domain as IDNA in lower case. Plus-tags stay: another address."""
    local, _, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local.casefold()}@{domain_key(domain)}"


def mailbox_key(address: str) -> str:
    """The mailbox behind an address, as far as one can tell: without what stands behind a plus, and at Gmail without dots. Only
    to count how often a mailbox is written to: two people may share it."""
    local, _, domain = key(address).rpartition("@")
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if domain in _DOTS_DO_NOT_COUNT else local}@{domain}"


def domain_key(domain: str) -> str:
    """The ASCII form of a domain in lower case (IDNA 2008, UTS 46: as mail is sent to it); an impossible one as it is."""
    return domain.lower() if domain.isascii() else _international(domain)


@lru_cache(maxsize=4096)
def _international(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return domain.lower()
