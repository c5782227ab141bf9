"""TIDs: the keys that Bluesky gives its posts, which clients may choose (atproto.com/specs/tid)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tid(now: datetime, clock: int) -> str:
    """13 characters that sort by time: microseconds since 1970 in 53 bits, then the lowest 10 bits of `clock`, which tells
    apart what is made at the same moment."""
    micros = (now - _EPOCH) // timedelta(microseconds=1)
    number = (micros & ((1 << 53) - 1)) << 10 | clock & 1023
    return "".join(_DIGITS[number >> shift & 31] for shift in range(60, -5, -5))
