"""Delivery status reports by the book: RFC 3464, and RFC 6533 for addresses in UTF-8. Pure.

A report may speak of several recipients. Ours is sent to one; several means that it was passed on, or that a report is about
others, too. The one that the returned mail was sent to wins, else the one that says the worst.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime

from publisher.audience.addresses import key
from publisher.feedback.models import Report
from publisher.feedback.reading.causes import cause_of, codes_in, is_permanent
from publisher.feedback.reading.mail import PARSE_ERRORS, Fields, Mail, fields_in, value_of
from publisher.feedback.reading.said import LONGEST_SAID, Reading

ACTIONS = ("failed", "delayed", "delivered", "expanded", "relayed")
"""In the order in which they matter."""

_TYPED = re.compile(r"(?is)\A\s*([a-z0-9-]+)\s*;\s*(.*)\Z")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_COMMENT = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Recipient:
    """One group of fields: what became of one address."""

    action: str
    status: str
    final: str
    original: str
    diagnostic: str
    at: datetime | None

    @property
    def rank(self) -> int:
        return ACTIONS.index(self.action) if self.action in ACTIONS else len(ACTIONS)

    def is_of(self, mail: Mail) -> bool:
        """Whether the returned mail, as far as it is there, was sent to this very address."""
        return bool(self.final) and key(self.final) in _sent_to(mail)


def read_dsn(mail: Mail) -> Reading | None:
    """What a report's machine-readable part says; None when it has none that says anything."""
    known = [_recipient(block) for block in mail.status]
    found = sorted((each for each in known if each is not None), key=lambda each: each.rank)
    if not found or found[0].rank == len(ACTIONS):
        return None
    ours = next((each for each in found if each.action in ACTIONS and each.is_of(mail)), None)
    return _reading(ours or found[0], mail, [ours] if ours else found)


def address_of(typed: str) -> str:
    """The address of `rfc822; <a@b>` or `utf-8; …`, decoded; empty when it is none."""
    found = _TYPED.match(typed)
    kind, text = (found[1].lower(), found[2]) if found else ("", typed)
    text = _COMMENT.sub("", text).strip().strip("<>").strip()
    if kind == "utf-8":
        text = _UNICODE.sub(_character, text)
    elif "+40" in text:
        text = _XTEXT.sub(lambda hexadecimal: chr(int(hexadecimal[1], 16)), text)
    return text[:320] if "@" in text else ""


def moment_of(text: str) -> datetime | None:
    """A date of RFC 5322 as an aware time in UTC; None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (*PARSE_ERRORS, OverflowError):
        return None


def _sent_to(mail: Mail) -> set[str]:
    head = fields_in(mail.returned.partition("\n\n")[0])
    try:
        return {key(address) for _name, address in getaddresses([value_of(head, "to")]) if "@" in address}
    except PARSE_ERRORS:
        return set()


def _recipient(block: Fields) -> Recipient | None:
    final, original = value_of(block, "final-recipient"), value_of(block, "original-recipient")
    action = _COMMENT.sub("", value_of(block, "action")).strip().lower()
    if not (final or original or action):
        return None
    status = _STATUS.search(value_of(block, "status"))
    code = status[0] if status else ""
    return Recipient(
        action=action.split()[0] if action else _action_of(code),
        status=code,
        final=address_of(final),
        original=address_of(original),
        diagnostic=_diagnostic(block),
        at=moment_of(value_of(block, "last-attempt-date")),
    )


def _action_of(status: str) -> str:
    return {"5": "failed", "4": "delayed", "2": "delivered"}.get(status[:1], "")


def _diagnostic(block: Fields) -> str:
    text = value_of(block, "diagnostic-code")
    found = _TYPED.match(text)
    return (found[2] if found else text).strip()


def _reading(chosen: Recipient, mail: Mail, everybody: Sequence[Recipient]) -> Reading:
    address = chosen.final or chosen.original
    passed_on = bool(chosen.original and chosen.final) and not is_same_mailbox(chosen.original, chosen.final)
    basis = Reading(
        kind=Report.Kind.DELIVERED,
        code=chosen.status,
        said=(chosen.diagnostic or _first_words(mail.text))[:LONGEST_SAID],
        at=chosen.at,
        recipient=address,
        passed_on=passed_on or len({each.final for each in everybody if each.final}) > 1,
        form="dsn",
    )
    if chosen.action in ("delivered", "relayed", "expanded"):
        return replace(basis, confirmed=chosen.action == "delivered")
    smtp, within = codes_in(chosen.diagnostic)
    # What the last server said itself is nearer to the truth than what others made of it.
    exact = within if within and not within.endswith(".0.0") else chosen.status
    if exact.endswith(".0.0") or not exact:
        exact = codes_in(mail.text)[1] or exact
    words = chosen.diagnostic or mail.text[:4000]
    cause = cause_of(smtp, exact, words)
    if cause is Report.Cause.UNCLEAR and chosen.diagnostic:
        cause = cause_of(smtp, exact, f"{chosen.diagnostic} {mail.text[:4000]}")
    if chosen.action == "delayed":
        return replace(basis, kind=Report.Kind.DELAYED, cause=cause, permanent=False, code=exact or smtp)
    return replace(
        basis,
        kind=Report.Kind.BOUNCE,
        cause=cause,
        permanent=is_permanent(smtp, exact or chosen.status),
        code=exact or smtp,
    )


def is_same_mailbox(one: str, other: str) -> bool:
    """Whether two addresses can be one mailbox by two names: the same domain, or the same part before the @."""
    first, second = key(one), key(other)
    local, _, domain = first.rpartition("@")
    other_local, _, other_domain = second.rpartition("@")
    return domain == other_domain or local.partition("+")[0] == other_local.partition("+")[0]


def _first_words(text: str) -> str:
    return " ".join(text.split())[:LONGEST_SAID]


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 and number else "\ufffd"
