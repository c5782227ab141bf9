"""How long a text is on LinkedIn, and the escaping without which LinkedIn cuts a text off in silence.

The “little” text format: learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-
format
"""

from __future__ import annotations

import regex

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks.linkedin.rules import Rules

_RESERVED = regex.compile(r"[\\|{}@\[\]()<>#*_~]")
_HASHTAG = regex.compile(r"(?<![\p{L}\p{M}\p{N}_#&/])#([\p{L}\p{M}\p{N}]+)(?![\p{L}\p{M}\p{N}_#])")


def measure(text: str, rules: Rules) -> Measure:
    """UTF-16 code units of what is sent, that is of the escaped text."""
    length = len(escape(text).encode("utf-16-le", "surrogatepass")) // 2
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


def escape(text: str) -> str:
    """`text` with reserved characters escaped and hashtags as the template that keeps them clickable."""
    pieces: list[str] = []
    last = 0
    for match in _HASHTAG.finditer(text):
        pieces += (_RESERVED.sub(r"\\\g<0>", text[last : match.start()]), f"{{hashtag|\\#|{match[1]}}}")
        last = match.end()
    pieces.append(_RESERVED.sub(r"\\\g<0>", text[last:]))
    return "".join(pieces)
