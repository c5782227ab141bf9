"""Signatures of Standard Webhooks 1.0: HMAC-SHA256 of id, time stamp and body. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from publisher.core.errors import ChannelDown
from publisher.core.marking import gettext_noop

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as the standard has it."""


def signature_headers(secrets: str, identity: str, moment: int, body: bytes) -> dict[str, str]:
    """The three headers. `secrets`: one, or several with spaces between while one takes the other's place: a signature each.

    `moment` in seconds since 1970. Raises `ChannelDown` for a secret that is none.
    """
    signed = f"{identity}.{moment}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()
        for secret in secrets.split()
    ]
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(signatures),
    }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ChannelDown(
            gettext_noop(
                "The webhook's secret cannot be used: it must be %(prefix)s and base64 of %(shortest)s to %(longest)s bytes."
            )
            % {"prefix": PREFIX, "shortest": SHORTEST, "longest": LONGEST}
        )
    return key
