"""Calls that carry many whole messages: how each API wants them put together, and how it answers for each.

The payloads of single messages are anymail's; here is only what stands around them. All answer in the order of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from publisher.delivery.email.outgoing import Answer

Refusal = Callable[[int, Any], Answer]
"""Makes the answer of a refusal from its status and its body, which has the form that a single message's has."""

ACCEPTED = 200
UNREADABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError)
"""What comes of reading an answer that is not of its form."""


def postmark(payloads: Sequence[Any]) -> tuple[str, Any]:
    """https://postmarkapp.com/developer/api/email-api#send-batch-emails: up to 500 messages, 50 MB."""
    return "email/batch", list(payloads)


def read_postmark(body: Any, refusal: Refusal) -> Sequence[Answer]:
    return [
        Answer(None, ACCEPTED, text=item["Message"], remote_id=item["MessageID"])
        if item.get("ErrorCode", 0) == 0
        else refusal(422, item)
        for item in body
    ]


def resend(payloads: Sequence[Any]) -> tuple[str, Any]:
    """https://resend.com/docs/api-reference/emails/send-batch-emails: up to 100; all are taken or none."""
    return "emails/batch", list(payloads)


def read_resend(body: Any, _refusal: Refusal) -> Sequence[Answer]:
    return [Answer(None, ACCEPTED, remote_id=item["id"]) for item in body["data"]]


def mailjet(payloads: Sequence[Any]) -> tuple[str, Any]:
    """https://dev.mailjet.com/email/guides/send-api-v31/: up to 50."""
    return "", {"Messages": [{**payload["Globals"], **payload["Messages"][0]} for payload in payloads]}


def read_mailjet(body: Any, refusal: Refusal) -> Sequence[Answer]:
    return [
        Answer(None, ACCEPTED, remote_id=str(item["To"][0]["MessageID"]))
        if item["Status"] == "success"
        else refusal(int(item["Errors"][0].get("StatusCode", 400)), {"Messages": [item]})
        for item in body["Messages"]
    ]


def mailtrap(payloads: Sequence[Any]) -> tuple[str, Any]:
    """https://docs.mailtrap.io/developers/email-sending/: up to 500, 50 MB."""
    return "batch", {"base": {}, "requests": list(payloads)}


def read_mailtrap(body: Any, refusal: Refusal) -> Sequence[Answer]:
    return [
        Answer(None, ACCEPTED, remote_id=item["message_ids"][0]) if item["success"] else refusal(422, item)
        for item in body["responses"]
    ]


OF_EACH = ("to", "subject", "htmlContent", "textContent", "headers")


def brevo(payloads: Sequence[Any]) -> tuple[str, Any]:
    """https://developers.brevo.com/docs/batch-send-transactional-emails: up to 1,000 versions; all are taken or none."""
    versions = [{key: payload[key] for key in OF_EACH if key in payload} for payload in payloads]
    return "", {
        **{key: value for key, value in payloads[0].items() if key != "to"},
        "messageVersions": versions,
    }


def read_brevo(body: Any, _refusal: Refusal) -> Sequence[Answer]:
    return [Answer(None, ACCEPTED, remote_id=each) for each in body["messageIds"]]


def answers_of(
    response: Any, read: Callable[[Any, Refusal], Sequence[Answer]], refusal: Refusal
) -> Sequence[Answer]:
    """The answers in a response; none when they cannot be told apart."""
    try:
        return read(response.json(), refusal)
    except UNREADABLE:
        return ()
