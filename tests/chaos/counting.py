"""What arrived, held against what the database says: the figures of one scenario."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.db import OperationalError, connection
from django.db.models import Q

from publisher.delivery.models import Delivery
from tests.chaos.world import RecordingSink

OPEN = Q(state__in=("queued", "sending")) | Q(
    state="unknown", held=False, edition__digest__on_unknown="resend", attempts__lt=8
)


@dataclass(frozen=True)
class Figures:
    """`lost`: recipients who got nothing while their row does not say so. `doubled`: messages beyond the first of each
    recipient, `doubled_hold` those of digests that hold. `unknown`: rows that wait for a person. `in_flight_killed`:
    connections that were broken off, by a kill or by the server. `failed`: refused for good, as the server said."""

    kills: int
    recipients: int
    messages: int
    lost: int
    doubled: int
    doubled_hold: int
    unknown: int
    failed: int
    in_flight_killed: int
    seconds: float

    @property
    def promise_kept(self) -> bool:
        return self.lost == 0 and self.doubled_hold == 0 and self.doubled <= self.in_flight_killed

    def as_json(self) -> Mapping[str, object]:
        return asdict(self) | {"promise_kept": self.promise_kept}


def open_rows(edition_ids: Sequence[int]) -> int:
    """Deliveries that can still change by themselves. A database that is away is asked again."""
    while True:
        with contextlib.suppress(OperationalError):
            return Delivery.objects.filter(OPEN, edition__in=edition_ids).count()
        connection.close()
        time.sleep(0.2)


def count(edition_ids: Sequence[int], sink: RecordingSink, *, kills: int, seconds: float) -> Figures:
    """Compare each recipient's row with what the sink took."""
    rows = Delivery.objects.filter(edition__in=edition_ids).values_list(
        "address", "state", "edition__digest__on_unknown"
    )
    arrived: Counter[str] = Counter()
    for (recipient, _key), times in sink.taken.items():
        arrived[recipient] += times
    said = {address: (state, policy) for address, state, policy in rows}
    if strangers := arrived.keys() - said.keys():
        raise AssertionError(f"mail to somebody who is no recipient: {sorted(strangers)[:5]}")
    states = Counter(state for state, _ in said.values())
    silent = {address for address, (state, _) in said.items() if not arrived[address] and state not in HONEST}
    extra = {address: times - 1 for address, times in arrived.items() if times > 1}
    return Figures(
        kills=kills,
        recipients=len(said),
        messages=arrived.total(),
        lost=len(silent),
        doubled=sum(extra.values()),
        doubled_hold=sum(times for address, times in extra.items() if said[address][1] == "hold"),
        unknown=states["unknown"],
        failed=states["failed"],
        in_flight_killed=sink.broken,
        seconds=round(seconds, 1),
    )


HONEST = ("unknown", "failed", "suppressed", "cancelled")
"""States that do not claim that anything arrived."""
