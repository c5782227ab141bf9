"""The signed time in a form: when its page was made. Programs answer in no time, or send a page that they kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.core.signing import BadSignature

from publisher.core.base36 import base36
from publisher.core.crypto import signer

QUICKEST: Final = timedelta(seconds=3)
"""A person reads and types for longer."""
OLDEST: Final = timedelta(days=1)

_PURPOSE = "sign-up.form"


class Age(StrEnum):
    """Whether the time that passed since the page was made is one that people take."""

    FINE = "fine"
    TOO_QUICK = "too_quick"
    STALE = "stale"


def write(now: datetime) -> str:
    """For a hidden field of a form that is made at `now`."""
    return signer(_PURPOSE).sign(base36(int(now.timestamp()))).replace(":", "~")


def age(stamp: str, *, now: datetime) -> Age:
    """Of a form that is sent at `now`; one that we did not write is stale."""
    try:
        made = int(signer(_PURPOSE).unsign(stamp.replace("~", ":")), 36)
    except (BadSignature, ValueError):
        return Age.STALE
    passed = now.timestamp() - made
    if passed < 0 or passed > OLDEST.total_seconds():
        return Age.STALE
    return Age.TOO_QUICK if passed < QUICKEST.total_seconds() else Age.FINE
