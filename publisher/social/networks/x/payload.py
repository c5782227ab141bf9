"""What is stored for a post on X, and the body of `POST /2/tweets` that is made of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Account, Part, Receipt
from publisher.social.networks.x.measure import measure
from publisher.social.networks.x.rules import PICTURES, Rules

_ID = re.compile(r"[0-9]{1,19}\Z")
_IN_URL = re.compile(r"/status(?:es)?/([0-9]{1,19})(?![0-9])")


def payload(part: Part, account: Account) -> dict[str, Any]:
    """`{"text", "number", "pictures": [{"digest", "alt", "focus"}]}`. Raises `Rejected` for what X is sure to refuse.

    The link is in the text already: X makes its own card of it.
    """
    if part.of > 1 and account.settings.get("threads") is not True:
        raise Rejected(
            gettext_noop(
                "X takes replies only from some plans, so threads are off for this channel. Make it one message, or set "
                "`threads` in the channel's settings when your plan allows replies."
            )
        )
    fit = measure(part.text, Rules())
    if not fit.fits:
        raise Rejected(gettext_noop("The text does not fit X: %(why)s.") % {"why": fit.why})
    if len(part.pictures) > PICTURES.most:
        raise Rejected(
            gettext_noop("X shows at most %(most)s pictures; this post has %(pictures)s.")
            % {"most": PICTURES.most, "pictures": len(part.pictures)}
        )
    for number, picture in enumerate(part.pictures, 1):
        if len(picture.alt) > PICTURES.alt:
            raise Rejected(
                gettext_noop(
                    "The description of picture %(number)s is %(alt)s characters long; X takes %(alt2)s."
                )
                % {"number": number, "alt": len(picture.alt), "alt2": PICTURES.alt}
            )
    pictures = [
        {"digest": each.digest, "alt": each.alt, "focus": list(each.focus) if each.focus else None}
        for each in part.pictures
    ]
    return {"text": part.text, "number": part.number, "pictures": pictures}


def body(stored: Mapping[str, Any], media_ids: Sequence[str], before: Sequence[Receipt]) -> dict[str, Any]:
    """The body of `POST /2/tweets`. Raises `Rejected` when it is not known which post it continues."""
    made: dict[str, Any] = {"text": stored["text"]}
    if media_ids:
        made["media"] = {"media_ids": list(media_ids)}
    if before:
        made["reply"] = {"in_reply_to_tweet_id": _id_of(before[-1])}
    return made


def _id_of(receipt: Receipt) -> str:
    """A person who confirmed the part before gave its address, or nothing."""
    if _ID.match(receipt.remote_id):
        return receipt.remote_id
    if found := _IN_URL.search(receipt.url):
        return found[1]
    raise Rejected(
        gettext_noop(
            "Nobody knows the address of the message before this one, so this one cannot continue it. Publish the rest by hand."
        )
    )
