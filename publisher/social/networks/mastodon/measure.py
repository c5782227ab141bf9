"""How long a text is on Mastodon: graphemes, links at a fixed price, the domain of a remote mention free.

After StatusLengthValidator and Extractor of mastodon/mastodon: links as X finds them, but with a scheme only.
"""

from __future__ import annotations

import regex

from publisher.render.measure import Measure
from publisher.social.networks import twitter_text
from publisher.social.networks.mastodon.rules import Rules

_GRAPHEME = regex.compile(r"\X")

# A link as Mastodon sees it: a scheme, a host with a known ending, a path in any script, a query.
_LINK = regex.compile(
    r"""
    (?<![\p{L}\p{N}@＠$\#＃]) https?://
    (?P<host> [\p{L}\p{M}\p{N}] (?:[\p{L}\p{M}\p{N}._-]* [\p{L}\p{M}\p{N}])? \.\p{L}[\p{L}\p{M}\p{N}-]* )
    (?: :\d+ )?
    (?: / (?: [\p{L}\p{M}\p{N}!*';:=+,.$%\[\]~&|@/_\#-] | \([^\s()]*\) )* (?<= [\p{L}\p{M}\p{N}=_\#/+)-] ) )?
    (?: \? [\p{L}\p{M}\p{N}!?*'();:&=+$/%\#\[\]_.,~|@-]* [\p{L}\p{M}\p{N}_&=\#/-] )?
    """,
    regex.IGNORECASE | regex.VERBOSE,
)
# Account::MENTION_RE: a user name, and a domain that costs nothing.
_MENTION = regex.compile(r"(?<![=/\w])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)@\w+(?:[.-]+\w+)*", regex.IGNORECASE)


def measure(text: str, rules: Rules) -> Measure:
    """Graphemes of warning and text together, as the server counts them."""
    counted = rules.warning + _countable(text.replace("\r\n", "\n"), rules)
    length = len(_GRAPHEME.findall(counted))
    if length > rules.limit:
        return Measure(length, rules.limit, False, f"{length - rules.limit} characters too long")
    return Measure(length, rules.limit, bool(text.strip()), "" if text.strip() else "the text is empty")


def _countable(text: str, rules: Rules) -> str:
    """The text with each link as long as it counts, and mentions outside of links without their domains."""
    pieces: list[str] = []
    last = 0
    for match in _LINK.finditer(text):
        if twitter_text.is_host(match["host"]):
            pieces += (_MENTION.sub(r"@\1", text[last : match.start()]), "x" * rules.url_length)
            last = match.end()
    return "".join([*pieces, _MENTION.sub(r"@\1", text[last:])])
