"""Who knocks: the network address of a visitor, through as many proxies as the settings say are ours."""

from __future__ import annotations

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
