"""Where sentences end, in Latin, Chinese, Japanese and other scripts; abbreviations as tables. Only `summary.py` calls this."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.items.text import words

# Always followed by more of the same sentence.
_TITLES = words(
    "mr mrs ms mx dr prof rev hon gen col maj capt lt sgt gov sen rep amb st ste mt ft jr vs viz approx est dept "
    "jan feb mar apr jun jul aug sep sept oct nov dec "
    "mme mlle mm cf "  # French
    "sr sra srta dra lic ing excmo excma ud uds avda prol "  # Spanish
    "i.e e.g p.ex a.m p.m ph.d"
)
# Only before a number: “No. 5”, “p. 12”, but “He said no. Then …”.
_BEFORE_NUMBER = words("no nos nr p pp art arts fig figs vol ch sec para núm num pág págs cap ed ca c res")
# Possessive, and never from within a run: linear however many dots there are.
_END = re.compile(r"(?<![.!?…؟۔।])[.!?…؟۔।]++[\"'”’»)\]]*+(?=\s|$)|[。！？｡…]+[”’」』）》\"']*")
_WORD_BEFORE = re.compile(r"[\w.'’\-]{1,24}\Z")
_NEXT = re.compile(r"\s*[\"'“‘«(\[¿¡]*\s*(\S)")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_LOOK = 32


def sentence_ends(text: str) -> Iterator[int]:
    """Offsets just behind the end of each sentence of one paragraph; an unfinished last one has no offset."""
    for found in _END.finditer(text):
        if _ends_here(text, found):
            yield found.end()


def _ends_here(text: str, found: re.Match[str]) -> bool:
    if found.group()[0] in "。！？｡":
        return True
    following = _NEXT.match(text, found.end(), found.end() + _LOOK)
    if following is None:
        return True
    if following.group(1).islower():
        return False
    if found.group() != ".":
        return True
    return not _is_abbreviation(text, found.start(), following.group(1))


def _is_abbreviation(text: str, dot: int, following: str) -> bool:
    before = _WORD_BEFORE.search(text, max(dot - _LOOK, 0), dot)
    if before is None:
        return False
    word = before.group().rstrip(".").lstrip("'’-").lower()
    if word in _BEFORE_NUMBER:
        return following.isdigit()
    return word in _TITLES or _is_initials(before.group())


def _is_initials(word: str) -> bool:
    """“J.” and “U.S.”: one or more single letters with dots. “I” and “A” alone end sentences hardly ever."""
    return _INITIALS.fullmatch(word) is not None and word.upper() == word
