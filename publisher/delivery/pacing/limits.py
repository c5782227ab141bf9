"""Which limits apply: rates of the mail server and of providers, and the warm-up. Pure; read by `config.environment`.

A rate by the second or minute is a pace: it is spread evenly, with a burst of a fifth of a second. One by the hour or day is an
allowance: it may be used up at once, and is never exceeded in any hour or day, wherever that begins. `buckets.py` keeps both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from math import ceil, log

from publisher.delivery.pacing.providers import bucket_of_domain

DAY = 86_400
UNITS = {"s": 1, "min": 60, "h": 3600, "day": DAY}
"""Seconds of each unit of time that a rate may name."""

MOST_PER_SECOND = 10_000
LEAST_PER_HOUR = 1
BURST_SECONDS = 0.2
MOST_WARM = 1_000_000
"""Messages a day from which a sender counts as warm."""

OTHERS = "*"
"""The provider that stands for each one not named."""

_RATE = re.compile(r"(\d{1,9})\s*/\s*(s|min|h|day)")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_WARMUP = re.compile(r"(\d{4}-\d{2}-\d{2})\s+(\d{1,7})(?:\s+x(\d(?:\.\d{1,2})?))?")
USUAL_GROWTH, LEAST_GROWTH, MOST_GROWTH = 1.3, 1.01, 3.0


class Kind(StrEnum):
    """How a rate is kept."""

    PACE = "pace"
    ALLOWANCE = "allowance"


@dataclass(frozen=True)
class Rate:
    """`count` messages in `seconds` (one of `UNITS`)."""

    count: int
    seconds: int

    @property
    def kind(self) -> Kind:
        return Kind.PACE if self.seconds <= UNITS["min"] else Kind.ALLOWANCE

    @property
    def interval_us(self) -> int:
        """Microseconds from one message to the next when they are spread evenly; never shorter than the rate allows."""
        return ceil(self.seconds * 1_000_000 / self.count)

    @property
    def burst(self) -> int:
        """Messages that may leave at once after a silence, when it is a pace."""
        return max(1, ceil(self.count * BURST_SECONDS / self.seconds))

    @property
    def per_day(self) -> float:
        return self.count * DAY / self.seconds

    def __str__(self) -> str:
        unit = next(name for name, seconds in UNITS.items() if seconds == self.seconds)
        return f"{self.count:,}/{unit}"


@dataclass(frozen=True)
class Warmup:
    """`first` messages on the day `start` (UTC), and `growth` times as many on each day after it."""

    start: date
    first: int
    growth: float = USUAL_GROWTH

    def per_day(self, now: datetime) -> int:
        """Messages allowed in 24 hours; before the first day as many as on it."""
        day = max(0, (now.astimezone(UTC).date() - self.start).days)
        if day * log(self.growth) >= log(MOST_WARM / self.first):
            return MOST_WARM
        return int(self.first * self.growth**day)


@dataclass(frozen=True)
class Limits:
    """What applies. No `server` rates, no `domains`, no `warmup`: as fast as it goes. `domains` is by provider."""

    server: tuple[Rate, ...] = ()
    domains: Mapping[str, Rate] = field(default_factory=dict)
    warmup: Warmup | None = None

    def server_at(self, now: datetime) -> tuple[Rate, ...]:
        """The mail server's rates at `now`, among them the warm-up's until the server's own are lower."""
        warm = self.warmup_at(now)
        if warm is None:
            return self.server
        return (*(rate for rate in self.server if rate.seconds != DAY), warm)

    def warmup_at(self, now: datetime) -> Rate | None:
        """What the warm-up allows at `now`; None without one, and once the server's own rates are lower."""
        if self.warmup is None:
            return None
        allowed = self.warmup.per_day(now)
        if allowed >= min((rate.per_day for rate in self.server), default=MOST_WARM):
            return None
        return Rate(allowed, DAY)

    def of(self, bucket: str) -> Rate | None:
        """The rate of one provider, or None."""
        return self.domains.get(bucket) or self.domains.get(OTHERS)


def parse_rates(text: str) -> tuple[Rate, ...]:
    """`50/s, 50000/day`; empty: none. Raises ValueError that says what was expected."""
    rates = tuple(_rate(word) for word in _words(text))
    if len({rate.seconds for rate in rates}) < len(rates):
        raise ValueError("each unit of time once")
    return rates


def parse_domain_rates(text: str) -> dict[str, Rate]:
    """`gmail.com=20/s, qq.com=200/min, *=100/s` by provider; empty: none. Raises ValueError."""
    rates: dict[str, Rate] = {}
    for word in _words(text):
        domain, equals, rate = word.partition("=")
        if not equals:
            raise ValueError(f"domain=rate such as gmail.com=20/s, and not {word!r}")
        bucket = _bucket(domain.strip())
        if rates.setdefault(bucket, _rate(rate)) != _rate(rate):
            raise ValueError(f"one rate for {bucket}, whose domains share it")
    return rates


def parse_warmup(text: str) -> Warmup | None:
    """`2026-12-01 200` or `2026-12-01 200 x1.5`; empty: none. Raises ValueError."""
    if not text:
        return None
    found = _WARMUP.fullmatch(text)
    if not found:
        raise ValueError(
            "the first day, the messages of that day and, if wanted, the growth: 2026-12-01 200 x1.5"
        )
    growth = float(found[3] or USUAL_GROWTH)
    if not LEAST_GROWTH <= growth <= MOST_GROWTH:
        raise ValueError(f"a growth from x{LEAST_GROWTH:g} to x{MOST_GROWTH:g}")
    first = int(found[2])
    if not 1 <= first <= MOST_WARM:
        raise ValueError(f"1 to {MOST_WARM} messages on the first day")
    try:
        return Warmup(date.fromisoformat(found[1]), first, growth)
    except ValueError as error:
        raise ValueError(f"a day that exists, and not {found[1]}") from error


def _rate(text: str) -> Rate:
    found = _RATE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"a rate such as 50/s, 3000/min, 20000/h or 50000/day, and not {text.strip()!r}")
    rate = Rate(int(found[1]), UNITS[found[2]])
    if rate.count > MOST_PER_SECOND * rate.seconds:
        raise ValueError(f"at most {MOST_PER_SECOND}/s; leave the limit out to have none")
    if rate.count * UNITS["h"] < LEAST_PER_HOUR * rate.seconds:
        raise ValueError(f"at least {LEAST_PER_HOUR}/h; pause the edition to stop it")
    return rate


def _bucket(domain: str) -> str:
    if domain == OTHERS:
        return OTHERS
    bucket = bucket_of_domain(domain)
    if not _DOMAIN.fullmatch(bucket):
        raise ValueError(f"a domain such as gmail.com, yahoo.* or *, and not {domain!r}")
    return bucket


def _words(text: str) -> list[str]:
    return [word for word in (part.strip() for part in text.split(",")) if word]
