"""Whether a call is the provider's own: its signature, its time, and a mark by which the same call is known again. Pure.

Anymail checks signatures, too, but with one secret from the settings, and neither times nor repetitions.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from publisher.core.errors import ChannelDown
from publisher.core.marking import gettext_noop as _
from publisher.core.webhook_signing import signature_headers

USER: Final = "publisher"
"""Of basic authentication; its password is the secret."""
DAY: Final = timedelta(hours=25)
"""Providers repeat a call for up to a day, and not all sign it anew."""
MINUTES: Final = timedelta(minutes=5)
AHEAD: Final = timedelta(minutes=5)
"""A clock there may be ahead of ours by so much."""
REMEMBERED: Final = DAY + AHEAD
"""How long the marks of calls must be kept."""

UNREADABLE: Final = _("The call cannot be read: it is not what this provider sends.")
UNSIGNED: Final = _("The call bears no signature, or no password.")
FORGED: Final = _("The signature, or the password, is not the provider’s. Is the secret here the one there?")
OLD: Final = _("The call was signed long ago: it may be a repetition by somebody else.")
AHEAD_OF_TIME: Final = _("The call was signed at a time that has not come yet.")
BAD_KEY: Final = _("The key that is stored here is none. Enter it again.")


class Refused(Exception):
    """A call that is not proved to be the provider's; says why, in English."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Call:
    """What came. `headers` have lower-case names; `url` is the door's public address, as the provider calls it."""

    body: bytes
    headers: Mapping[str, str]
    url: str = ""


Proof = Callable[[Call, str, datetime], bytes]
"""Gives a mark: the same call bears the same one, another call another. Raises Refused."""


def basic(call: Call, secret: str, _now: datetime) -> bytes:
    """User and password of basic authentication: Postmark, Brevo, Mailjet, SparkPost sign nothing."""
    scheme, _space, given = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or not given:
        raise Refused(UNSIGNED)
    wanted = base64.b64encode(f"{USER}:{secret}".encode()).decode()
    _same(given.strip(), wanted)
    return _mark(call.body)


def mailgun(call: Call, secret: str, now: datetime) -> bytes:
    """HMAC of time and token. It does not cover the event, so that a token is good for one call only."""
    found = _object(call.body).get("signature")
    if not isinstance(found, dict):
        raise Refused(UNSIGNED)
    token, moment, signature = (str(found.get(name, "")) for name in ("token", "timestamp", "signature"))
    if not (token and moment and signature):
        raise Refused(UNSIGNED)
    _same(signature, hmac.new(secret.encode(), _bytes(moment + token), hashlib.sha256).hexdigest())
    _in_time(moment, now, DAY)
    return _mark(_bytes(token))


def sendgrid(call: Call, public_key: str, now: datetime) -> bytes:
    """ECDSA over time and body; the key is public. The mark leaves the signature out: there are two for each message."""
    signature, moment = (
        call.headers.get(f"x-twilio-email-event-webhook-{name}", "") for name in ("signature", "timestamp")
    )
    if not (signature and moment):
        raise Refused(UNSIGNED)
    key = loaded(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Refused(BAD_KEY)
    signed = _bytes(moment) + call.body
    try:
        key.verify(base64.b64decode(signature, validate=True), signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise Refused(FORGED) from None
    _in_time(moment, now, DAY)
    return _mark(signed)


def svix(call: Call, secret: str, now: datetime) -> bytes:
    """Standard Webhooks, as Resend has it: signed anew for each try, under one id."""
    identity, moment, given = (
        call.headers.get(f"svix-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not (identity and moment and given):
        raise Refused(UNSIGNED)
    at = _in_time(moment, now, MINUTES)
    try:
        wanted = signature_headers(secret, identity, at, call.body)["webhook-signature"]
    except (ChannelDown, UnicodeError):
        raise Refused(BAD_KEY) from None
    if not any(hmac.compare_digest(_bytes(each), _bytes(wanted)) for each in given.split()[:20]):
        raise Refused(FORGED)
    return _mark(_bytes(identity))


def of_body(header: str) -> Proof:
    """HMAC-SHA256 of the body in hexadecimal digits, in a header: Mailtrap, MailerSend."""

    def proof(call: Call, secret: str, _now: datetime) -> bytes:
        if not (given := call.headers.get(header, "")):
            raise Refused(UNSIGNED)
        _same(given.strip().lower(), hmac.new(secret.encode(), call.body, hashlib.sha256).hexdigest())
        return _mark(call.body)

    return proof


def mandrill(call: Call, secret: str, _now: datetime) -> bytes:
    """HMAC-SHA1 of the address and the sorted fields of the form."""
    if not (given := call.headers.get("x-mandrill-signature", "")):
        raise Refused(UNSIGNED)
    signed = call.url + "".join(name + value for name, value in sorted(form(call.body).items()))
    made = hmac.new(secret.encode(), _bytes(signed), hashlib.sha1).digest()
    _same(given.strip(), base64.b64encode(made).decode())
    return _mark(call.body)


def postal(call: Call, public_key: str, now: datetime) -> bytes:
    """RSA over the body, in which its time stands."""
    if not (given := call.headers.get("x-postal-signature", "")):
        raise Refused(UNSIGNED)
    key = loaded(public_key)
    if not isinstance(key, rsa.RSAPublicKey):
        raise Refused(BAD_KEY)
    try:
        signature = base64.b64decode("".join(given.split()), validate=True)
        key.verify(signature, call.body, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - Postal's own
    except (InvalidSignature, ValueError):
        raise Refused(FORGED) from None
    _in_time(str(_object(call.body).get("timestamp", "")).partition(".")[0], now, DAY)
    return _mark(call.body)


def loaded(public_key: str) -> Any:
    """A public key from its PEM, or from the base64 between its lines alone. Raises Refused."""
    inner = "".join(line for line in public_key.split("\n") if not line.startswith("-----"))
    try:
        return serialization.load_der_public_key(base64.b64decode("".join(inner.split()), validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused(BAD_KEY) from None


def form(body: bytes) -> dict[str, str]:
    """The fields of a form. Raises Refused."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise Refused(UNREADABLE) from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(UNREADABLE) from None
    if not isinstance(found, dict):
        raise Refused(UNREADABLE)
    return found


def _same(given: str, wanted: str) -> None:
    if not hmac.compare_digest(_bytes(given), _bytes(wanted)):
        raise Refused(FORGED)


def _in_time(moment: str, now: datetime, most: timedelta) -> int:
    if not (moment.isascii() and moment.isdigit() and len(moment) < 12):
        raise Refused(UNREADABLE)
    at = int(moment)
    judge_age(now.timestamp() - at, most)
    return at


def judge_age(seconds: float, most: timedelta) -> None:
    """Raises Refused for what was signed too long ago, or will be."""
    if seconds > most.total_seconds():
        raise Refused(OLD)
    if seconds < -AHEAD.total_seconds():
        raise Refused(AHEAD_OF_TIME)


def _mark(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
