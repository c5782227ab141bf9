"""The buckets in Redis that all workers on all hosts take from: of the mail server, and of each provider.

Each question is one script and one round trip (`lua/`). They go by Redis's clock, so hosts need not agree about the time; a
clock set back opens nothing. What Redis has forgotten is asked of `Recall`, so that its loss makes mail slower and never
faster. Called by `pacer.py`, which also knows what to do while Redis is away: every method may raise `redis.RedisError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import redis

from publisher.delivery.pacing.limits import Kind, Rate

PARTS = 48
"""Stretches into which an hour or a day is cut to count what was sent in it."""

AHEAD = timedelta(seconds=60)
"""A moment is reserved at most so long before it: an edition that is cancelled holds the next one up no longer."""
SOON = timedelta(seconds=1)
"""A reserved moment so near is now: less than it takes to put a row back and to claim it again."""
ASKS_BY = timedelta(hours=1)
"""Whoever gets no moment asks again by then at the latest."""

CLOCK = "publisher:pacing:clock"
_LUA = Path(__file__).parent / "lua"
_TRIES = 3


class Recall(Protocol):
    """What else knows what was sent and reserved (`evidence.py`: the database)."""

    def sent(self, *, since: datetime, now: datetime) -> Sequence[tuple[datetime, int]]:
        """Messages sent since then: stretches of time by an instant in each, and how many."""

    def reserved(self, *, now: datetime) -> Mapping[str, datetime]:
        """The last moment that is reserved, by provider."""


@dataclass(frozen=True)
class Taken:
    """What the mail server's limits allow now. `wait` is until it is worth to ask again, when nothing was granted.

    `held_by` is the rate that allowed less than was asked for.
    """

    granted: int
    wait: timedelta = timedelta(0)
    held_by: Rate | None = None
    rates: tuple[Rate, ...] = ()
    clock_us: int = 0


@dataclass(frozen=True)
class Wish:
    """Moments that messages to one provider need. `urgent` ones may also use the tenth of its rate that is kept free."""

    bucket: str
    rate: Rate
    count: int
    urgent: bool = False

    @property
    def step(self) -> timedelta:
        """From one moment to the next, when nobody else has wishes."""
        return timedelta(microseconds=self.rate.interval_us) * (1 if self.urgent else 10 / 9)


class Buckets:
    """The scripts, ready to be asked. `at` is a clock in microseconds for tests; Redis has its own."""

    def __init__(self, server: redis.Redis, recall: Recall, *, at: Callable[[], int] | None = None) -> None:
        self._recall = recall
        self._at = at
        self._known: tuple[str, Mapping[str, datetime]] = ("", {})
        clock = (_LUA / "clock.lua").read_text(encoding="utf-8")
        self._scripts = {
            name: server.register_script(clock + (_LUA / f"{name}.lua").read_text(encoding="utf-8"))
            for name in ("take", "give_back", "recall", "reserve", "line_up", "leave")
        }

    def take(self, rates: Sequence[Rate], wanted: int, *, now: datetime) -> Taken:
        """Take up to `wanted` from all rates of the mail server at once: what the least of them allows."""
        keys = [_server_key(rate) for rate in rates]
        args = [wanted, PARTS, *(part for rate in rates for part in _as_arguments(rate))]
        for _ in range(_TRIES):
            granted, wait_us, held_by, clock_us = self._run("take", keys, args)
            if granted >= 0:
                held = rates[held_by - 1] if held_by else None
                return Taken(granted, timedelta(microseconds=wait_us), held, tuple(rates), clock_us)
            self._tell(rates[held_by - 1], now)
        raise redis.RedisError("Redis forgets what it is told")

    def give_back(self, taken: Taken, count: int) -> None:
        """Give back `count` of what was taken and not used."""
        keys = [_server_key(rate) for rate in taken.rates]
        rates = (part for rate in taken.rates for part in _as_arguments(rate))
        self._run("give_back", keys, [count, taken.clock_us, *rates])

    def leave(self, paces: Sequence[Rate], count: int, *, longest: timedelta) -> timedelta:
        """How long messages that were taken wait until `count` of them may leave together; that moment is theirs. Less than
        nothing: minus that time, as it is more than `longest`; no moment is theirs."""
        keys = [f"{_server_key(rate)}:leaving" for rate in paces]
        widths = (part for rate in paces for part in (rate.burst, rate.interval_us))
        return timedelta(microseconds=self._run("leave", keys, [count, _us(longest), *widths]))

    def reserve(self, wishes: Sequence[Wish], *, now: datetime) -> list[list[timedelta]]:
        """Reserve the next free moments, in order; how long from now each is. Nobody else gets the same ones. One that is
        farther than `AHEAD` is not reserved; it says when there is a free one."""
        keys = [key for wish in wishes for key in _lane_keys(wish.bucket)]
        for _ in range(_TRIES):
            born, reserved = self._known
            args: list[Any] = [born, _us(AHEAD), _us(SOON)]
            for wish in wishes:
                ahead = max(timedelta(0), reserved.get(wish.bucket, now) - now)
                args += [wish.count, wish.rate.interval_us, _us(ahead)]
                args.append(int(wish.urgent))
            said, *delays = self._run("reserve", keys, args)
            if said == b"ok":
                return _dealt(wishes, [timedelta(microseconds=delay) for delay in delays])
            self._known = (delays[0].decode(), self._recall.reserved(now=now))
        raise redis.RedisError("Redis forgets what it is told")

    def line_up(self, line: str, count: int, *, step: timedelta, begin: timedelta) -> timedelta:
        """Put `count` messages without a moment at the end of a line, `step` apart, not before `begin` from now; how long from
        now the first shall ask again. After `ASKS_BY` they are no longer apart."""
        first = self._run("line_up", [_line_key(line)], [_us(begin), count, _us(step), _us(ASKS_BY)])
        return timedelta(microseconds=first)

    def _tell(self, rate: Rate, now: datetime) -> None:
        sent = self._recall.sent(since=now - timedelta(seconds=rate.seconds), now=now)
        counts = [part for at, count in sent for part in (max(0, _us(now - at)), count)]
        self._run("recall", [_server_key(rate)], [_width_us(rate), PARTS, *counts])

    def _run(self, name: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        moment = self._at() if self._at else ""
        return self._scripts[name](keys=[CLOCK, *keys], args=[moment, *args])


def _dealt(wishes: Sequence[Wish], delays: list[timedelta]) -> list[list[timedelta]]:
    dealt, begin = [], 0
    for wish in wishes:
        dealt.append(delays[begin : begin + wish.count])
        begin += wish.count
    return dealt


def _as_arguments(rate: Rate) -> tuple[str, int, int]:
    if rate.kind is Kind.PACE:
        return rate.kind.value, rate.burst, rate.interval_us
    return rate.kind.value, rate.count, _width_us(rate)


def _width_us(rate: Rate) -> int:
    return rate.seconds * 1_000_000 // PARTS


def _server_key(rate: Rate) -> str:
    """Not by the rate: another number for the same unit of time goes on with what was counted."""
    return f"publisher:pacing:server:{rate.seconds}"


def _lane_keys(bucket: str) -> tuple[str, str]:
    return f"publisher:pacing:lane:{bucket}", f"publisher:pacing:lane:{bucket}:urgent"


def _line_key(line: str) -> str:
    return f"publisher:pacing:line:{line}"


def _us(time: timedelta) -> int:
    return time // timedelta(microseconds=1)
