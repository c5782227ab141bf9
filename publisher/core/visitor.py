"""Who knocks: the network address of a visitor, through as many proxies as the settings say are ours."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True)
class Visitor:
    """`address` is the visitor's own, unless not `known`: then it is that of a proxy, which many share."""

    address: str
    known: bool


def visitor(request: HttpRequest, *, proxies: int) -> Visitor:
    """Each proxy of ours adds the address that it saw to the right of X-Forwarded-For.

    What stands further left anybody can invent.
    """
    direct = request.META.get("REMOTE_ADDR", "")
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(passed) >= proxies:
        return Visitor(passed[-proxies], known=True)
    return Visitor(direct, known=not passed)


def place(address: str) -> str:
    """From where somebody knocks, as it is counted: an IPv6 address without its last half, which everybody chooses freely; an
    IPv4 address however it is written."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
