"""How long a text is on the sandbox network: its code points after NFC."""

from __future__ import annotations

import unicodedata

from publisher.render.measure import Measure
from publisher.social.networks.sandbox.rules import Rules


def measure(text: str, rules: Rules) -> Measure:
    """Code points of the normalised text, a line break counting one."""
    length = len(unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    if length > rules.limit:
        return Measure(length, rules.limit, False, f"{length - rules.limit} characters too long")
    return Measure(length, rules.limit, length > 0, "" if length else "the text is empty")
