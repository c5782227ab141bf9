"""What a server's reply means for a message: one table, read top down, the first rule that fits decides."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.delivery.email.outgoing import Answer
from publisher.delivery.email.smtp.replies import Reply


class Step(StrEnum):
    """The points of a conversation at which a server answers; the value is how a person reads it."""

    GREETING = "the greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "the login"
    RSET = "RSET"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    DOT = "the end of the message"


GRANTED = Answer(None)
"""A step before the dot went well; what the server said does not matter."""

SETUP = frozenset({Step.GREETING, Step.EHLO, Step.STARTTLS, Step.AUTH})
EVERY = frozenset(Step)
ENVELOPE = frozenset({Step.RSET, Step.MAIL, Step.RCPT, Step.DATA})

# (at which steps, lowest code, highest code, what it means; None: go on, or at the dot: accepted)
RULES: tuple[tuple[frozenset[Step], int, int, type[OtherSideError] | None], ...] = (
    (EVERY, 421, 421, Retry),  # "closing the channel", allowed at any time
    (frozenset({Step.DATA}), 354, 354, None),
    (EVERY - {Step.DATA}, 200, 299, None),
    (EVERY, 400, 499, Retry),
    (SETUP, 500, 599, ChannelDown),
    (frozenset({Step.MAIL}), 552, 552, Rejected),  # this message is too large (RFC 1870)
    # Refused here is the sender, and so every message.
    (frozenset({Step.RSET, Step.MAIL}), 500, 599, ChannelDown),
    (ENVELOPE, 530, 530, ChannelDown),  # login or TLS demanded (RFC 4954, RFC 3207)
    (ENVELOPE, 534, 535, ChannelDown),  # RFC 4954
    (ENVELOPE, 538, 538, ChannelDown),
    (EVERY, 500, 599, Rejected),
    (frozenset({Step.DOT}), 200, 599, Unknown),  # a reply that has no meaning here
    (EVERY, 200, 599, Retry),
)


def answer_of(step: Step, reply: Reply) -> Answer:
    """What `reply` at `step` means."""
    kind = _meaning(step, reply.code)
    if kind is None and step is not Step.DOT:
        return GRANTED
    enhanced, text = reply.said
    error = kind(f"At {step}: {spoken(reply)}") if kind else None
    return Answer(error, reply.code, enhanced, text)


@cache
def _meaning(step: Step, code: int) -> type[OtherSideError] | None:
    return next(kind for steps, low, high, kind in RULES if step in steps and low <= code <= high)


def spoken(reply: Reply) -> str:
    """A reply as one line for people: `550 5.1.1 no such user`."""
    return " ".join(part for part in (str(reply.code), *reply.said) if part)


def not_sent(reason: str) -> Answer:
    """The connection failed before the message was complete: certainly not accepted."""
    return Answer(Retry(reason))


def in_doubt(reason: str) -> Answer:
    """The message was complete and no reply came: it may have been accepted."""
    return Answer(Unknown(reason))


def refused_here(enhanced: str, text: str) -> Answer:
    """Refused by this side before anything was sent."""
    return Answer(Rejected(text), 0, enhanced, text)
