"""Is a post on the timeline the one that we sent? Pure.

X replaces every link by a short one (t.co) and names the original beside it, appends a link for pictures, and escapes & < >.
All of that is undone before the texts are compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from publisher.social.networks import twitter_text


class Likeness(Enum):
    """SAME: it is ours. ALIKE: the same words, yet not the same text, links or place in a thread: a person must look."""

    SAME = "same"
    ALIKE = "alike"
    OTHER = "other"


_SPACE = re.compile(r"\s+")
_WITH_SCHEME = re.compile(r"https?://\S+", re.IGNORECASE)
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_OTHERS = frozenset({"retweeted", "quoted"})


def likeness(post: Mapping[str, Any], stored: Mapping[str, Any]) -> Likeness:
    """`post` is a tweet object with `entities` and `referenced_tweets`; `stored` is from `payload.payload`."""
    kinds = _kinds(post)
    if kinds & _OTHERS:
        return Likeness.OTHER
    ours, theirs = str(stored["text"]), expanded(post)
    if _canonical(ours) == _canonical(theirs):
        in_place = ("replied_to" in kinds) == (int(stored.get("number") or 0) > 0)
        return Likeness.SAME if in_place else Likeness.ALIKE
    return Likeness.ALIKE if _words(ours) == _words(theirs) else Likeness.OTHER


def expanded(post: Mapping[str, Any]) -> str:
    """The text with its original links and without those to its own pictures."""
    text = str(post.get("text") or "")
    for escape, character in _ESCAPES:
        text = text.replace(escape, character)
    entities = post.get("entities")
    urls = entities.get("urls") if isinstance(entities, dict) else None
    for url in urls if isinstance(urls, list) else []:
        if isinstance(url, dict) and isinstance(url.get("url"), str) and url["url"]:
            is_picture = bool(url.get("media_key"))
            # Bounded: one short link may be the beginning of another.
            short = re.compile(re.escape(url["url"]) + r"(?![A-Za-z0-9])")
            long = "" if is_picture else str(url.get("expanded_url") or url["url"])
            text = short.sub(lambda _, long=long: long, text)  # type: ignore[misc]
    return text


def _canonical(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    # The longest first, for one link may be the beginning of another.
    for link in sorted(_links(text), key=len, reverse=True):
        text = text.replace(link, _canonical_link(link))
    return _SPACE.sub(" ", text).strip()


def _links(text: str) -> set[str]:
    # With line breaks as the counting library wants them.
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    found = twitter_text.links(plain) if twitter_text.is_countable(plain) else _WITH_SCHEME.findall(plain)
    return set(found)


def _canonical_link(link: str) -> str:
    """Without the scheme, which X adds; the host in lower case and ASCII; the path percent-encoded once."""
    with_scheme = link if _WITH_SCHEME.match(link) else f"http://{link}"
    try:
        parts = urlsplit(with_scheme)
    except ValueError:
        return link
    host = twitter_text.ascii_host(parts.netloc.lower()) or parts.netloc.lower()
    rest = parts.path.rstrip("/") if not parts.query and not parts.fragment else parts.path
    rest += f"?{parts.query}" if parts.query else ""
    rest += f"#{parts.fragment}" if parts.fragment else ""
    return host + quote(unquote(rest), safe="/?#=&;:@,+$!*'()~._-%")


def _words(text: str) -> str:
    """Letters and digits only, without any link."""
    text = unicodedata.normalize("NFC", text)
    for link in sorted(_links(text), key=len, reverse=True):
        text = text.replace(link, " ")
    return "".join(character for character in text.casefold() if character.isalnum())


def _kinds(post: Mapping[str, Any]) -> frozenset[str]:
    """How the post refers to others: replied_to, quoted, retweeted."""
    found = post.get("referenced_tweets")
    if not isinstance(found, list):
        return frozenset()
    return frozenset(str(each.get("type")) for each in found if isinstance(each, dict))
