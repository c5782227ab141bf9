"""From the bytes of a message to what it says. Pure but for the secret key, which signed our own signs; never raises.

`read` is what others call. Each file knows one form: `dsn.py` reports by the book, `old_forms.py` the others, `complaints.py`
feedback loops, `answers.py` what programs and people answer; `causes.py` tells from a server's words why a mail came back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from email.utils import parseaddr

from publisher.feedback.models import Report
from publisher.feedback.reading.answers import (
    asks_to_leave,
    is_automatic,
    is_challenge,
    is_daemon,
    is_receipt,
    is_reply_of_machine,
    says_automatic,
)
from publisher.feedback.reading.complaints import read_complaint
from publisher.feedback.reading.dsn import moment_of, read_dsn
from publisher.feedback.reading.mail import PARSE_ERRORS, Mail, parse
from publisher.feedback.reading.old_forms import read_old_form
from publisher.feedback.reading.said import LONGEST_SAID, Named, Reading
from publisher.feedback.reading.signs import signs_of

__all__ = ["Named", "Reading", "read"]

K = Report.Kind


def read(raw: bytes, recipients: Iterable[str] = ()) -> Reading:
    """What a message says. `recipients`: to whom the envelope said it goes, where that is known."""
    mail = parse(raw)
    named = signs_of(mail, recipients)
    said = _kind(mail, named)
    return replace(
        said,
        named=named,
        at=said.at or moment_of(mail.get("date")),
        said=said.said or _words(mail),
        sender=sender_of(mail),
    )


def sender_of(mail: Mail) -> str:
    """The address that it says it is from; anybody can write any."""
    try:
        return parseaddr(mail.get("from"))[1][:320]
    except PARSE_ERRORS:
        return ""


def _kind(mail: Mail, named: Named) -> Reading:
    """The first form that fits."""
    by_the_book = read_complaint(mail) or read_dsn(mail)
    if by_the_book is not None:
        return by_the_book
    if named.leaves and not is_reply_of_machine(mail):
        return Reading(K.LEAVE, form="address")
    if says_automatic(mail) and not is_daemon(mail):
        return Reading(K.AUTOMATIC, form="subject")
    if is_challenge(mail):
        return Reading(K.CHALLENGE, form="words")
    return _in_words(mail)


def _in_words(mail: Mail) -> Reading:
    if not is_receipt(mail) and (bounce := read_old_form(mail)) is not None:
        return bounce
    if is_automatic(mail):
        return Reading(K.AUTOMATIC, form="headers")
    if asks_to_leave(mail):
        return Reading(K.LEAVE, words_ask=True, form="words")
    return Reading(K.OTHER, form="none")


def _words(mail: Mail) -> str:
    return " ".join(f"{mail.subject} – {mail.text}".split())[:LONGEST_SAID]
