"""Our own signs in what came back: return paths, links of readers, addresses to leave by, Message-IDs.

Only what we signed proves that whoever sent the report has had the mail. Called by `reading.read`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import unquote

from publisher.audience import tokens, unsubscribe_mail
from publisher.audience.tokens import NOBODY, Link, Purpose
from publisher.delivery import return_path
from publisher.feedback.reading.mail import Mail
from publisher.feedback.reading.said import Named

T = TypeVar("T")

ADDRESSED = (
    "x-original-to",
    "delivered-to",
    "envelope-to",
    "x-envelope-to",
    "x-rcpt-to",
    "to",
    "cc",
    "resent-to",
)
"""Headers that say to whom a mail was sent, the envelope's first."""
MOST = 60
"""Candidates that are looked at of each sort: a mail of ours has some ten."""

_RETURN_PATH = re.compile(rf"{return_path.PREFIX}\+[a-z0-9-]{{18,50}}", re.IGNORECASE)
_LINK = re.compile(r"/([upe])/([0-9a-z]+\.[0-9a-z]+~[A-Za-z0-9_-]{20,64})")
_MESSAGE_ID = re.compile(r"<?(\d{1,18})\.(\d{1,18})\.[0-9a-f]{12}@")
_ADDRESS = re.compile(r"(?<![^\s<>,;\"()])[^\s<>,;\"()]+@[^\s<>,;\"()]+")
_PURPOSES = {"u": Purpose.UNSUBSCRIBE, "p": Purpose.PREFERENCES, "e": Purpose.WEB_VERSION}
_SOFT_BREAK = re.compile(r"=\r?\n")


def signs_of(mail: Mail, recipients: Iterable[str] = ()) -> Named:
    """Everything of ours in a message; `recipients`: to whom the envelope said it goes."""
    to = [*recipients, *mail.all(*ADDRESSED)]
    to += [value for value in mail.all("received") if " for " in value]
    texts = [*to, *(value for _name, value in mail.headers), mail.returned, mail.text, mail.links]
    texts += [value for block in (*mail.status, mail.feedback) for _name, value in block]
    links = list(_links("\n".join(texts)))
    paths = [found[0] for found in _candidates(_RETURN_PATH, texts)]
    return Named(
        deliveries=_unique(filter(None, map(return_path.read, paths))),
        letters=_unique(filter(None, map(return_path.read_letter, paths))),
        readers=_unique(link for purpose, link in links if purpose is not Purpose.WEB_VERSION),
        editions=_unique(link for purpose, link in links if purpose is Purpose.WEB_VERSION),
        leaves=_leaves(to),
        messages=_messages(texts),
    )


def message_id(text: str) -> tuple[int, int] | None:
    """Edition and delivery of a Message-ID of ours. Nothing signs it."""
    found = _MESSAGE_ID.search(text)
    return (int(found[1]), int(found[2])) if found else None


def _links(text: str) -> Iterable[tuple[Purpose, Link]]:
    """Links in a text: as they are, as a filter rewrote them (percent signs), as quoted-printable broke them."""
    forms = [text]
    if "%2F" in text or "%7E" in text or "%2f" in text:
        forms.append(unquote(text))
    if "=7E" in text or "=\n" in text:
        forms.append(_SOFT_BREAK.sub("", text).replace("=7E", "~"))
    for found in _candidates(_LINK, forms):
        purpose = _PURPOSES[found[1]]
        link = tokens.read(purpose, found[2])
        if link is not None and link.subscriber_id != NOBODY:
            yield purpose, link


def _leaves(to: Iterable[str]) -> tuple[Link, ...]:
    links = (unsubscribe_mail.read(found[0]) for found in _candidates(_ADDRESS, to))
    return _unique(link for link in links if link is not None and link.subscriber_id != NOBODY)


def _messages(texts: Iterable[str]) -> tuple[tuple[int, int], ...]:
    return tuple(dict.fromkeys((int(found[1]), int(found[2])) for found in _candidates(_MESSAGE_ID, texts)))


def _candidates(pattern: re.Pattern[str], texts: Iterable[str]) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    seen: set[str] = set()
    for text in texts:
        for match in pattern.finditer(text):
            if match[0] not in seen:
                seen.add(match[0])
                found.append(match)
            if len(found) >= MOST:
                return found
    return found


def _unique(named: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(named))
