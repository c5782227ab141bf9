"""What the large mailbox providers bear, and how a rate stands to it. Pure.

Complaints: Gmail and Yahoo ask for less than 0.1 % and never 0.3 % (https://support.google.com/a/answer/81126,
https://senders.yahooinc.com/best-practices/). Bounces: a sending provider such as Amazon SES looks into an account at 5 % and
stops it at 10 % (https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LEAST_SENT: Final = 100
"""Of fewer messages a rate says little: one complaint among twenty is 5 %."""


class Standing(StrEnum):
    """How a rate stands to its limit."""

    FEW = "few"
    GOOD = "good"
    NEAR = "near"
    OVER = "over"


@dataclass(frozen=True)
class Limit:
    """A rate as a share of what was sent: from `near` on it wants attention, from `over` on providers punish."""

    near: float
    over: float

    def standing(self, part: int, sent: int) -> Standing:
        """Of `part` among `sent` messages."""
        if sent < LEAST_SENT:
            return Standing.FEW
        rate = part / sent
        if rate >= self.over:
            return Standing.OVER
        return Standing.NEAR if rate >= self.near else Standing.GOOD


COMPLAINTS: Final = Limit(near=0.001, over=0.003)
BOUNCES: Final = Limit(near=0.02, over=0.05)
