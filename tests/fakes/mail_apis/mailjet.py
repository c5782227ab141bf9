"""Mailjet's send, v3.1: https://dev.mailjet.com/email/guides/send-api-v31/

Up to 50 messages, each answered by itself; the status is 4xx when one is refused, though the others are sent.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Refused, Request, is_address

FORBIDDEN = {"date", "message-id", "from", "sender", "subject", "to", "cc", "bcc", "reply-to", "return-path", "delivered-to",
             "dkim-signature", "x-feedback-id", "list-id", "user-agent", "x-mailer", "received"}  # fmt: skip


class Mailjet(FakeApi):
    scheme = "mailjet"
    most = 50

    def url(self, key: str | None = None) -> str:
        return f"mailjet://{key or self.key}:its-secret@?api={self.api}v3.1"

    def take(self, request: Request) -> Answer:
        login = base64.b64encode(f"{self.key}:its-secret".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            raise Refused(401, {"ErrorIdentifier": "1", "ErrorCode": "mj-0001", "StatusCode": 401,
                                "ErrorMessage": "API key authentication/authorization failure."})  # fmt: skip
        assert request.path == "/v3.1/send"
        body = request.json()
        messages = [{**body.get("Globals", {}), **message} for message in body["Messages"]]
        if len(messages) > self.most:
            raise Refused(
                400, {"ErrorCode": "mj-0010", "StatusCode": 400, "ErrorMessage": "Too many messages"}
            )
        results = [self._one(message) for message in messages]
        refused = any(result["Status"] == "error" for result in results)
        return Answer(400 if refused else 200, {"Messages": results})

    def _one(self, message: Mapping[str, Any]) -> dict[str, Any]:
        (recipient,) = message["To"]
        if any(name.lower() in FORBIDDEN for name in message.get("Headers", {})):
            return _error("send-0011", "Header cannot be customized using the Headers collection.", "Headers")
        if not message["From"]["Email"].endswith("@" + self.verified):
            said = f'"{message["From"]["Email"]}" is not an authorized sender email address for your account.'
            return _error("send-0008", said, "From", status=403)
        if not is_address(recipient["Email"]) or recipient["Email"] in self.refused:
            return _error("mj-0013", f'"{recipient["Email"]}" is an invalid email address.', "To[0].Email")
        assert message["TrackClicks"] == message["TrackOpens"] == "disabled"
        number = self.number()
        self.send(
            Mail(
                to=recipient["Email"],
                name=recipient.get("Name", ""),
                sender=f'"{message["From"].get("Name", "")}" <{message["From"]["Email"]}>',
                subject=message["Subject"],
                html=message["HTMLPart"],
                text=message["TextPart"],
                headers=message["Headers"],
                reply_to=message.get("ReplyTo", {}).get("Email", ""),
                metadata={"delivery": message["EventPayload"]} if "EventPayload" in message else {},
                id=str(number),
            )
        )
        to = {
            "Email": recipient["Email"],
            "MessageUUID": str(number),
            "MessageID": number,
            "MessageHref": "…",
        }
        return {"Status": "success", "To": [to], "Cc": [], "Bcc": []}


def _error(code: str, message: str, about: str, *, status: int = 400) -> dict[str, Any]:
    error = {
        "ErrorIdentifier": "1",
        "ErrorCode": code,
        "StatusCode": status,
        "ErrorMessage": message,
        "ErrorRelatedTo": [about],
    }
    return {"Status": "error", "Errors": [error]}
