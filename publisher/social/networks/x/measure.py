"""How long a text is on X: weighted characters by twitter-text's configuration v3, links 23 each."""

from __future__ import annotations

import re

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks import twitter_text
from publisher.social.networks.x.rules import Rules

_LINE_BREAK = re.compile(r"\r\n|\r")
_REFUSED = gettext_noop("holds a character that X refuses (U+FEFF, U+FFFE or U+FFFF)")


def measure(text: str, rules: Rules) -> Measure:
    """The weighted length. A text that is too long to be measured in time counts its code points instead."""
    text = _LINE_BREAK.sub("\n", text)
    if not twitter_text.is_countable(text):
        return Measure(
            len(text), rules.limit, False, gettext_noop("too long, or too many full stops, to be measured")
        )
    counted = twitter_text.count(text)
    if counted.weighted > rules.limit:
        why = gettext_noop("%(weighted)s characters too long") % {"weighted": counted.weighted - rules.limit}
        return Measure(counted.weighted, rules.limit, False, why)
    if not counted.valid:
        return Measure(
            counted.weighted, rules.limit, False, _REFUSED if text else gettext_noop("the text is empty")
        )
    return Measure(counted.weighted, rules.limit, True)
