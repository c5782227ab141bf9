"""Settings of how long what is known of people is kept. docs/privacy.md says of each table which one holds."""

from __future__ import annotations

from typing import Final

from config.environment.setting import Setting
from config.environment.values import whole_number

_DAYS = whole_number(1, 36500)

KEEPING: Final[tuple[Setting, ...]] = (
    Setting(
        "PUBLISHER_RETENTION_HOUR",
        "2",
        "hour of the day, UTC",
        "23",
        "From when on each night what is past its time is erased. A service that was off then begins when it is back.",
        whole_number(0, 23),
    ),
    Setting(
        "PUBLISHER_KEEP_SIGN_UPS_DAYS",
        "7",
        "days",
        "1",
        "How long a sign-up is kept after its link ended (7 days after it was asked for), confirmed or not. The proof of a "
        "confirmed one is kept with its subscriber.",
        _DAYS,
    ),
    Setting(
        "PUBLISHER_KEEP_LETTERS_DAYS",
        "90",
        "days",
        "30",
        "How long letters to single readers and to staff, notices about channels, changes of address that ended, and invitations "
        "that nobody took are kept.",
        _DAYS,
    ),
    Setting(
        "PUBLISHER_KEEP_EVIDENCE_DAYS",
        "90",
        "days",
        "30",
        "How long the message or event itself of a report is kept (bounce, complaint, automatic answer), and how long an entry "
        "of the suppression list that has ended. The report stays.",
        _DAYS,
    ),
    Setting(
        "PUBLISHER_KEEP_REPORTS_DAYS",
        "730",
        "days",
        "400",
        "How long reports of what mailboxes answered are kept; never for fewer days than PUBLISHER_SOFT_BOUNCE_DAYS, within "
        "which they count together.",
        _DAYS,
    ),
    Setting(
        "PUBLISHER_KEEP_COUNTS_DAYS",
        "365",
        "days",
        "180",
        "How long is kept what a person followed and opened who agreed to be counted, after the last time. Totals stay for ever.",
        _DAYS,
    ),
    Setting(
        "PUBLISHER_KEEP_LEFT_DAYS",
        "1095",
        "days",
        "400",
        "How long a subscriber is kept who receives nothing any more, with choices and proofs of consent, after the last of "
        "them. Then the person is erased: a salted hash of the address stays, so that no import brings them back.",
        _DAYS,
    ),
)
