"""Whether the links of an edition lead somewhere, asked of their servers: several at once, and for some seconds in all."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from publisher.core import fetch
from publisher.core.errors import OtherSideError

GONE = (404, 410)
SECONDS = 12.0
"""For all links, unless told otherwise. What did not answer in time is told as that."""
AT_ONCE = 8
MOST = 200
ENOUGH = 65_536
"""Bytes after which a page is believed to be there."""


@dataclass(frozen=True)
class Answers:
    """By link what is wrong: `gone` are those that their servers say do not exist, of `unsure` nobody can tell. `late` are those
    that were not asked before the time was over."""

    asked: int
    gone: Mapping[str, str]
    unsure: Mapping[str, str]
    late: Sequence[str] = ()


def ask(urls: Iterable[str], *, seconds: float = SECONDS) -> Answers:
    """Ask for each link once, within `seconds`. Addresses of private networks are not asked (`core.fetch`)."""
    until = time.monotonic() + seconds
    wanted = list(dict.fromkeys(url for url in urls if url.startswith(("http://", "https://"))))[:MOST]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="links") as pool:
        said = dict(zip(wanted, pool.map(lambda url: _asked(url, until), wanted), strict=True))
    answers = {url: answer for url, answer in said.items() if answer is not None}
    gone = {url: said for url, (is_gone, said) in answers.items() if is_gone}
    unsure = {url: said for url, (is_gone, said) in answers.items() if said and not is_gone}
    return Answers(len(answers), gone, unsure, [url for url in wanted if url not in answers])


def _asked(url: str, until: float) -> tuple[bool, str] | None:
    """Whether it is gone, and what is wrong ("" when nothing is); None when the time was over before it was asked."""
    left = until - time.monotonic()
    if left <= 0:
        return None
    try:
        fetch.get(url, max_bytes=ENOUGH, accept="text/html,*/*;q=0.8", seconds=left)
    except fetch.Answered as answer:
        return answer.status in GONE, answer.reason
    except fetch.TooLarge:
        return False, ""
    except OtherSideError as error:
        return False, error.reason
    return False, ""
