"""Whether so much of an edition is refused that it must wait for a person. Pure; `recent.py` keeps the results."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_noop

LEAST = 100
"""Results before anything is decided."""
LOOKS_BACK = 500
"""The newest results that count: fewer would stop a list for a bad stretch, more would see a change too late."""


@dataclass(frozen=True)
class Batch:
    """Final results of some messages at about `at`: accepted, and refused for good.

    `replies` counts the refusals by code, with one text of each: `{"550 5.7.1": (12, "not authenticated")}`.
    """

    at: datetime
    sent: int
    refused: int
    replies: dict[str, tuple[int, str]] = field(default_factory=dict)


_ADVICE: tuple[tuple[str, str], ...] = (
    (r"5\.1\.\d+", gettext_noop("look at where these addresses come from: many of them do not exist")),
    (r"5\.2\.\d+", gettext_noop("look at how old this list is: many of its mailboxes are full or closed")),
    (r"5\.3\.4|552\b.*", gettext_noop("look at the size of the mail")),
    (
        r"5\.7\.\d+",
        gettext_noop(
            "look at the sender's domain (`publisher doctor`) and at whether the mail server may send for it"
        ),
    ),
)
TO_GO_ON = gettext_noop("To go on: %(advice)s, then resume.")
GO_ON, RESUME = TO_GO_ON.split(" %(advice)s")
"""How the advice on a paused edition begins and ends; `closing.py` rewrites it when there is nothing to be resumed any more."""
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
_OTHERWISE = gettext_noop("look at what the mail server says")


def why_pause(batches: Iterable[Batch], *, percent: int, since: datetime | None) -> str:
    """Why an edition must wait for a person, for people to read; or nothing.

    `batches` are the newest first. Of the newest `LOOKS_BACK` results not older than `since` (when a person last let it
    go), there must be `LEAST`, and more than `percent` of them refused for good.
    """
    sent = refused = 0
    said: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for batch in batches:
        if sent + refused >= LOOKS_BACK:
            break
        if since is not None and batch.at < since:
            continue
        sent, refused = sent + batch.sent, refused + batch.refused
        for code, (count, text) in batch.replies.items():
            said[code] += count
            texts.setdefault(code, text)
    total = sent + refused
    if total < LEAST or refused * 100 <= percent * total:
        return ""
    code, count = said.most_common(1)[0]
    if count == refused:
        seen = gettext_noop("%(refused)s of the last %(total)s were refused; all said “%(text)s”.")
    elif count * 2 > refused:
        seen = gettext_noop("%(refused)s of the last %(total)s were refused; most said “%(text)s”.")
    else:
        seen = gettext_noop("%(refused)s of the last %(total)s were refused; %(count)s said “%(text)s”.")
    values = {"refused": f"{refused:,}", "total": f"{total:,}", "count": f"{count:,}"}
    said_so = seen % {**values, "text": _quoted(code, texts[code])}
    return f"{said_so} " + TO_GO_ON % {"advice": _advice(code)}


def _quoted(code: str, text: str) -> str:
    """What was said, without the address of the one it was said of."""
    return f"{code} {_ADDRESS.sub('…', text)}".strip()


def _advice(code: str) -> str:
    enhanced = code.rpartition(" ")[2]
    return next((advice for pattern, advice in _ADVICE if re.fullmatch(pattern, enhanced)), _OTHERWISE)
