"""What a transport takes and gives: a message for one recipient, and what became of it. Nothing here knows a server.

The transports are smtp/ and providers/; `transport.py` chooses between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from publisher.core.errors import OtherSideError
from publisher.delivery.email.message import MessageTemplate


class Merge(NamedTuple):
    """What a message was joined from. Providers take it apart again; consecutive messages of one template go in one call."""

    template: MessageTemplate
    values: Mapping[str, str]


class Outgoing(NamedTuple):
    """One message for one recipient. `data` is RFC 5322 bytes with CRLF line ends, not dot-stuffed.

    `mail_from` is the return path; empty for messages that must not bounce. `checked` spares three passes
    over the bytes (about 60 µs for 28 KB): for what `MessageTemplate.join` made, whose lines end in CRLF
    and never begin with a dot. `merge` is what `data` was made of, where it was made of something. `seven_bit`: `data` is
    known to be ASCII; what is not known is looked up. `is_delivery`: `id` is that of a delivery, and a provider may be told it;
    letters and notices have numbers of their own, by which its events would be taken for those of somebody's delivery.
    """

    id: int
    mail_from: str
    rcpt_to: str
    data: bytes
    checked: bool = False
    merge: Merge | None = None
    seven_bit: bool = False
    is_delivery: bool = True


class Answer(NamedTuple):
    """What became of one message.

    `error` is None when the other side took it. `code` is that of an SMTP reply; 0: none was read, or the other side is an API.
    `remote_id` is the other side's own name for the message, where it gives one.
    """

    error: OtherSideError | None
    code: int = 0
    enhanced: str = ""
    text: str = ""
    remote_id: str = ""

    @property
    def accepted(self) -> bool:
        return self.error is None


class Result(NamedTuple):
    """What became of message `id`, and the seconds it took."""

    id: int
    answer: Answer
    seconds: float


class Withdrawn(Exception):
    """The caller withdrew its leave before the content of the next message was sent: it was not."""


def always() -> bool:
    """The leave of a caller that never withdraws it."""
    return True


class Ahead:
    """An iterable that can be looked into one element ahead."""

    def __init__(self, messages: Iterable[Outgoing]) -> None:
        self._messages = iter(messages)
        self._next: Outgoing | None = None

    def peek(self) -> Outgoing | None:
        if self._next is None:
            self._next = next(self._messages, None)
        return self._next

    def take(self) -> Outgoing | None:
        message = self.peek()
        self._next = None
        return message
