"""Signed numbers for the part of a mail address before the @: mail servers may fold its case and bound its length.

Called by whoever makes addresses that name something (delivery/return_path.py, audience/unsubscribe_mail.py). A token is the
numbers in base 36 and 80 bits of HMAC-SHA256 in base 32, with hyphens between: `2n9c-mfzwizltoq2tgmbr`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

from django.conf import settings

from publisher.core.base36 import base36
from publisher.core.crypto import quick_hmac

SIGNATURE_BYTES = 10
"""16 characters. Whoever guesses has to send us a mail for each guess."""


def writer(purpose: str) -> Callable[..., str]:
    """A function that writes tokens of whole numbers, good for `purpose` only. Make it once for many: it holds the key."""
    mac = _keyed(purpose, settings.SECRET_KEY)

    def write(*numbers: int) -> str:
        text = "-".join(map(base36, numbers))
        return f"{text}-{_signature(mac, text)}"

    return write


def read(purpose: str, token: str) -> tuple[int, ...] | None:
    """The numbers of a token in any case; None when it was not signed by us for this purpose. Former keys count."""
    text, _, signature = token.lower().rpartition("-")
    if not text or not token.isascii():
        return None
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(
        hmac.compare_digest(_signature(_keyed(purpose, secret), text), signature) for secret in secrets
    ):
        return None
    return tuple(int(number, 36) for number in text.split("-"))


def _keyed(purpose: str, secret: str) -> Callable[[bytes], bytes]:
    return quick_hmac(hashlib.sha256(f"publisher.mail-token.{purpose}\0{secret}".encode()).digest())


def _signature(mac: Callable[[bytes], bytes], text: str) -> str:
    return base64.b32encode(mac(text.encode())[:SIGNATURE_BYTES]).decode().lower()
