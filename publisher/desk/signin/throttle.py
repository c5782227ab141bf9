"""The brake on guessing: so many failures for one name from one place, or from one place at all, then a wait.

A name alone is never locked at the password: whoever knows it could keep its owner out. At the second step a person is, after
more failures than one place could make: only somebody who has the password gets that far.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from publisher.core.visitor import Visitor, place
from publisher.desk.models import LoginTry

MOST_FAILURES = 10
MOST_FROM_ONE_PLACE = 100
"""Of all names together: an office behind one address has many people, a guesser has many names."""
MOST_BEHIND_A_PROXY = 1_000
"""The same where all people may come from one address: behind a proxy that the settings do not know. Anybody can pretend to come
through one by a header, so that no limit at all would be a way around the other."""
MOST_SECOND_STEPS = 20
"""Of one person from all places together: a code has six digits, and three are good at any moment."""
PERIOD = timedelta(minutes=15)


def begin(name: str, visitor: Visitor, *, now: datetime) -> bool:
    """Write down a try before it is made, so that many at once cannot pass; False when there were too many.

    Behind a proxy that the settings do not know all people seem to knock at one place: then many more failures of all names
    are let pass, or one guesser would soon keep everybody out. A refused try is not written down: the wait ends whoever goes on
    trying.
    """
    limits = {_key(name, visitor.address): MOST_FAILURES}
    limits[_key("", visitor.address)] = MOST_FROM_ONE_PLACE if visitor.known else MOST_BEHIND_A_PROXY
    return _begin(limits, now)


def begin_second_step(user_id: int, visitor: Visitor, *, now: datetime) -> bool:
    """The same for a code of the second step, counted for the person from everywhere, too."""
    limits = {
        _key(_second(user_id), visitor.address): MOST_FAILURES,
        _key(_second(user_id), ""): MOST_SECOND_STEPS,
    }
    return _begin(limits, now)


def succeeded(name: str, visitor: Visitor) -> None:
    """Forget the failures of somebody who has proved to be the right one."""
    LoginTry.objects.filter(key=_key(name, visitor.address)).delete()
    own = LoginTry.objects.filter(key=_key("", visitor.address)).order_by("-id").values("id")[:1]
    LoginTry.objects.filter(id__in=own).delete()


def second_step_succeeded(user_id: int, visitor: Visitor) -> None:
    """Forget the person's failures at the second step: here, and this one of all places."""
    LoginTry.objects.filter(key=_key(_second(user_id), visitor.address)).delete()
    own = LoginTry.objects.filter(key=_key(_second(user_id), "")).order_by("-id").values("id")[:1]
    LoginTry.objects.filter(id__in=own).delete()


def _begin(limits: Mapping[bytes, int], now: datetime) -> bool:
    LoginTry.objects.filter(at__lt=now - PERIOD).delete()
    tries = [LoginTry.objects.create(key=key, at=now) for key in limits]
    allowed = all(LoginTry.objects.filter(key=key).count() <= most for key, most in limits.items())
    if not allowed:
        LoginTry.objects.filter(pk__in=[row.pk for row in tries]).delete()
    return allowed


def _second(user_id: int) -> str:
    return f"second-step:{user_id}"


def _key(name: str, address: str) -> bytes:
    return hashlib.sha256(f"{place(address)}\0{name.strip().casefold()}".encode("utf-8", "replace")).digest()
