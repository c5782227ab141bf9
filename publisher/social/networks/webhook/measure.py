"""How long a text is for a webhook: UTF-16 code units of what is sent."""

from __future__ import annotations

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks.webhook.escaping import escaped
from publisher.social.networks.webhook.rules import Rules


def measure(text: str, rules: Rules) -> Measure:
    """Discord and Slack count the signs that escape markup, too."""
    length = len(escaped(text, rules.format).encode("utf-16-le", "surrogatepass")) // 2
    if length > rules.limit:
        return Measure(
            length,
            rules.limit,
            False,
            gettext_noop("%(length)s characters too long") % {"length": length - rules.limit},
        )
    return Measure(
        length, rules.limit, bool(text.strip()), "" if text.strip() else gettext_noop("the text is empty")
    )
