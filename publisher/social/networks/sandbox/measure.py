"""How long a text is on the sandbox network: its code points after NFC."""

from __future__ import annotations

import unicodedata

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks.sandbox.rules import Rules


def measure(text: str, rules: Rules) -> Measure:
    """Code points of the normalised text, a line break counting one."""
    length = len(unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    if length > rules.limit:
        return Measure(
            length,
            rules.limit,
            False,
            gettext_noop("%(length)s characters too long") % {"length": length - rules.limit},
        )
    return Measure(length, rules.limit, length > 0, "" if length else gettext_noop("the text is empty"))
