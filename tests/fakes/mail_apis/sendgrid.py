"""SendGrid's mail/send: https://www.twilio.com/docs/sendgrid/api-reference/mail-send

Up to 1,000 personalizations, each with substitutions of at most 10,000 bytes and headers of its own; 202 and an empty body for
all, or an error that names a field, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Refused, Request, is_address

RESERVED = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
            "subject", "reply-to", "cc", "bcc"}  # fmt: skip


class SendGrid(FakeApi):
    scheme = "sendgrid"
    most = 1000

    def take(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            raise _error(401, None, "The provided authorization grant is invalid, expired, or revoked")
        assert request.path == "/mail/send"
        body = request.json()
        if not body["from"]["email"].endswith("@" + self.verified):
            raise _error(403, "from", "The from address does not match a verified Sender Identity.")
        personalizations = body["personalizations"]
        if len(personalizations) > self.most:
            raise _error(
                400, "personalizations", "The personalization block is limited to 1000 personalizations."
            )
        for number, personal in enumerate(personalizations):
            self._check(f"personalizations.{number}", personal)
        if [each["type"] for each in body["content"]] not in (
            ["text/plain"],
            ["text/html"],
            ["text/plain", "text/html"],
        ):
            raise _error(400, "content", "If present, text/plain and text/html may only be provided once.")
        for personal in personalizations:
            self.send(self._mail(body, personal))
        return Answer(202, "")

    def _check(self, field: str, personal: Mapping[str, Any]) -> None:
        (recipient,) = personal["to"]
        if not is_address(recipient["email"]) or recipient["email"] in self.refused:
            raise _error(400, f"{field}.to.0.email", "Does not contain a valid address.")
        if (
            sum(len(k.encode()) + len(v.encode()) for k, v in personal.get("substitutions", {}).items())
            > 10_000
        ):
            raise _error(400, f"{field}.substitutions", "The substitutions may not exceed 10000 bytes.")
        if any(name.lower() in RESERVED for name in personal.get("headers", {})):
            raise _error(400, f"{field}.headers", "The headers object may not contain reserved headers.")

    def _mail(self, body: Mapping[str, Any], personal: Mapping[str, Any]) -> Mail:
        def filled(text: str) -> str:
            for tag, value in personal.get("substitutions", {}).items():
                text = text.replace(tag, value)
            return text

        content = {each["type"]: filled(each["value"]) for each in body["content"]}
        tracking = body.get("tracking_settings", {})
        assert (
            tracking["subscription_tracking"]
            == tracking["click_tracking"]
            == tracking["open_tracking"]
            == {"enable": False}
        )
        recipient, reply_to = personal["to"][0], body.get("reply_to_list", [{}])[0]
        return Mail(
            to=recipient["email"],
            name=recipient.get("name", ""),
            sender=f'"{body["from"].get("name", "")}" <{body["from"]["email"]}>',
            subject=filled(body["subject"]),
            html=content.get("text/html", ""),
            text=content.get("text/plain", ""),
            headers={**body.get("headers", {}), **personal.get("headers", {})},
            reply_to=reply_to.get("email", ""),
            metadata={**body.get("custom_args", {}), **personal.get("custom_args", {})},
            id=personal["custom_args"]["anymail_id"],
        )


def _error(status: int, field: str | None, message: str) -> Refused:
    return Refused(status, {"errors": [{"message": message, "field": field, "help": None}]})
