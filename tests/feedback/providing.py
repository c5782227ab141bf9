"""Mail providers as their documents describe them: payloads of their events, and calls that are really signed with test keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from publisher.delivery.models import Delivery

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-events"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
WHSEC = "whsec_" + base64.b64encode(b"k" * 32).decode()
KINDS = ("hard", "soft", "complaint", "delivered", "delayed", "left", "opened")
"""What each provider can say; a builder gives None for what it has no event for."""

Body = dict[str, Any] | None


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """As providers show it: base64 without the lines of PEM."""
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def certificate(at: datetime, *, ended: bool = False) -> bytes:
    """SNS's, good for a year around `at`."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    end = at - timedelta(days=1) if ended else at + timedelta(days=180)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(rsa_key().public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(days=180))
        .not_valid_after(end)
        .sign(rsa_key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def sns(fields: dict[str, str], version: str = "2") -> dict[str, str]:
    """A message of SNS, signed."""
    names = (
        ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        if fields["Type"] == "Notification"
        else ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    )
    signed = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode()
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - SNS has both
    signature = base64.b64encode(rsa_key().sign(signed, padding.PKCS1v15(), algorithm)).decode()
    return fields | {"SignatureVersion": version, "Signature": signature, "SigningCertURL": CERTIFICATE_URL}


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def ses(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    mail = {
        "timestamp": iso(at),
        "messageId": row.remote_id or "0100018f-000001",
        "destination": [row.address],
        "tags": {"ses:configuration-set": ["mail"], "delivery": [str(row.pk)]},
    }
    recipient = {"emailAddress": row.address}
    failed = recipient | {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    full = recipient | {"status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 mailbox full"}
    told: dict[str, Any] = {
        "hard": ("Bounce", {"bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [failed]}}),
        "soft": ("Bounce", {"bounce": {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": [full]}}),
        "complaint": ("Complaint", {"complaint": {"complaintFeedbackType": "abuse", "complainedRecipients": [recipient]}}),
        "delivered": ("Delivery", {"delivery": {"recipients": [row.address], "smtpResponse": "250 ok"}}),
        "delayed": ("DeliveryDelay", {"deliveryDelay": {"delayType": "MailboxFull", "delayedRecipients": [full]}}),
        "left": ("Subscription", {"subscription": {"contactList": "readers", "source": "UnsubscribeHeader"}}),
        "opened": ("Open", {"open": {"userAgent": "Mozilla"}}),
    }  # fmt: skip
    name, more = told[kind]
    return sns(
        {
            "Type": "Notification",
            "MessageId": f"22b80b92-fdea-4c2c-8f9d-{number:012}",
            "TopicArn": TOPIC,
            "Message": json.dumps({"eventType": name, "mail": mail, **more}),
            "Timestamp": iso(at),
        }
    )


def mailgun(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    failed = {"event": "failed", "reason": "generic"}
    told: dict[str, Any] = {
        "hard": failed | {"severity": "permanent", "delivery-status": {"code": 550, "message": "5.1.1 No such user"}},
        "soft": failed | {"severity": "permanent", "delivery-status": {"code": 552, "message": "5.2.2 The mailbox is full"}},
        "complaint": {"event": "complained"},
        "delivered": {"event": "delivered", "delivery-status": {"code": 250, "message": "OK"}},
        "delayed": failed | {"severity": "temporary", "delivery-status": {"code": 421, "message": "try again"}},
        "left": {"event": "unsubscribed"},
        "opened": {"event": "opened"},
    }  # fmt: skip
    data = told[kind] | {
        "id": f"Ase7i2zsRYeDXztHGENq{number}",
        "timestamp": at.timestamp(),
        "recipient": row.address,
        "message": {"headers": {"message-id": "x@mg.example.org"}},
        "user-variables": {"delivery": str(row.pk)},
    }
    moment, token = str(int(at.timestamp())), f"{number:050}"
    signature = hmac.new(b"mailgun-signing-key", f"{moment}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": moment, "token": token, "signature": signature},
        "event-data": data,
    }


def postmark(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    bounce = {"RecordType": "Bounce", "ID": number, "BouncedAt": iso(at), "Email": row.address}
    told: dict[str, Any] = {
        "hard": bounce | {"Type": "HardBounce", "Details": "smtp;550 5.1.1 unknown user"},
        "soft": bounce | {"Type": "SoftBounce", "Details": "smtp;552 5.2.2 mailbox full"},
        "complaint": bounce | {"RecordType": "SpamComplaint", "Type": "SpamComplaint"},
        "delivered": {"RecordType": "Delivery", "DeliveredAt": iso(at), "Recipient": row.address, "Details": "250 ok"},
        "delayed": bounce | {"Type": "Transient", "Details": "smtp;451 try again"},
        "left": {
            "RecordType": "SubscriptionChange", "ChangedAt": iso(at), "Recipient": row.address,
            "SuppressSending": True, "SuppressionReason": "ManualSuppression",
        },
        "opened": {"RecordType": "Open", "Recipient": row.address, "ReceivedAt": iso(at)},
    }  # fmt: skip
    return told[kind] | {"MessageID": "0000-0001", "Metadata": {"delivery": str(row.pk)}}


def sendgrid(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    told: dict[str, Any] = {
        "hard": {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"},
        "soft": {"event": "bounce", "type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 mailbox full"},
        "complaint": {"event": "spamreport"},
        "delivered": {"event": "delivered", "response": "250 OK"},
        "delayed": {"event": "deferred", "response": "451 try again", "attempt": "5"},
        "left": {"event": "unsubscribe"},
        "opened": {"event": "open"},
    }
    return told[kind] | {
        "email": row.address,
        "timestamp": int(at.timestamp()),
        "sg_event_id": f"event-{number}",
        "sg_message_id": "14c5d75ce93.dfd.64b469",
        "delivery": str(row.pk),
    }


def brevo(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    told: dict[str, Any] = {
        "hard": {"event": "hard_bounce", "reason": "550 5.1.1 unknown user"},
        "soft": {"event": "soft_bounce", "reason": "452 4.2.2 mailbox full"},
        "complaint": {"event": "spam"},
        "delivered": {"event": "delivered"},
        "delayed": {"event": "deferred", "reason": "451 try again"},
        "left": {"event": "unsubscribed"},
        "opened": {"event": "unique_opened"},
    }
    more = {
        "email": row.address,
        "message-id": row.remote_id,
        "ts_epoch": int(at.timestamp() * 1000),
        "id": number,
    }
    return told[kind] | more


def mailjet(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    told: dict[str, Any] = {
        "hard": {"event": "bounce", "hard_bounce": True, "error": "user unknown", "comment": ""},
        "soft": {"event": "bounce", "hard_bounce": False, "error": "quota exceeded"},
        "complaint": {"event": "spam", "source": "JMRPP"},
        "delivered": {"event": "sent", "smtp_reply": "250 ok"},
        "delayed": {"event": "bounce", "hard_bounce": False, "error": "greylisted"},
        "left": {"event": "unsub"},
        "opened": {"event": "open"},
    }
    more = {"email": row.address, "time": int(at.timestamp()), "MessageID": number}
    return told[kind] | more | {"Payload": json.dumps({"delivery": str(row.pk)})}


def resend(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    words = "The recipient's email provider sent a hard bounce message."
    told: dict[str, Any] = {
        "hard": ("bounced", {"bounce": {"message": words, "type": "Permanent", "subType": "General"}}),
        "soft": ("bounced", {"bounce": {"message": "The inbox was full.", "type": "Transient", "subType": "MailboxFull"}}),
        "complaint": ("complained", {}),
        "delivered": ("delivered", {}),
        "delayed": ("delivery_delayed", {}),
        "opened": ("opened", {}),
    }  # fmt: skip
    if kind not in told:
        return None
    name, more = told[kind]
    data = {"email_id": row.remote_id, "to": [row.address], **more}
    return {"type": f"email.{name}", "created_at": iso(at), "data": data, "number": number}


def mailtrap(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    told: dict[str, Any] = {
        "hard": {"event": "bounce", "response_code": 550, "response": "5.1.1 no such user", "bounce_category": "badmailbox"},
        "soft": {"event": "bounce", "response_code": 552, "response": "5.2.2 mailbox full"},
        "complaint": {"event": "spam"},
        "delivered": {"event": "delivery"},
        "delayed": {"event": "soft bounce", "response_code": 450, "response": "try again"},
        "left": {"event": "unsubscribe"},
        "opened": {"event": "open"},
    }  # fmt: skip
    return told[kind] | {
        "email": row.address,
        "timestamp": int(at.timestamp()),
        "message_id": "1df37d17-0286-4d8b-8edf-bc4ec5be86e6",
        "event_id": f"bede7236-2284-43d6-a953-{number:012}",
        "custom_variables": {"delivery": str(row.pk)},
    }


def sparkpost(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    told: dict[str, Any] = {
        "hard": {"type": "bounce", "bounce_class": "10", "error_code": "550", "raw_reason": "550 5.1.1 no such user"},
        "soft": {"type": "bounce", "bounce_class": "22", "error_code": "552", "raw_reason": "552 5.2.2 mailbox full"},
        "complaint": {"type": "spam_complaint"},
        "delivered": {"type": "delivery"},
        "delayed": {"type": "delay", "bounce_class": "21", "raw_reason": "451 try again"},
        "left": {"type": "list_unsubscribe"},
        "opened": {"type": "open"},
    }  # fmt: skip
    event = told[kind] | {
        "event_id": str(number),
        "timestamp": str(int(at.timestamp())),
        "raw_rcpt_to": row.address,
        "transmission_id": "65832150921904138",
        "rcpt_meta": {"delivery": str(row.pk)},
    }
    return {"msys": {"unsubscribe_event" if kind == "left" else "message_event": event}}


def mailersend(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    bounce = {"object": "recipient_bounce"}
    told: dict[str, Any] = {
        "hard": ("hard_bounced", bounce | {"reason": "550 5.1.1 no such user"}),
        "soft": ("soft_bounced", bounce | {"reason": "452 4.2.2 mailbox full"}),
        "complaint": ("spam_complaint", {"object": "spam_complaint"}),
        "delivered": ("delivered", None),
        "left": ("unsubscribed", {"object": "recipient_unsubscribe"}),
        "opened": ("opened", {"object": "open"}),
    }
    if kind not in told:
        return None
    name, morph = told[kind]
    email = {"message": {"id": row.remote_id}, "recipient": {"email": row.address}}
    data = {"type": name, "id": f"activity{number}", "created_at": iso(at), "morph": morph, "email": email}
    return {"type": f"activity.{name}", "created_at": iso(at), "data": data}


def mandrill(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    told: dict[str, Any] = {
        "hard": ("hard_bounce", {"bounce_description": "bad_mailbox", "diag": "smtp;550 5.1.1 no such user"}),
        "soft": ("soft_bounce", {"bounce_description": "mailbox_full", "diag": "smtp;552 5.2.2 full"}),
        "complaint": ("spam", {}),
        "delayed": ("deferral", {"diag": "451 try again"}),
        "left": ("unsub", {}),
        "opened": ("open", {}),
    }
    if kind not in told:
        return None
    name, more = told[kind]
    msg = {"email": row.address, "metadata": {"delivery": str(row.pk)}, **more}
    return {"event": name, "_id": f"id{number}", "ts": int(at.timestamp()), "msg": msg}


def postal(kind: str, row: Delivery, at: datetime, number: int) -> Body:
    message = {"id": row.remote_id, "to": row.address, "direction": "outgoing"}
    told: dict[str, Any] = {
        "hard": {"status": "HardFail", "details": "Permanent SMTP delivery error", "output": "550 5.1.1 no such user"},
        "soft": {"status": "HardFail", "details": "Permanent SMTP delivery error", "output": "552 5.2.2 mailbox full"},
        "delivered": {"status": "Sent", "output": "250 ok"},
        "delayed": {"status": "SoftFail", "output": "451 try again"},
        "opened": {"url": "https://example.org"},
    }  # fmt: skip
    if kind not in told:
        return None
    uuid = f"0e2a4f6b-0000-0000-0000-{number:012}"
    return {
        "event": "Message",
        "timestamp": at.timestamp(),
        "uuid": uuid,
        "payload": told[kind] | {"message": message},
    }


@dataclass(frozen=True)
class Teller:
    """One provider. `wrap` makes a body of events, `sign` the headers of a call, `secret` is entered in the desk."""

    provider: str
    event: Callable[[str, Delivery, datetime, int], Body]
    secret: str
    sign: Callable[[bytes, str, datetime, str], Mapping[str, str]]
    wrap: Callable[[list[dict[str, Any]]], bytes] = lambda events: json.dumps(events[0]).encode()
    batches: bool = False


def basic(_body: bytes, secret: str, _at: datetime, _url: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"publisher:{secret}".encode()).decode()}


def signed_inside(_body: bytes, _secret: str, _at: datetime, _url: str) -> dict[str, str]:
    return {}


def of_body(header: str) -> Callable[[bytes, str, datetime, str], Mapping[str, str]]:
    return lambda body, secret, _at, _url: {
        header: hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    }


def by_sendgrid(body: bytes, _secret: str, at: datetime, _url: str) -> dict[str, str]:
    moment = str(int(at.timestamp()))
    signature = ec_key().sign(moment.encode() + body, ec.ECDSA(hashes.SHA256()))
    name = "X-Twilio-Email-Event-Webhook-"
    return {f"{name}Timestamp": moment, f"{name}Signature": base64.b64encode(signature).decode()}


def by_svix(body: bytes, secret: str, at: datetime, _url: str) -> dict[str, str]:
    identity, moment = "msg_" + hashlib.sha256(body).hexdigest()[:20], str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = hmac.new(key, f"{identity}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "svix-id": identity,
        "svix-timestamp": moment,
        "svix-signature": "v1," + base64.b64encode(made).decode(),
    }


def by_mandrill(body: bytes, secret: str, _at: datetime, url: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    signed = url + "".join(name + value for name, value in sorted(parse_qsl(body.decode())))
    made = hmac.new(secret.encode(), signed.encode(), hashlib.sha1).digest()
    return {"X-Mandrill-Signature": base64.b64encode(made).decode()}


def by_postal(body: bytes, _secret: str, _at: datetime, _url: str) -> dict[str, str]:
    signature = rsa_key().sign(body, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - Postal's own
    return {"X-Postal-Signature": base64.b64encode(signature).decode()}


def listed(events: list[dict[str, Any]]) -> bytes:
    return json.dumps(events).encode()


TELLERS = [
    Teller("ses", ses, TOPIC, signed_inside),
    Teller("mailgun", mailgun, "mailgun-signing-key", signed_inside),
    Teller("postmark", postmark, "", basic),
    Teller("sendgrid", sendgrid, public(ec_key()), by_sendgrid, listed, batches=True),
    Teller("brevo", brevo, "", basic),
    Teller("mailjet", mailjet, "", basic, listed, batches=True),
    Teller("resend", resend, WHSEC, by_svix),
    Teller(
        "mailtrap", mailtrap, "mailtrap-signing-secret", of_body("Mailtrap-Signature"),
        lambda events: json.dumps({"events": events}).encode(), batches=True,
    ),
    Teller("sparkpost", sparkpost, "", basic, listed, batches=True),
    Teller("mailersend", mailersend, "mailersend-signing-secret", of_body("Signature")),
    Teller(
        "mandrill", mandrill, "mandrill-webhook-key", by_mandrill,
        lambda events: urlencode({"mandrill_events": json.dumps(events)}).encode(), batches=True,
    ),
    Teller("postal", postal, public(rsa_key()), by_postal),
]  # fmt: skip
