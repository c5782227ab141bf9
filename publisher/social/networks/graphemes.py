"""How many letters a reader sees: grapheme clusters of Unicode's UAX 29, by which some networks measure. Pure."""

from __future__ import annotations

import regex

_CLUSTER = regex.compile(r"\X")
# The library joins a letter to a virama before it also where no letter stands before that (rule GB9c wants one).
_LONE_LINK = regex.compile(
    r"(?<![\p{InCB=Consonant}\p{InCB=Extend}\p{InCB=Linker}])"
    r"[\p{InCB=Extend}\p{InCB=Linker}]*\p{InCB=Linker}[\p{InCB=Extend}\p{InCB=Linker}]*(?=\p{InCB=Consonant})"
)


def count(text: str) -> int:
    """The number of grapheme clusters."""
    return len(_CLUSTER.findall(text)) + len(_LONE_LINK.findall(text))
