"""Texts of mixed scripts about a length: what makes two counters of letters differ, in rows. A seed gives the same texts."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator

import regex

_GRAPHEME = regex.compile(r"\X")

PIECES = (
    "a",
    "word ",
    "é",
    "e\u0301",
    "n\u0303\u0323",
    "中",
    "文字。",
    "ガ",
    "か\u3099",
    "한",
    "\u1112\u1161\u11ab",  # Hangul in its parts
    "\u1112\u1161",
    "क्षि",
    "स्त्री",
    "ম্ভ",
    "நி",
    "ക്ഷ",
    "กำ",
    "ລໍາ",
    "သ္မီး",
    "ខ្មែរ",
    "اَلْعَرَبِيَّة",
    "\u0600٣",  # a mark that belongs to what follows
    "שָׁלוֹם",
    "👍",
    "👍🏽",
    "👩‍👩‍👧‍👦",
    "🏳️‍🌈",
    "👩🏿‍🚀",
    "🇨🇳",
    "🇨",
    "1️⃣",
    "☺︎",
    "❤️",
    "𝒳",
    "𐍈",
    "\r\n",
    "\n",
    "\r",
    "\t",
    "\u200d",
    "\u200b",
    "\u00ad",
    "\ufeff",
    "\ufe0f",
    "\U000e0067",
    "\u0308",
    "https://example.org/a?b=c#d ",
    "@office.example.org ",
    "#Tag ",
)


CHANGED = "\u1cf5\u1cf6"
"""Two Vedic signs that Unicode 18 counts in another way than the versions before."""

HEAVY = (
    "👩‍👩‍👧‍👦",
    "👩🏿‍🚀",
    "\u1112\u1161\u11ab",
    "स्त्री",
    "اَلْعَرَبِيَّة",
    "a" + "\u0308" * 12,
    "🏴\U000e0067\U000e0062\U000e007f",
)
"""Many bytes for one letter: 3000 bytes are full before 300 letters are."""


def mixed(count: int, *, seed: int, limit: int = 300, most_bytes: int = 3000) -> Iterator[str]:
    """`count` texts of about `limit` graphemes, every third of about `most_bytes`: few scripts each, and any characters at all.

    Only characters that this Python knows: of newer ones each counter has the tables of its own year.
    """
    rng = random.Random(seed)
    for number in range(count):
        if number % 3:
            pieces = rng.sample(PIECES, rng.randint(1, 6)) + [_any(rng) for _ in range(rng.randint(0, 2))]
            text = "".join(rng.choices(pieces, k=limit * 2))
            yield "".join(_GRAPHEME.findall(text)[: limit + rng.randint(-3, 3)])
        else:
            text = "".join(rng.choices(HEAVY, k=most_bytes // 10))
            yield text.encode()[: most_bytes + rng.randint(-30, 30)].decode(errors="ignore")


def _any(rng: random.Random) -> str:
    """Any character that two counters may be asked about."""
    while True:
        character = chr(rng.choice((rng.randrange(0x20, 0x3000), rng.randrange(0x3000, 0x20000))))
        if unicodedata.category(character) not in ("Cn", "Cs") and character not in CHANGED:
            return character
