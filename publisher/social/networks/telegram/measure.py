"""How long a text is on Telegram: UTF-16 code units, without the space around it, which Telegram cuts off."""

from __future__ import annotations

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks.telegram.rules import Rules


def measure(text: str, rules: Rules) -> Measure:
    """An emoji counts two or more. Bold type costs nothing: it is counted after parsing."""
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
