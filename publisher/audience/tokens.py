"""Signed links in mail: who may change what without an account. They hold no address, and never expire by themselves.

A token is `<subscriber>.<digest-or-edition>` in base 36, signed for one purpose only: a link to read cannot unsubscribe.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.core.signing import BadSignature

from publisher.core.base36 import base36
from publisher.core.crypto import quick_signature, signer


class Purpose(StrEnum):
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    WEB_VERSION = "web-version"
    VARIANT = "variant"
    CONFIRM = "confirm"
    CLICK = "click"
    OPEN = "open"
    READER = "reader"
    CHANGE_OLD = "change-old"
    CHANGE_NEW = "change-new"
    DATA = "data"
    ERASE = "erase"


NOBODY = 0
"""The subscriber of tests and of copies for the office: their links open the true pages and change nothing."""


@dataclass(frozen=True)
class Link:
    """What a token names. `target_id` is a digest for unsubscribe and preferences, an edition for the web version, a variant
    for that of a copy which is nobody's, a sign-up (of nobody yet) for confirming, an address change for its two mailboxes, the
    letter itself for their data and for erasing: the rows of these three say until when. Of clicks and opens a link or an
    edition, which are nobody's; of what stands behind them for readers who agreed to be counted, an edition."""

    subscriber_id: int
    target_id: int


def write(purpose: Purpose, subscriber_id: int, target_id: int) -> str:
    return writer(purpose, target_id)(base36(subscriber_id))


def writer(purpose: Purpose, target_id: int) -> Callable[[str], str]:
    """A function from a subscriber's id in base 36 to a token, for many tokens: the key is derived once."""
    signature, target = quick_signature(f"link.{purpose}"), base36(target_id)

    def write_one(subscriber: str) -> str:
        text = f"{subscriber}.{target}"
        return f"{text}~{signature(text)}"

    return write_one


def read(purpose: Purpose, token: str) -> Link | None:
    """What the token names; None when it was not signed by us for this purpose."""
    try:
        text = signer(f"link.{purpose}").unsign(token.replace("~", ":"))
        subscriber, target = text.split(".")
        return Link(int(subscriber, 36), int(target, 36))
    except (BadSignature, ValueError):
        return None
