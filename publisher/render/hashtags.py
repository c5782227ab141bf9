"""Makes hashtags of topic names: words joined with capitals, or as the script does it."""

from __future__ import annotations

from collections.abc import Iterable

import regex

_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*")
_APOSTROPHE = regex.compile(r"(?<=\p{L})['’](?=\p{L})")


def hashtag(topic: str) -> str:
    """“Climate action” → #ClimateAction, “气候行动” → #气候行动; empty when the topic makes no tag.

    Capitals let screen readers tell the words apart; scripts without them are joined by underscores (Arabic)
    or not at all (Chinese). A tag of digits only is no tag on any network.
    """
    words = _WORD.findall(_APOSTROPHE.sub("", topic))
    tag = _glue(words).join(word[:1].upper() + word[1:] for word in words)
    return f"#{tag}" if regex.search(r"\p{L}", tag) else ""


def hashtags(topics: Iterable[str]) -> list[str]:
    """The tags of several topics, each once (whatever its capitals), in order."""
    tags: dict[str, str] = {}
    for topic in topics:
        if tag := hashtag(topic):
            tags.setdefault(tag.casefold(), tag)
    return list(tags.values())


def _glue(words: list[str]) -> str:
    uncased = any(regex.search(r"[\p{Arabic}\p{Hebrew}\p{Devanagari}]", word) for word in words)
    return "_" if uncased else ""
