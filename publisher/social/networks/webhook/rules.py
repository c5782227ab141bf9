"""What each kind of receiver takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Format(Enum):
    """What the body of a request is; the value is the channel's setting `format`."""

    GENERIC = "generic"
    SLACK = "slack"
    TEAMS = "teams"
    DISCORD = "discord"


# generic: ours, so that nobody is flooded. Slack cuts a text at 40,000 and advises 4,000 (docs.slack.dev, chat.postMessage).
# Discord: `content` of 2,000 (docs.discord.com, Execute Webhook). Teams: 28 KB for the whole message, card and all.
LIMITS = {Format.GENERIC: 5000, Format.SLACK: 4000, Format.TEAMS: 5000, Format.DISCORD: 2000}
TEAMS_BYTES = 28 * 1024


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in UTF-16 code units of what is sent: for Slack and Discord, after escaping what they would take for markup."""

    limit: int = LIMITS[Format.GENERIC]
    format: Format = Format.GENERIC
