"""Whether an edition's pictures still exist, asked once for each before it is rendered. One that is gone is left out."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from publisher.core import fetch
from publisher.core.errors import OtherSideError

log = logging.getLogger(__name__)

GONE = (404, 410)
SECONDS = 10.0
"""For all pictures of an edition. What did not answer in time is taken to exist."""
AT_ONCE = 8
ENOUGH = 65_536
"""Bytes after which a picture is believed to be there."""


@dataclass(frozen=True)
class Seen:
    """What is known of pictures: `gone` are those that their servers say do not exist, with what was said. `late` are those that
    had not answered when the time was over."""

    gone: Mapping[str, str]
    late: Sequence[str]


def gone(urls: Iterable[str]) -> Mapping[str, str]:
    """The pictures that their servers say do not exist, with what was said. Anything else (no answer, an address that we may
    not ask) is no proof: readers may see what we cannot."""
    return ask(urls).gone


def ask(urls: Iterable[str], *, seconds: float = SECONDS) -> Seen:
    """Ask for each picture once, within `seconds`."""
    until = time.monotonic() + seconds
    wanted = sorted({url for url in urls if url.startswith(("http://", "https://"))})
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pictures") as pool:
        said = dict(zip(wanted, pool.map(lambda url: _what_is_said(url, until), wanted), strict=True))
    return Seen(
        {url: answer for url, answer in said.items() if answer},
        [url for url, answer in said.items() if answer is None],
    )


def _what_is_said(url: str, until: float) -> str | None:
    """Why it is gone; "" when it is there, or nobody can tell; None when the time was over."""
    left = until - time.monotonic()
    if left <= 0:
        return None
    try:
        fetch.get(url, max_bytes=ENOUGH, accept="image/*", seconds=left)
    except fetch.Answered as answer:
        return answer.reason if answer.status in GONE else ""
    except OtherSideError as error:
        log.info("picture.not_asked", extra={"url": url, "reason": error.reason})
        return None if time.monotonic() >= until else ""
    return ""
