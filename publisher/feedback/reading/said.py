"""What a message says: the result of reading, before anybody asks whose it is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from publisher.audience.tokens import Link
from publisher.feedback.models import Report

LONGEST_SAID = 1000
"""Characters of the other side's words that are kept beside the report; its evidence has them all."""


@dataclass(frozen=True)
class Named:
    """Whom a message names. All but `messages` bear our signature.

    `deliveries`: of return paths (VERP); `letters`: of those of letters to readers outside of editions. `readers`: of links to a
    reader's own pages, as (subscriber, digest); `editions` the same as (subscriber, edition). `leaves`: of the addresses that
    this mail was sent to. `messages`: (edition, delivery) of a Message-ID, which anybody can make up: it tells which delivery of
    a reader, never whose.
    """

    deliveries: tuple[int, ...] = ()
    letters: tuple[int, ...] = ()
    readers: tuple[Link, ...] = ()
    editions: tuple[Link, ...] = ()
    leaves: tuple[Link, ...] = ()
    messages: tuple[tuple[int, int], ...] = ()

    @property
    def is_signed(self) -> bool:
        return bool(self.deliveries or self.letters or self.readers or self.editions or self.leaves)


@dataclass(frozen=True)
class Reading:
    """One message or event in our words.

    `permanent`: whether the other side gave up for a reason that stays; None: it does not say. `recipient` is the address that it
    names, as it claims. `passed_on`: the address that failed is another than the one that it was sent to, as both are named.
    `confirmed`: of a delivery, that it reached the mailbox and was not only relayed. `words_ask`: it asks to leave by its words,
    not by the address that it came to. `form`: which form was recognised.
    """

    kind: Report.Kind
    cause: Report.Cause = Report.Cause.NONE
    permanent: bool | None = None
    code: str = ""
    said: str = ""
    at: datetime | None = None
    recipient: str = ""
    sender: str = ""
    passed_on: bool = False
    confirmed: bool = False
    words_ask: bool = False
    form: str = ""
    named: Named = field(default_factory=Named)
