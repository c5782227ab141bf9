"""How long a text is on Mastodon: graphemes, links at a fixed price, the domain of a remote mention free.

After StatusLengthValidator, Extractor, Account::MENTION_RE and initializers/twitter_regex.rb of mastodon/mastodon. Its links
have a scheme, their hosts are those of X, and their paths go on to the next space, also in Chinese.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks import graphemes, twitter_text
from publisher.social.networks.mastodon.rules import Rules

LONGEST_LINK = 4096

_SCHEME = regex.compile(
    r"(?<![A-Za-z0-9@＠$\#＃\u202a-\u202e])(?i:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini)://"
)
_HOST_LIKE = regex.compile(r"[^\s/?:\#]{1,300}")
# `ucschar` and `iprivate` of RFC 3987.
_PLANES = [(plane << 16, (plane << 16) + 0xFFFD) for plane in range(1, 17) if plane != 0xE]
_RANGES = [(0xA0, 0xD7FF), (0xE000, 0xFDCF), (0xFDF0, 0xFFEF), (0xE1000, 0xEFFFD), *_PLANES]
_FAR = "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES) + "]"
_IN_A_PATH = r"[^\p{White_Space}<>()?]"
_BRACKETS = rf"\((?:{_IN_A_PATH}+|{_IN_A_PATH}*\({_IN_A_PATH}+\){_IN_A_PATH}*)\)"
# What follows a host: a port, a path that ends neither in punctuation nor in an open bracket, a query.
_REST = regex.compile(
    rf"""
    (?: :[0-9]+ )?
    (?: / (?: (?: {_IN_A_PATH} | {_BRACKETS} )* (?: [^\p{{White_Space}}()?!*"'「」<>;:=,.$%\[\]~&|@] | {_BRACKETS} ) )? )?
    (?: \? (?: [a-z0-9!?*'();:&=+$/%\#\[\]\-_.,~|@^] | (?P<far>{_FAR}) )* (?: [a-z0-9_&=\#/-] | (?&far) ) )?
    """,
    regex.IGNORECASE | regex.VERBOSE,
)
_WORD = r"[\p{L}\p{M}\p{Nd}\p{Pc}]"
# A user name, and a domain that costs nothing; not before what makes it something else (Twitter::Regex[:end_mention_match]).
_MENTION = regex.compile(
    rf"(?<![=/\p{{L}}\p{{M}}\p{{Nd}}\p{{Pc}}])(?>@(?P<name>[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)(?:@{_WORD}+(?:[.-]+{_WORD}+)*)?)"
    r"(?![@＠À-ÖØ-öø-ɏ]|://)",
    regex.IGNORECASE,
)


def measure(text: str, rules: Rules) -> Measure:
    """Graphemes of warning and text together, as the server counts them."""
    length = graphemes.count(rules.warning + _countable(text, rules))
    if length > rules.limit:
        return Measure(
            length,
            rules.limit,
            False,
            gettext_noop("%(length)s characters too long") % {"length": length - rules.limit},
        )
    return Measure(
        length, rules.limit, bool(text.strip()), "" if text.strip() else gettext_noop("the text is empty")
    )


def _countable(text: str, rules: Rules) -> str:
    """The text with each link as long as it counts, and mentions outside of links without their domains."""
    found = [(start, end, "x" * rules.url_length) for start, end in _links(text)]
    found += [(*match.span(), f"@{match['name']}") for match in _MENTION.finditer(text)]
    pieces: list[str] = []
    last = 0
    for start, end, counted in sorted(found):
        if start >= last:
            pieces += (text[last:start], counted)
            last = end
    return "".join([*pieces, text[last:]])


def _links(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while scheme := _SCHEME.search(text, at):
        at = scheme.end()
        like = _HOST_LIKE.match(text, at)
        if like and (host := twitter_text.host_in(like[0])):
            rest = _REST.match(text, at + len(host))
            end = rest.end() if rest else at + len(host)
            if end - scheme.start() <= LONGEST_LINK:
                yield scheme.start(), end
                at = end
