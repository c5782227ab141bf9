"""Whether the links of a text answer. Results are kept in Redis for some minutes, so that looking twice asks once.

Asked on press and before an approval, never while anything is locked. What a link answers blocks nothing: the other side may be
down for a minute, or refuse whoever is no browser.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import Final

import redis

from publisher.core import fetch
from publisher.core.errors import Rejected, Retry
from publisher.core.marking import gettext_noop
from publisher.core.redis import client

log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 600
KEPT_SECONDS_OF_TROUBLE: Final = 60
"""What did not answer may do so soon."""
SECONDS: Final = 6.0
AT_ONCE: Final = 6
MOST: Final = 40
_LINK: Final = re.compile(r"https?://[^\s<>，。！？；：、（）「」『』《》“”‘’]+")
_REFUSES_MACHINES: Final = (401, 403, 405, 406, 429, 451)


class Outcome(Enum):
    """What became of asking."""

    GOOD = "good"
    GONE = "gone"  # 404 or 410
    TROUBLE = "trouble"  # an error of the server, no answer in time
    GUARDED = "guarded"  # it answers, and refuses machines
    IMPOSSIBLE = "impossible"  # an address that nobody outside can reach


@dataclass(frozen=True)
class LinkCheck:
    """What asking for `url` gave; `said` is the reason in words, empty for a good one."""

    url: str
    outcome: Outcome
    status: int = 0
    said: str = ""


def links_in(texts: Iterable[str]) -> list[str]:
    """The addresses of the web in these texts, each once, in order."""
    found = (link.rstrip(".,;:!?)'\"") for text in texts for link in _LINK.findall(text))
    return list(dict.fromkeys(found))[:MOST]


def check(urls: Sequence[str], *, seconds: float = SECONDS) -> dict[str, LinkCheck]:
    """Ask each link that nobody asked in the last minutes, several at once; all within `seconds`."""
    wanted = list(dict.fromkeys(urls))[:MOST]
    known = kept(wanted)
    missing = [url for url in wanted if url not in known]
    if missing:
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(missing))) as pool:
            fresh = list(pool.map(lambda url: _ask(url, until), missing))
        _keep(fresh)
        known |= {each.url: each for each in fresh}
    return known


def kept(urls: Sequence[str]) -> dict[str, LinkCheck]:
    """What was found out in the last minutes; nobody is asked."""
    try:
        rows = client().mget([_key(url) for url in urls]) if urls else []
    except redis.RedisError as error:
        log.warning("links.not_kept", extra={"reason": str(error)})
        return {}
    found = {}
    for url, row in zip(urls, rows, strict=True):
        if row:
            told = json.loads(row)
            found[url] = LinkCheck(url, Outcome(told["outcome"]), told["status"], told["said"])
    return found


def outcome_of(status: int) -> Outcome:
    """What an HTTP status says of a link. Pure."""
    if status in (404, 410):
        return Outcome.GONE
    if status in _REFUSES_MACHINES:
        return Outcome.GUARDED
    return Outcome.GOOD if 200 <= status < 400 else Outcome.TROUBLE


def _ask(url: str, until: float) -> LinkCheck:
    left = until - time.monotonic()
    if left < 0.2:
        return LinkCheck(url, Outcome.TROUBLE, said=gettext_noop("There was no time left to ask it."))
    try:
        status = fetch.status(url, seconds=left)
    except Retry as error:
        return LinkCheck(url, Outcome.TROUBLE, said=error.reason)
    except Rejected as error:
        return LinkCheck(url, Outcome.IMPOSSIBLE, said=error.reason)
    outcome = outcome_of(status)
    return LinkCheck(
        url,
        outcome,
        status,
        ""
        if outcome is Outcome.GOOD
        else gettext_noop("%(url)s answered %(status)s.") % {"url": url, "status": status},
    )


def _keep(checks: Sequence[LinkCheck]) -> None:
    try:
        pipe = client().pipeline(transaction=False)
        for each in checks:
            told = {"outcome": each.outcome.value, "status": each.status, "said": each.said}
            seconds = KEPT_SECONDS if each.outcome is Outcome.GOOD else KEPT_SECONDS_OF_TROUBLE
            pipe.set(_key(each.url), json.dumps(told), ex=seconds)
        pipe.execute()
    except redis.RedisError as error:
        log.warning("links.not_kept", extra={"reason": str(error)})


def _key(url: str) -> str:
    return f"publisher:link:{hashlib.sha256(url.encode()).hexdigest()[:32]}"
