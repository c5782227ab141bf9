"""The brake on guessing passwords: so many failures for one name from one place, or from one place at all, then a wait.

A name alone is never locked: whoever knows it could keep its owner out.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from publisher.core.visitor import Visitor
from publisher.desk.models import LoginTry

MOST_FAILURES = 10
MOST_FROM_ONE_PLACE = 100
"""Of all names together: an office behind one address has many people, a guesser has many names."""
PERIOD = timedelta(minutes=15)


def begin(name: str, visitor: Visitor, *, now: datetime) -> bool:
    """Write down a try before it is made, so that many at once cannot pass; False when there were too many.

    Behind a proxy that the settings do not know all people seem to knock at one place: then only the name's failures there
    count, or one guesser would keep everybody out. A refused try is not written down: the wait ends whoever goes on trying.
    """
    LoginTry.objects.filter(at__lt=now - PERIOD).delete()
    limits = {_key(name, visitor.address): MOST_FAILURES}
    if visitor.known:
        limits[_key("", visitor.address)] = MOST_FROM_ONE_PLACE
    tries = [LoginTry.objects.create(key=key, at=now) for key in limits]
    allowed = all(LoginTry.objects.filter(key=key).count() <= most for key, most in limits.items())
    if not allowed:
        LoginTry.objects.filter(pk__in=[row.pk for row in tries]).delete()
    return allowed


def succeeded(name: str, visitor: Visitor) -> None:
    """Forget the failures of somebody who has proved to be the right one."""
    LoginTry.objects.filter(key=_key(name, visitor.address)).delete()
    own = LoginTry.objects.filter(key=_key("", visitor.address)).order_by("-id").values("id")[:1]
    LoginTry.objects.filter(id__in=own).delete()


def _key(name: str, address: str) -> bytes:
    return hashlib.sha256(f"{_place(address)}\0{name.strip().casefold()}".encode("utf-8", "replace")).digest()


def _place(address: str) -> str:
    """An IPv6 address without its last half, which everybody chooses for themselves."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
