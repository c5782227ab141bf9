"""Postmark's e-mail API: https://postmarkapp.com/developer/api/email-api

`/email` takes one message, `/email/batch` up to 500 and answers 200 with a result for each, refused or not.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Refused, Request, is_address, split_address

KNOWN = frozenset(
    ("From", "To", "Cc", "Bcc", "Subject", "Tag", "HtmlBody", "TextBody", "ReplyTo", "Metadata", "Headers", "TrackOpens",
     "TrackLinks", "Attachments", "MessageStream")
)  # fmt: skip


class Postmark(FakeApi):
    scheme = "postmark"
    most = 500

    def take(self, request: Request) -> Answer:
        if request.headers.get("X-Postmark-Server-Token") != self.key:
            raise Refused(401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."})
        if request.path == "/email/batch":
            messages = request.json()
            if len(messages) > self.most:
                raise Refused(422, {"ErrorCode": 410, "Message": "Too many batch messages."})
            return Answer(200, [self._one(message) for message in messages])
        if request.path != "/email":
            raise Refused(404, "")
        result = self._one(request.json())
        return Answer(422 if result["ErrorCode"] else 200, result)

    def _one(self, message: dict[str, Any]) -> dict[str, Any]:
        assert not set(message) - KNOWN
        name, address = split_address(message["To"])
        sender = split_address(message["From"])[1]
        if not sender.endswith("@" + self.verified):
            return {
                "ErrorCode": 400,
                "Message": f"The 'From' address you supplied ({sender}) is not a Sender Signature.",
            }
        if not is_address(address):
            return {"ErrorCode": 300, "Message": f"Invalid 'To' address: '{address}'."}
        if address in self.refused:
            return {
                "ErrorCode": 406,
                "Message": "You tried to send to a recipient that has been marked as inactive.\n"
                f"Found inactive addresses: {address}.\nInactive recipients are ones that have generated a hard bounce.",
            }
        if not message.get("HtmlBody") and not message.get("TextBody"):
            return {"ErrorCode": 300, "Message": "Provide either email TextBody or HtmlBody or both."}
        headers = {header["Name"]: header["Value"] for header in message.get("Headers", [])}
        if headers.pop("X-PM-KeepID", "") != "true":
            headers.pop("Message-ID", None)
        number = f"00000000-0000-0000-0000-{self.number():012}"
        self.send(
            Mail(
                to=address,
                name=name,
                sender=message["From"],
                subject=message["Subject"],
                html=message.get("HtmlBody", ""),
                text=message.get("TextBody", ""),
                headers=headers,
                reply_to=message.get("ReplyTo", ""),
                metadata=message.get("Metadata", {}),
                id=number,
            )
        )
        return {
            "To": message["To"],
            "SubmittedAt": "2026-06-01T12:00:00Z",
            "MessageID": number,
            "ErrorCode": 0,
            "Message": "OK",
        }
