"""A world for tests of buckets: a true time, Redis's clock that may be set back, and a memory of all that was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import redis

from publisher.delivery.pacing.buckets import AHEAD, Buckets, Taken, Wish
from publisher.delivery.pacing.limits import Kind, Rate

START = 1_780_000_000_000_000
"""Microseconds: some moment in 2026."""
SECOND = 1_000_000


class World:
    """`us` is the true time in microseconds, `skew` how far Redis's clock is from it."""

    def __init__(self, server: redis.Redis) -> None:
        server.flushall()
        self.server = server
        self.us = START
        self.skew = 0
        self.given: list[list[int]] = []
        self.slots: dict[str, list[int]] = {}
        self.buckets = Buckets(server, self, at=lambda: self.us + self.skew)

    @property
    def now(self) -> datetime:
        return _moment(self.us)

    def lose(self) -> None:
        """Redis is emptied; its clock has gone on since it was last asked."""
        self.server.flushall()
        self.us += 1

    def take(self, rates: Sequence[Rate], wanted: int) -> Taken:
        taken = self.buckets.take(rates, wanted, now=self.now)
        self.given.append([self.us, taken.granted])
        return taken

    def give_back(self, taken: Taken, count: int, entry: list[int]) -> None:
        self.buckets.give_back(taken, count)
        entry[1] -= count

    def reserve(self, wishes: Sequence[Wish]) -> list[list[timedelta]]:
        delays = self.buckets.reserve(wishes, now=self.now)
        for wish, moments in zip(wishes, delays, strict=True):
            slots = self.slots.setdefault(wish.bucket, [])
            slots += [self.us + _us(delay) for delay in moments if delay <= AHEAD]
        return delays

    def sent(self, *, since: datetime, now: datetime) -> Sequence[tuple[datetime, int]]:
        """As the database would know it (`buckets.Recall`)."""
        del now
        return [(_moment(at), count) for at, count in self.given if count and _moment(at) >= since]

    def reserved(self, *, now: datetime) -> Mapping[str, datetime]:
        return {
            bucket: _moment(max(slots))
            for bucket, slots in self.slots.items()
            if slots and _moment(max(slots)) > now
        }


def exceeded(given: Sequence[Sequence[int]], rate: Rate, *, slack_us: int = 0) -> list[tuple[int, int]]:
    """The stretches of time in which more was given than the rate allows; none, if all is well."""
    found = []
    for begin, (first, _) in enumerate(given):
        total = 0
        for last, count in given[begin:]:
            total += count
            if total > _allowed(rate, last - first, slack_us):
                found.append((first, last))
    return found


def too_close(slots: Iterable[int], rate: Rate) -> list[tuple[int, int]]:
    """Neighbouring moments that are nearer than the rate allows."""
    ordered = sorted(slots)
    return [(a, b) for a, b in pairwise(ordered) if b - a < rate.interval_us - 1]


def _allowed(rate: Rate, us: int, slack_us: int) -> int:
    if rate.kind is Kind.ALLOWANCE:
        return rate.count if us < rate.seconds * SECOND else 10**9
    return rate.burst + (us + slack_us) // rate.interval_us


def _moment(us: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=us)


def _us(time: timedelta) -> int:
    return time // timedelta(microseconds=1)
