"""Mail addresses: what is one, and how two are compared. Pure."""

from __future__ import annotations

import re
import unicodedata

import idna

from publisher.core.errors import UserError

MAX_ADDRESS = 254
MAX_LOCAL = 64
_LOCAL = re.compile(r"^[^\s@\x00-\x1f\x7f\"(),:;<>\[\\\]]+$")
_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")


def checked(text: str) -> str:
    """The address in NFC without surrounding space. Raises `UserError` that says what is wrong (RFC 5321, 6531; no quoting)."""
    address = unicodedata.normalize("NFC", text.strip())
    local, at, domain = address.rpartition("@")
    shown = address if len(address) <= 80 else address[:77] + "…"
    if not at or not local or not domain:
        raise UserError(f"{shown!r} is not a mail address.", "It needs a name, an @ and a domain.")
    if len(address.encode()) > MAX_ADDRESS or len(local.encode()) > MAX_LOCAL:
        raise UserError(
            f"{shown!r} is too long for a mail address ({MAX_ADDRESS} bytes, {MAX_LOCAL} before the @)."
        )
    if not _LOCAL.match(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise UserError(f"{shown!r} has characters before the @ that a mail address cannot have.")
    labels = domain_key(domain).split(".")
    if len(labels) < 2 or not all(_LABEL.match(label) for label in labels):
        raise UserError(f"{shown!r} has no valid domain after the @.")
    return address


def key(address: str) -> str:
    """How an address is compared: local part folded, domain as IDNA in lower case. Plus-tags stay: another address."""
    local, _, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local.casefold()}@{domain_key(domain)}"


def domain_key(domain: str) -> str:
    """The ASCII form of a domain in lower case (IDNA 2008, UTS 46: as mail is sent to it); an impossible one as it is."""
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return domain.lower()
