"""How many sign-ups are taken: the setting PUBLISHER_SIGN_UP_LIMITS, for `limits.py`. Pure; read by `config.environment`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

UNITS: Final = {"min": 60, "h": 3600, "day": 86_400}
"""Seconds of each unit of time."""
USUAL: Final = "address=3/day, client=10/h, domain=100/h, all=1000/h, proof=60/h"

_RATE = re.compile(r"(address|client|domain|all|proof)\s*=\s*(\d{1,6})\s*/\s*(min|h|day)")


@dataclass(frozen=True)
class Rate:
    """`count` sign-ups in each stretch of `seconds`."""

    count: int
    seconds: int


@dataclass(frozen=True)
class Rates:
    """For one address, from one client, for one domain, in all; and from how many in all on a proof of work is asked for."""

    address: Rate
    client: Rate
    domain: Rate
    all: Rate
    proof: Rate


def parse_rates(text: str) -> Rates:
    """`client=20/h, all=5000/h`; what is not named is as usual. Raises ValueError."""
    found: dict[str, Rate] = {}
    for pair in filter(None, (each.strip() for each in f"{USUAL},{text}".split(","))):
        match = _RATE.fullmatch(pair)
        if match is None:
            raise ValueError(f"rates such as {USUAL}")
        found[match[1]] = Rate(int(match[2]), UNITS[match[3]])
    return Rates(**found)
