"""How long a text is on Facebook: UTF-16 code units, without the space around it, which is cut off. A link counts in full."""

from __future__ import annotations

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks.facebook.rules import Rules


def measure(text: str, rules: Rules) -> Measure:
    """An emoji counts two or more."""
    counted = text.replace("\r\n", "\n").strip()
    length = len(counted.encode("utf-16-le", "surrogatepass")) // 2
    if length > rules.limit:
        return Measure(
            length,
            rules.limit,
            False,
            gettext_noop("%(length)s characters too long") % {"length": length - rules.limit},
        )
    return Measure(length, rules.limit, length > 0, "" if length else gettext_noop("the text is empty"))
