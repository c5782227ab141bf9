"""Settings of sign-ups by readers."""

from __future__ import annotations

from typing import Final

from config.environment.setting import Setting
from config.environment.values import one_of
from publisher.audience.signing_up.rates import USUAL, parse_rates

SIGNING_UP: Final[tuple[Setting, ...]] = (
    Setting(
        "PUBLISHER_SIGN_UP_LIMITS",
        USUAL,
        "name=rate, separated by commas",
        "client=30/h, all=5000/h",
        "How many sign-ups are taken by min, h or day: for one address, from one client, for one domain, in all; and from how "
        "many in all on a browser has to prove that it worked for it (`proof`). What is not named is as usual. docs/sign-up.md "
        "says how to choose.",
        parse_rates,
    ),
    Setting(
        "PUBLISHER_SIGN_UP_ROLES",
        "take",
        "word",
        "look",
        "What is done when a mailbox of several people signs up, such as info@ or press@: take, look (a person decides, in the "
        "desk under “Sign-ups”) or refuse. Mailboxes of machines are always refused.",
        one_of("take", "look", "refuse"),
    ),
    Setting(
        "PUBLISHER_SIGN_UP_DISPOSABLE",
        "refuse",
        "word",
        "look",
        "What is done when a disposable address signs up: take, look (a person decides) or refuse. The domains come with "
        "Publisher; staff add and except others in the desk.",
        one_of("take", "look", "refuse"),
    ),
)
