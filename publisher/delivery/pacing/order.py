"""Which edition is sent next. Pure; a sender asks before each claim, so that a single alert waits for one claim at most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from publisher.schedule.hours import SendingHours, next_open

SMALL = 200
"""An edition with so few mails left is done in one claim, and goes before larger ones of its priority."""


@dataclass(frozen=True)
class Candidate:
    """An edition in `sending`. `left`: mails that wait, counted up to a few more than `SMALL`; `hours`: when it may be sent.
    `tests`: its tests, which go before everything, at any hour and in whichever state it is.

    `assembled_at` says which of its assemblies is meant, `let_go_at` when a person last let it go (None: nobody had to).
    """

    edition_id: int
    priority: int
    due_at: datetime
    left: int
    hours: SendingHours
    assembled_at: datetime | None = None
    let_go_at: datetime | None = None
    tests: bool = False

    @property
    def urgent(self) -> bool:
        """Whether it may use what is kept free of the providers' rates."""
        return self.tests or self.priority > 0 or self.left <= SMALL


def order(candidates: Iterable[Candidate], now: datetime) -> list[Candidate]:
    """Those that may be sent now, the first one first: tests, then by priority, then small ones, then by due time."""
    open_now = [each for each in candidates if each.tests or next_open(each.hours, now) == now]
    return sorted(
        open_now,
        key=lambda each: (
            not each.tests,
            -each.priority,
            each.left > SMALL,
            each.due_at,
            each.edition_id,
        ),
    )
