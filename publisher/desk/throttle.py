"""The brake on guessing passwords: so many failures for one name from one address, then a wait."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from publisher.desk.models import LoginTry

MOST_FAILURES = 10
PERIOD = timedelta(minutes=15)


def begin(name: str, address: str, *, now: datetime) -> bool:
    """Write down a try before it is made, so that many at once cannot pass; False when there were too many."""
    LoginTry.objects.filter(at__lt=now - PERIOD).delete()
    key = _key(name, address)
    LoginTry.objects.create(key=key, at=now)
    return LoginTry.objects.filter(key=key, at__gte=now - PERIOD).count() <= MOST_FAILURES


def succeeded(name: str, address: str) -> None:
    """Forget the failures of somebody who has proved to be the right one."""
    LoginTry.objects.filter(key=_key(name, address)).delete()


def _key(name: str, address: str) -> bytes:
    return hashlib.sha256(f"{address}\0{name.strip().casefold()}".encode("utf-8", "replace")).digest()
