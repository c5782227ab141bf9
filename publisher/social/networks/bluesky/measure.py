"""How long a text is on Bluesky: graphemes, and bytes of UTF-8. A link counts as it is written."""

from __future__ import annotations

import regex

from publisher.render.measure import Measure
from publisher.social.networks.bluesky.rules import Rules

_GRAPHEME = regex.compile(r"\X")
_LINKER = regex.compile(r"\p{InCB=Linker}")
# Rule GB9c of UAX 29 joins two Indic consonants by a linker between them. The library also joins what has none before the linker.
_NOT_JOINED = regex.compile(
    r"[^\p{InCB=Consonant}]* \p{InCB=Linker} [^\p{InCB=Consonant}]* \p{InCB=Consonant}", regex.VERBOSE
)


def measure(text: str, rules: Rules) -> Measure:
    """Graphemes of the text as it is; a text of few graphemes and too many bytes does not fit either."""
    length = graphemes(text)
    size = len(text.encode("utf-8", "surrogatepass"))
    if length > rules.limit:
        return Measure(length, rules.limit, False, f"{length - rules.limit} characters too long")
    if size > rules.most_bytes:
        return Measure(length, rules.limit, False, f"{size - rules.most_bytes} bytes too long")
    return Measure(length, rules.limit, length > 0, "" if length else "the text is empty")


def graphemes(text: str) -> int:
    """Extended grapheme clusters (UAX 29)."""
    found: list[str] = _GRAPHEME.findall(text)
    if not _LINKER.search(text):
        return len(found)
    return len(found) + sum(1 for each in found if _NOT_JOINED.match(each))
