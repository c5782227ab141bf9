"""Whether an edition's pictures still exist, asked once for each before it is rendered. One that is gone is left out."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from publisher.core import fetch
from publisher.core.errors import OtherSideError

log = logging.getLogger(__name__)

GONE = (404, 410)
SECONDS = 10.0
"""For all pictures of an edition. What did not answer in time is taken to exist."""
AT_ONCE = 8
ENOUGH = 65_536
"""Bytes after which a picture is believed to be there."""


def gone(urls: Iterable[str]) -> Mapping[str, str]:
    """The pictures that their servers say do not exist, with what was said. Anything else (no answer, an address that we may
    not ask) is no proof: readers may see what we cannot."""
    until = time.monotonic() + SECONDS
    wanted = sorted({url for url in urls if url.startswith(("http://", "https://"))})
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pictures") as pool:
        answers = zip(wanted, pool.map(lambda url: _what_is_said(url, until), wanted), strict=True)
        return {url: said for url, said in answers if said}


def _what_is_said(url: str, until: float) -> str:
    left = until - time.monotonic()
    if left <= 0:
        return ""
    try:
        fetch.get(url, max_bytes=ENOUGH, accept="image/*", seconds=left)
    except fetch.Answered as answer:
        return answer.reason if answer.status in GONE else ""
    except OtherSideError as error:
        log.info("picture.not_asked", extra={"url": url, "reason": error.reason})
    return ""
