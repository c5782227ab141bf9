"""Is a text on LinkedIn the one that was sent? Pure. LinkedIn gives texts back in its own form, and may shorten links."""

from __future__ import annotations

import unicodedata

import regex

_TEMPLATE = regex.compile(r"\{hashtag\|\\?(?P<sign>[#＃])\|(?P<tag>[^{}|]+)\}")
_MENTION = regex.compile(r"(?<!\\)@\[(?P<name>(?:\\.|[^\]\\])*)\]\(urn:li:[^)]*\)")
_ESCAPED = regex.compile(r"\\([\\|{}@\[\]()<>#*_~])")
_LINK = regex.compile(r"https?://\S+")
SHORTENED = ("https://lnkd.in/", "http://lnkd.in/")


def plain(commentary: str) -> str:
    """A commentary in the “little” format as a reader sees it, in NFC, with each run of white space one space."""
    text = _TEMPLATE.sub(lambda found: found["sign"] + found["tag"], commentary)
    text = _ESCAPED.sub(r"\1", _MENTION.sub(r"\g<name>", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def same(ours: str, theirs: str) -> bool:
    """Whether two commentaries say the same; a link that LinkedIn shortened may be any."""
    one, other = plain(ours), plain(theirs)
    if one == other:
        return True
    links, others = _LINK.findall(one), _LINK.findall(other)
    if _LINK.split(one) != _LINK.split(other):
        return False
    return all(
        mine == seen or mine.rstrip("/") == seen.rstrip("/") or seen.startswith(SHORTENED)
        for mine, seen in zip(links, others, strict=True)
    )
