"""Letters to readers in English."""

from __future__ import annotations

from typing import Final

from publisher.delivery.reader_words.text import DIGESTS, Language, Text

_FOOT: Final = "{organisation}\n{postal_address}"

LANGUAGE: Final = Language(
    quote="“{title}”",
    between=", ",
    texts={
        "confirm": Text(
            "Please confirm: {titles}",
            (
                "Somebody, you we hope, asked on {site} for {titles} to be sent to this address.",
                "Open this page and press its button to confirm. The link is good for seven days:",
                "{link}",
                "If it was not you, do nothing: without your confirmation you are not subscribed.",
                _FOOT,
            ),
        ),
        "already": Text(
            "You are subscribed already: {titles}",
            (
                "Somebody, you we hope, asked on {site} for {titles} to be sent to this address.",
                "You are subscribed already, and nothing has changed. These links are yours alone:",
                DIGESTS,
                "If it was not you, do nothing.",
                _FOOT,
            ),
            "{title}\nChange what you receive: {preferences}\nUnsubscribe: {unsubscribe}",
        ),
        "welcome": Text(
            "Welcome to {titles}",
            (
                "{greeting}",
                "You have confirmed your subscription to {titles}. Thank you.",
                DIGESTS,
                "You receive this mail because you subscribed on {site}.",
                _FOOT,
            ),
            "{title}\nThe latest edition: {latest}\nChange what you receive: {preferences}\nUnsubscribe: {unsubscribe}",
        ),
        "change_old": Text(
            "Your mail is to go to another address",
            (
                "Somebody, you we hope, asked on {site} to have {titles} sent to {new} instead of this address.",
                "Open this page and press its button to say yes. The other address is asked, too. The link works for seven days:",
                "{link}",
                "If it was not you, say no on that page, or do nothing: then everything stays as it is.",
                _FOOT,
            ),
        ),
        "change_new": Text(
            "Please confirm your new address",
            (
                "Somebody, you we hope, asked on {site} to have {titles} sent to this address instead of {old}.",
                "Open this page and press its button to say yes. The other address is asked, too. The link works for seven days:",
                "{link}",
                "If it was not you, say no on that page, or do nothing: then nothing is sent to you.",
                _FOOT,
            ),
        ),
        "data": Text(
            "Your data",
            (
                "Somebody, you we hope, asked on {site} for everything that we hold about you.",
                "If it was you, open this page and press its button to get the file. The link is good for {hours} hours:",
                "{link}",
                "If it was not you, do nothing: then nobody gets it.",
                "Whoever has this link can get it: do not pass this mail on.",
                _FOOT,
            ),
        ),
        "erase": Text(
            "Erase everything about you?",
            (
                "Somebody, you we hope, asked on {site} to have everything erased that we hold about you.",
                "If it was you, open this page and press its button. It cannot be undone. The link is good for {hours} hours:",
                "{link}",
                "If it was not you, do nothing: then everything stays as it is.",
                "Whoever has this link can erase you: do not pass this mail on.",
                _FOOT,
            ),
        ),
    },
)
