"""X's own rules for the fake: how long a text is, what becomes of its links, and whether a request is signed. Written from X's
documents and RFC 5849, and apart from the libraries that Publisher uses, so that the two check each other."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import regex

SIGNED_HOST = "https://api.twitter.com"
LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
TLDS = "com|org|net|io|int|example|cn|de|fr|info|news"
# Of a path only Latin and Cyrillic letters belong to a link: “https://e.org/降雨” links to e.org, before two characters.
PATH = r"[\p{Latin}\p{Cyrillic}0-9\-_~:/?#@!$&'()*+,;=%|.]"
LAST = r"[\p{Latin}\p{Cyrillic}0-9\-_~/#@$&*+=%|]"
REST = rf"(?:/(?:{PATH}*{LAST})?)?"
HOST = r"(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+"
BARE = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
LINK = regex.compile(
    rf"https?://{HOST}(?:{TLDS})(?![\w@]){REST}|(?<![\w@./#$-]){BARE}(?:{TLDS})(?![\w@]){REST}",
    regex.IGNORECASE,
)
EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3")
PLAIN_EMOJI = regex.compile(r"[\d#*©®]\Z")


@dataclass(frozen=True)
class Link:
    start: int
    end: int
    url: str


def links(text: str) -> Iterator[Link]:
    for found in LINK.finditer(text):
        yield Link(found.start(), found.end(), found[0])


def weighted(text: str) -> int:
    """The length by configuration v3."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    length, at = 0, 0
    for link in links(text):
        length += _plain(text[at : link.start]) + 23
        at = link.end
    return length + _plain(text[at:])


def _plain(text: str) -> int:
    return sum(
        2 if EMOJI.search(cluster) and not PLAIN_EMOJI.match(cluster) else sum(map(_weight, cluster))
        for cluster in regex.findall(r"\X", text)
    )


def _weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in LIGHT) else 2


def shown(text: str, number: int, media: list[str]) -> tuple[str, list[dict[str, Any]]]:
    """The text as X shows it, with the entities of its links: t.co, escaped, and a last link for pictures."""
    text = unicodedata.normalize("NFC", text).strip()
    made, entities, at = "", [], 0
    for index, link in enumerate(links(text)):
        short = f"https://t.co/{number:05}{index:05}"
        made += _escaped(text[at : link.start]) + short
        long = link.url if link.url.lower().startswith("http") else f"http://{link.url}"
        entities.append({"url": short, "expanded_url": long, "display_url": long[8:34]})
        at = link.end
    made += _escaped(text[at:])
    for index, key in enumerate(media):
        short = f"https://t.co/{number:05}Media"
        made += f" {short}" if index == 0 else ""
        photo = f"https://x.com/office/status/{number}/photo/{index + 1}"
        entities.append({"url": short, "expanded_url": photo, "display_url": "pic.x.com/x", "media_key": key})
    return made, entities


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unsigned(method: str, target: str, header: str, secrets: Mapping[str, str]) -> str:
    """Why the request is not signed as OAuth 1.0a wants it; "" when it is. Bodies of JSON are not signed."""
    if not header.startswith("OAuth "):
        return "no OAuth header"
    pairs = (part.strip().partition("=") for part in header.removeprefix("OAuth ").split(","))
    given = {unquote(name): unquote(value.strip('"')) for name, _, value in pairs}
    signature = given.pop("oauth_signature", "")
    given.pop("realm", "")
    if given.get("oauth_consumer_key") != secrets["consumer_key"]:
        return "another consumer key"
    if given.get("oauth_token") != secrets["access_token"]:
        return "another token"
    if (
        not given.get("oauth_timestamp", "").isdigit()
        or abs(time.time() - int(given["oauth_timestamp"])) > 300
    ):
        return "an old timestamp"
    url = urlsplit(target)
    fields = [*given.items(), *parse_qsl(url.query, keep_blank_values=True)]
    encoded = sorted((_percent(name), _percent(value)) for name, value in fields)
    joined = "&".join(f"{name}={value}" for name, value in encoded)
    base = "&".join(map(_percent, (method, SIGNED_HOST + url.path, joined)))
    key = f"{_percent(secrets['consumer_secret'])}&{_percent(secrets['access_token_secret'])}"
    right = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
    return "" if hmac.compare_digest(right, signature) else "a wrong signature"


def _percent(text: str) -> str:
    return quote(text, safe="~")
