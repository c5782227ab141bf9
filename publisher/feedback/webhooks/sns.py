"""Amazon SES speaks through Amazon SNS: the signature of its certificate, and confirming that our topic may call.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. The certificate is fetched from SNS of the
topic's own region and from nowhere else, and kept in the process for a while.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.utils.dateparse import parse_datetime

from publisher.core import fetch
from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop as _
from publisher.feedback.webhooks.proofs import DAY, FORGED, UNREADABLE, UNSIGNED, Call, Refused, judge_age

TOPIC: Final = re.compile(r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]{3,30}):\d{12}:[A-Za-z0-9_-]{1,256}")
CONFIRMING: Final = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(
        CONFIRMING, ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    ),
}
HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "1": hashes.SHA1(),  # noqa: S303 - a topic says which; this one is its default
    "2": hashes.SHA256(),
}
CERTIFICATE: Final = re.compile(r"https://[a-z0-9.-]+/[A-Za-z0-9_-]{1,100}\.pem")
"""Where a certificate may be. SNS answers calls of its API at the same host, and some of those with words of anybody's."""
OTHER_TOPIC: Final = _("The call is of another topic than the one that is set here.")
OTHER_HOST: Final = _("The call names a certificate that is not at Amazon SNS of its region.")
LARGEST_CERTIFICATE: Final = 20_000
KEPT: Final = timedelta(hours=12)
MOST_KEPT: Final = 20

_kept: dict[str, tuple[datetime, x509.Certificate]] = {}


def proof(call: Call, topic: str, now: datetime) -> bytes:
    """As `proofs.Proof`. Raises Refused, and `core.errors.Retry` when the certificate cannot be fetched at the moment."""
    found = message(call.body)
    if not found.get("Signature"):
        raise Refused(UNSIGNED)
    fields = SIGNED.get(str(found.get("Type")))
    if fields is None or found["TopicArn"] != topic:
        raise Refused(UNREADABLE if fields is None else OTHER_TOPIC)
    key = _key(str(found.get("SigningCertURL", "")), topic, now)
    signed = "".join(f"{name}\n{found[name]}\n" for name in fields if name in found)
    algorithm = HASHES.get(str(found.get("SignatureVersion")))
    if algorithm is None:
        raise Refused(UNREADABLE)
    try:
        signature = base64.b64decode(str(found["Signature"]), validate=True)
        key.verify(signature, signed.encode("utf-8", "replace"), padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):
        raise Refused(FORGED) from None
    at = _moment(str(found["Timestamp"]))
    judge_age((now - at).total_seconds(), DAY)
    return hashlib.sha256(str(found["MessageId"]).encode("utf-8", "replace")).digest()


def message(body: bytes) -> dict[str, Any]:
    """A message of SNS. Raises Refused."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(UNREADABLE) from None
    if not isinstance(found, dict) or any(
        not isinstance(found.get(name), str) for name in ("Type", "TopicArn", "MessageId", "Timestamp")
    ):
        raise Refused(UNREADABLE)
    return found


def confirm(found: Mapping[str, Any]) -> None:
    """Tell SNS that we want the topic's messages. Its message was checked: its topic is ours. Raises `Retry`, `Rejected`."""
    url = str(found.get("SubscribeURL", ""))
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    ours = asked.get("TopicArn") == [found["TopicArn"]] and asked.get("Action") == ["ConfirmSubscription"]
    if not ours or not is_at_sns(url, str(found["TopicArn"])):
        raise Rejected(OTHER_HOST)
    fetch.get(url, max_bytes=LARGEST_CERTIFICATE)


def is_at_sns(url: str, topic: str) -> bool:
    """Whether an address is one of SNS in the region of a topic."""
    arn = TOPIC.fullmatch(topic)
    try:
        parts = urlsplit(url)
        plain = parts.port is None and "@" not in parts.netloc
    except ValueError:
        return False
    if arn is None or parts.scheme != "https" or not plain:
        return False
    ending = ".cn" if arn[1] == "aws-cn" else ""
    return parts.netloc == f"sns.{arn[2]}.amazonaws.com{ending}"


def _key(url: str, topic: str, now: datetime) -> rsa.RSAPublicKey:
    """The public key of a certificate that is valid now."""
    if not is_at_sns(url, topic) or not CERTIFICATE.fullmatch(url):
        raise Refused(OTHER_HOST)
    certificate = _certificate(url, now)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Refused(OTHER_HOST)
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise Refused(OTHER_HOST)
    return key


def _certificate(url: str, now: datetime) -> x509.Certificate:
    kept = _kept.get(url)
    if kept and now - kept[0] < KEPT:
        return kept[1]
    try:
        answer = fetch.get(url, max_bytes=LARGEST_CERTIFICATE)
        if answer.url != url:
            raise Refused(OTHER_HOST)
        certificate = x509.load_pem_x509_certificate(answer.body)
    except (ValueError, Rejected):
        raise Refused(OTHER_HOST) from None
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[url] = (now, certificate)
    return certificate


def _moment(text: str) -> datetime:
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused(UNREADABLE)
    return at
