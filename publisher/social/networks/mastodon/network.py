"""Mastodon for the registry: drafting and measuring. Sending is not built yet, so this is no `Network`.

Settings of a channel: `max_characters`, `characters_reserved_per_url` (numbers, as its server's /api/v2/instance says them),
`content_warning` (text).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publisher.render.measure import Measure
from publisher.social.networks.base import Account
from publisher.social.networks.mastodon.measure import measure
from publisher.social.networks.mastodon.rules import Rules


@dataclass(frozen=True)
class Mastodon:
    """See `Measuring`."""

    name: str = "mastodon"
    label: str = "Mastodon"

    def rules(self, account: Account) -> Rules:
        given, usual = account.settings, Rules()
        return Rules(
            limit=_number(given, "max_characters", usual.limit),
            url_length=_number(given, "characters_reserved_per_url", usual.url_length),
            warning=str(given.get("content_warning") or ""),
        )

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)


def _number(given: Mapping[str, Any], key: str, usual: int) -> int:
    value = given.get(key)
    return value if isinstance(value, int) and value > 0 else usual


MASTODON = Mastodon()
