"""When a program that died by itself is started again. Pure; times are seconds of a monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
LIVED_WELL = 60.0  # a program that ran this long begins anew with the shortest wait


@dataclass(frozen=True)
class History:
    """How often in a row a program died early."""

    early_deaths: int = 0

    def after_death(self, lived: float) -> History:
        return History(1 if lived >= LIVED_WELL else self.early_deaths + 1)

    @property
    def wait(self) -> float:
        """Seconds to wait before the next start: 1, 2, 4, … 30."""
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** max(0, self.early_deaths - 1))
