"""The counting library twitter-text, repaired and kept from running away; x and mastodon measure by it.

Faults of twitter-text-parser 3.0.0 that are handled here; `tests/oracles` compares the rest with X's own library for JavaScript:
- its strict IDNA misses links that touch Arabic letters;
- it takes ſ, İ and ı for s and i, and so for letters of a top-level domain;
- it counts © and ® as emoji, and knows emoji that X's library does not know: those count as what they are made of, which is
  never less;
- its time grows with the square of the labels that dots join (280 take 0.4 s, 1000 take 6 s).
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

LONGEST: Final = 4000
MOST_DOTS: Final = 140
"""Dots between two other characters. As many as a text of 280 has room for, unless it is in its links."""

LONGEST_LABEL: Final = 63
_JOINING_DOT = re.compile(r"(?<=[^\s.])\.(?=[^\s.])")
_NOT_FOLDED = str.maketrans({"\u0130": "\u0180", "\u0131": "\u0180", "\u017f": "\u0180"})
"""To a letter of the same weight and kind, which is no letter of a to z in any case."""

_JOINER = "\u200d"
# What Unicode had new in 2019, when X's library ended, with a skin or joined to another; and what it wants a selector after.
_YOUNG = re.compile("[\U0001f91d\U0001f9af\U0001f9ba\U0001f9bc\U0001f9bd\U0001f9cd-\U0001f9cf]")
_YOUNG_PAIR = re.compile(
    "[\U0001f46b-\U0001f46d\U0001f90f\U0001f9bb\U0001f9cd-\U0001f9cf][\U0001f3fb-\U0001f3ff]"
)
_UNQUALIFIED = re.compile(
    "[\u2640\u2642\u2695\u2696\u2708\u2764\u2620\U0001f3f3](?!\ufe0f)|[\u26f9\U0001f575\U0001f3cb\U0001f3cc]\u200d"
)
_EYE_IN_A_BUBBLE = "\U0001f441\u200d\U0001f5e8"
_WITHOUT_SELECTOR = (_EYE_IN_A_BUBBLE, "\u267e")
_SELECTOR = "\ufe0f"


@dataclass(frozen=True, slots=True)
class Counted:
    """`weighted` length by configuration v3; `valid` is False for forbidden characters and empty texts."""

    weighted: int
    valid: bool


@cache
def _library() -> Any:
    """The package with our repairs. Loaded at the first text, not before: that takes a quarter of a second."""
    package = _module("twitter_text")
    vars(_module("twitter_text.extract_urls"))["idna_to_ascii"] = _to_ascii
    vars(_module("twitter_text.parse_tweet"))["extract_emojis_with_indices"] = _emojis
    return package


@cache
def _module(path: str) -> Any:
    """A module of the package. The package has functions of the same names, so its modules are only to be had by their paths."""
    with warnings.catch_warnings():
        # It reads its table of emoji through pkg_resources, which warns of its own end.
        warnings.simplefilter("ignore")
        return importlib.import_module(path)


def is_countable(text: str) -> bool:
    """False for a text that would take the library too long."""
    return len(text) <= LONGEST and len(_JOINING_DOT.findall(text)) <= MOST_DOTS


@lru_cache(maxsize=4096)
def count(text: str) -> Counted:
    """The weighted length of a countable text, line breaks being `\\n`."""
    result = _library().parse_tweet(text.translate(_NOT_FOLDED))
    refused = any(character in text for character in "\ufffe\ufeff\uffff")
    return Counted(int(result.weightedLength), bool(text) and not refused)


@lru_cache(maxsize=1024)
def host_in(text: str) -> str:
    """The host name with which `text`, what follows a scheme, begins; "" where there is none with a known top-level domain."""
    if not is_countable(text):
        return ""
    found = _library().extract_urls(f"https://{text.translate(_NOT_FOLDED)}")
    if not found or not str(found[0]).startswith("https://"):
        return ""
    return text[: len(found[0]) - len("https://")]


def links(text: str) -> list[str]:
    """The links of a countable text as they stand in it, line breaks being `\\n`."""
    return [str(link) for link in _library().extract_urls(text)]


def ascii_host(host: str) -> str | None:
    """A host name in punycode; None for one that cannot be."""
    return _to_ascii(host)


def _to_ascii(domain: str) -> str | None:
    """A domain in punycode, label by label, as the JavaScript original does it; None where a label is too long."""
    valid = _module("twitter_text.regexp.valid_ascii_domain").valid_ascii_domain
    if domain.startswith("xn--") and not valid.search(domain):
        return None
    try:
        labels = [_label_to_ascii(label) for label in domain.split(".")]
    except UnicodeError:
        return None
    return ".".join(labels) if all(0 < len(label) <= LONGEST_LABEL for label in labels) else None


def _label_to_ascii(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def _emojis(text: str) -> list[dict[str, Any]]:
    """The emoji that count two whatever they are made of: `{"emoji", "indices": [start, end]}`, in code points."""
    found = _module("twitter_text.extract_emojis").extract_emojis_with_indices(text)
    return [part for each in found for part in _known(each)]


def _known(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    start = found["indices"][0]
    for part in _parts(found["emoji"]):
        if part not in ("©", "®", _JOINER, _SELECTOR):
            yield {"emoji": part, "indices": [start, start + len(part)]}
        start += len(part)


def _parts(emoji: str) -> list[str]:
    """What X's library counts by itself; joiners and selectors as any other character."""
    if _YOUNG_PAIR.fullmatch(emoji):
        return list(emoji)
    if emoji.endswith(_SELECTOR) and emoji[:-1] in _WITHOUT_SELECTOR:
        return [emoji[:-1], _SELECTOR]
    eye_apart = emoji.startswith(f"{_EYE_IN_A_BUBBLE[0]}{_SELECTOR}{_JOINER}")
    if _JOINER in emoji and (eye_apart or _YOUNG.search(emoji) or _UNQUALIFIED.search(emoji)):
        return [part for joined in re.split(f"({_JOINER})", emoji) for part in _parts(joined)]
    return [emoji]
