"""What of a text is a link, a hashtag or a mention: `facets` of app.bsky.richtext.facet, by offsets in bytes of UTF-8. Pure.

Chinese, Japanese, Korean and Thai are written without spaces, so a link ends where their letters or punctuation begin. Other
letters belong to it: “/wiki/Köln” is one link.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import regex

from publisher.social.networks.bluesky.rules import TAG_BYTES, TAG_GRAPHEMES

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]"

_LINK = regex.compile(
    rf"""
    (?<! [{_LETTER}@/] ) https?://
    {_LETTER} (?: [{_LETTER}._-]* {_LETTER} )? \. {_LETTER}{{2,}} (?! {_LETTER} )
    (?: :\d{{1,5}} )?
    (?: [/?\#] [{_LETTER}!*'();:@&=+$,/?\#\[\]%._~|-]* )?
    """,
    regex.VERBOSE | regex.IGNORECASE | regex.VERSION1,
)
WEB_ADDRESS = regex.compile(r"https?://[^\s/]\S*")
"""What the lexicon takes for an address, of those of the web."""

_TRAILING = ".,;:!?'*~|"
_PAIRS = {")": "(", "]": "["}

_TAG = regex.compile(r"(?<![\p{L}\p{M}\p{N}_&/#＃@])[#＃](?P<tag>[\p{L}\p{M}\p{N}_]+)", regex.VERSION1)
_NOT_ONLY_DIGITS = regex.compile(r"[^\p{N}_]")
_GRAPHEME = regex.compile(r"\X")

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_MENTION = regex.compile(
    rf"(?<![\w@./-])@(?P<handle>(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?)(?![\w@-])",
    regex.IGNORECASE | regex.ASCII,
)


@dataclass(frozen=True)
class Span:
    """A stretch of the text in code points, and what it is: a feature of app.bsky.richtext.facet."""

    start: int
    end: int
    feature: dict[str, Any]


def facets(text: str, link: str = "") -> list[dict[str, Any]]:
    """The facets in the order of the text, none within another. `link` is known to be one, whatever it holds.

    A mention's feature has its `handle` in lower case: the `did` that it needs is only known to the network.
    """
    spans: list[Span] = []
    for found in (_known(text, link), _links(text), _mentions(text), _tags(text)):
        spans += [span for span in found if not any(_overlap(span, other) for other in spans)]
    return [
        {
            "index": {"byteStart": _bytes(text[: span.start]), "byteEnd": _bytes(text[: span.end])},
            "features": [span.feature],
        }
        for span in sorted(spans, key=lambda span: span.start)
    ]


def _known(text: str, link: str) -> Iterator[Span]:
    """Where the link stands as it is, and not as the beginning of a longer one."""
    at = text.find(link) if WEB_ADDRESS.fullmatch(link) else -1
    while at >= 0:
        end = at + len(link)
        longer = _LINK.match(text, at)
        if not longer or at + len(_trimmed(longer[0])) <= end:
            yield _link(at, end, link)
        at = text.find(link, end)


def _links(text: str) -> Iterator[Span]:
    for match in _LINK.finditer(text):
        url = _trimmed(match[0])
        yield _link(match.start(), match.start() + len(url), url)


def _link(start: int, end: int, url: str) -> Span:
    return Span(start, end, {"$type": "app.bsky.richtext.facet#link", "uri": url})


def _trimmed(url: str) -> str:
    """Without what ends a sentence, and without a bracket that was opened before the link."""
    while url:
        last = url[-1]
        if last in _TRAILING or (last in _PAIRS and url.count(last) > url.count(_PAIRS[last])):
            url = url[:-1]
        else:
            break
    return url


def _tags(text: str) -> Iterator[Span]:
    for match in _TAG.finditer(text):
        tag = match["tag"]
        fits = len(_GRAPHEME.findall(tag)) <= TAG_GRAPHEMES and _bytes(tag) <= TAG_BYTES
        if fits and _NOT_ONLY_DIGITS.search(tag):
            yield Span(match.start(), match.end(), {"$type": "app.bsky.richtext.facet#tag", "tag": tag})


def _mentions(text: str) -> Iterator[Span]:
    for match in _MENTION.finditer(text):
        handle = match["handle"].lower()
        if len(handle) <= 253:
            feature = {"$type": "app.bsky.richtext.facet#mention", "handle": handle}
            yield Span(match.start(), match.end(), feature)


def _overlap(first: Span, second: Span) -> bool:
    return first.start < second.end and second.start < first.end


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
