"""Asking a web address of our own whether it answers."""

from __future__ import annotations

import urllib.error
import urllib.request

ANSWER_SECONDS = 3


def answers(url: str) -> bool:
    """Whether a GET answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - an address of ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
