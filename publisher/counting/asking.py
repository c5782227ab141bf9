"""Which requests are counted at all. Pure. A request that asks not to be followed, or that no person made, is not.

What no person made is told roughly: by what programs say of themselves. A scanner that calls itself a browser is counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PROGRAMS: Final = re.compile(
    r"bot\b|bot[/;._-]|crawl|spider|slurp|scan|preview|prefetch|monitor|uptime|checker|validator|fetcher|headless|phantom"
    r"|barracuda|mimecast|proofpoint|ironport|fortiguard|fortinet|forcepoint|trendmicro|trend micro|symantec|messagelabs"
    r"|sophos|avanan|safelinks|safe links|urldefense|cloudmark|zscaler|paloalto|bitdefender|kaspersky|spamhaus"
    r"|facebookexternalhit|facebookcatalog|whatsapp|telegram|slack|discord|skypeuri|linkedin|twitter|pinterest|embedly|iframely"
    r"|curl|wget|python|aiohttp|httpx|okhttp|go-http|java/|libwww|perl|ruby|node-fetch|axios|postman|guzzle|httpclient"
    r"|microsoft office|ms-office|msoffice|bingpreview|mediapartners|feedfetcher",
    re.IGNORECASE,
)
_BARE: Final = re.compile(r"\s*(?:Mozilla/\d\.\d\s*)?\Z")
"""Nothing, or no more than every browser says: servers that load pictures before anybody reads, Apple's among them."""
_READS_FOR_SOMEBODY: Final = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
"""They load a picture when its reader does."""
_PURPOSES: Final = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")
_AHEAD: Final = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)


def counts(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a request is counted. `headers` by their usual names, in any case."""
    if method != "GET" or asks_not_to_be(headers):
        return False
    if any(_AHEAD.search(headers.get(name, "")) for name in _PURPOSES):
        return False
    program = headers.get("User-Agent", "")
    if _READS_FOR_SOMEBODY.search(program):
        return True
    return not (_BARE.match(program) or _PROGRAMS.search(program))


def asks_not_to_be(headers: Mapping[str, str]) -> bool:
    """Do Not Track, or Global Privacy Control."""
    return headers.get("DNT", "").strip() == "1" or headers.get("Sec-GPC", "").strip() == "1"
