"""How long a text is on Bluesky: graphemes, and bytes of UTF-8. A link counts as it is written."""

from __future__ import annotations

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks import graphemes
from publisher.social.networks.bluesky.rules import Rules


def measure(text: str, rules: Rules) -> Measure:
    """Graphemes of the text as it is; a text of few graphemes and too many bytes does not fit either."""
    length = graphemes.count(text)
    size = len(text.encode("utf-8", "surrogatepass"))
    if length > rules.limit:
        return Measure(
            length,
            rules.limit,
            False,
            gettext_noop("%(length)s characters too long") % {"length": length - rules.limit},
        )
    if size > rules.most_bytes:
        return Measure(
            length,
            rules.limit,
            False,
            gettext_noop("%(size)s bytes too long") % {"size": size - rules.most_bytes},
        )
    return Measure(length, rules.limit, length > 0, "" if length else gettext_noop("the text is empty"))
