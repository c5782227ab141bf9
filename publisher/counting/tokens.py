"""What stands in the addresses that are counted. All are signed; none holds an address, and none names its target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from publisher.audience import tokens
from publisher.audience.tokens import NOBODY, Purpose


@dataclass(frozen=True)
class Reader:
    """A subscriber who agreed to be counted, in the mails of one edition."""

    subscriber_id: int
    edition_id: int


def of_link(link_id: int) -> str:
    return tokens.write(Purpose.CLICK, NOBODY, link_id)


def of_opens(edition_id: int) -> str:
    return tokens.write(Purpose.OPEN, NOBODY, edition_id)


def readers(edition_id: int) -> Callable[[str], str]:
    """A function from a subscriber's id in base 36 to what stands behind the links of their mail."""
    return tokens.writer(Purpose.READER, edition_id)


def link_in(token: str) -> int | None:
    """The link's id; None when it was not signed by us for this."""
    return _target(Purpose.CLICK, token)


def edition_in(token: str) -> int | None:
    """The edition's id; None when it was not signed by us for this."""
    return _target(Purpose.OPEN, token)


def reader_in(token: str) -> Reader | None:
    found = tokens.read(Purpose.READER, token)
    return Reader(found.subscriber_id, found.target_id) if found else None


def _target(purpose: Purpose, token: str) -> int | None:
    found = tokens.read(purpose, token)
    return found.target_id if found else None
