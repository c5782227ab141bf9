"""How long a text is on the board: code points."""

from __future__ import annotations

from publisher.social.networks.base import Measure
from village_board.rules import Rules


def measure(text: str, rules: Rules) -> Measure:
    """Every code point counts one."""
    if len(text) > rules.limit:
        return Measure(len(text), rules.limit, False, f"{len(text) - rules.limit} characters too long")
    return Measure(len(text), rules.limit, bool(text.strip()), "" if text.strip() else "the text is empty")
