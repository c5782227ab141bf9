"""Addresses of people for those who may not read them, and for what is kept for ever: enough is left to tell one row from
another. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode

_LOCAL = r"[^\s<>\"'(),:;=/+@]"
_ADDRESS = re.compile(rf"{_LOCAL}{{1,64}}(?:\+{_LOCAL}{{0,64}}){{0,8}}@(?=[^\s<>\"'(),:;]+)")
"""No part before the @ has more than 64 characters; without a bound a long text would take for ever."""


def masked(address: str) -> str:
    """`m…@example.org` of `mira@example.org`; what is no address stays as it is."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}" if at and local else address


def masked_text(text: str) -> str:
    """The same of every address within a text, such as an answer of a mail server."""
    return _ADDRESS.sub(lambda found: f"{found[0][0]}…@", text) if "@" in text else text


def masked_query(query: str) -> str:
    """The same of a query string, in which an address, or the beginning of one, is what somebody searched for."""
    pairs = parse_qsl(query, keep_blank_values=True)
    told = urlencode([(name, _searched(name, value)) for name, value in pairs])
    return told.replace(quote("…"), "…").replace(quote("@"), "@")


def _searched(name: str, value: str) -> str:
    return f"{value[:1]}…" if name in _ADDRESS_FIELDS and value else masked_text(value)


_ADDRESS_FIELDS = ("address", "email")
