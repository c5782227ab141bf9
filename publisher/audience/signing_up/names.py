"""What may stand as a name in a sign-up. Pure."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 100
_NO_NAME: Final = re.compile(
    r"[/@<>\\\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|www\.|\w\.\w{2,}", re.I
)


def is_name(text: str) -> bool:
    """A stranger may sign somebody up, and what they wrote as a name is in their mail one day: no links in it. None is fine."""
    return len(text) <= LONGEST and not _NO_NAME.search(text)
