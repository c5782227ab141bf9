"""Brevo's smtp/email: https://developers.brevo.com/reference/sendtransacemail

`messageVersions` holds up to 1,000 messages with contents of their own; all are taken or none. Contents are templates:
`{{ … }}` is filled. `idempotencyKey` among the headers: the same call again is answered and does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.header import decode_header, make_header
from typing import Any

from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Refused, Request, is_address

TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


class Brevo(FakeApi):
    scheme = "brevo"
    most = 1000

    def __post_init__(self) -> None:
        self.answered: dict[str, Answer] = {}

    def take(self, request: Request) -> Answer:
        if request.headers.get("api-key") != self.key:
            raise Refused(401, {"code": "unauthorized", "message": "Key not found"})
        assert request.path == "/smtp/email"
        body = request.json()
        key = body.get("headers", {}).pop("idempotencyKey", "")
        if key in self.answered:
            return self.answered[key]
        answer = self._all(body)
        if key:
            assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", key)
            self.answered[key] = answer
        return answer

    def _all(self, body: Mapping[str, Any]) -> Answer:
        if not body["sender"]["email"].endswith("@" + self.verified):
            message = f"Sending has been rejected because the sender you used {body['sender']['email']} is not valid."
            raise Refused(400, {"code": "invalid_parameter", "message": message})
        versions = [{**body, **version} for version in body.get("messageVersions", [{}])]
        if len(versions) > self.most:
            raise Refused(400, {"code": "invalid_parameter", "message": "messageVersions is too long"})
        for version in versions:
            self._check(version)
        numbers = [self._one(version) for version in versions]
        return Answer(
            201, {"messageIds": numbers} if "messageVersions" in body else {"messageId": numbers[0]}
        )

    def _check(self, version: Mapping[str, Any]) -> None:
        if "to" not in version:
            raise Refused(400, {"code": "missing_parameter", "message": "to is missing"})
        (recipient,) = version["to"]
        if not is_address(recipient["email"]) or recipient["email"] in self.refused:
            raise Refused(400, {"code": "invalid_parameter", "message": "email is not valid in to"})
        if not version.get("htmlContent"):
            raise Refused(400, {"code": "missing_parameter", "message": "htmlContent is missing"})
        for value in version["headers"].values():
            assert value.isascii()
            assert "=?" not in value, "Brevo decodes this and sends it as 8-bit text"

    def _one(self, version: Mapping[str, Any]) -> str:
        def filled(text: str) -> str:
            return TEMPLATE.sub("(filled by Brevo)", text)

        recipient, sender = version["to"][0], version["sender"]
        number = f"<{self.number()}@smtp-relay.mailin.fr>"
        self.send(
            Mail(
                to=recipient["email"],
                name=filled(_decoded(recipient.get("name", ""))),
                sender=f'"{_decoded(sender.get("name", ""))}" <{sender["email"]}>',
                subject=filled(version["subject"]),
                html=filled(version["htmlContent"]),
                text=filled(version.get("textContent", "")),
                headers=version["headers"],
                reply_to=version.get("replyTo", {}).get("email", ""),
                id=number,
            )
        )
        return number


def _decoded(name: str) -> str:
    """Names may come as encoded words: Brevo loses those in other scripts that have a comma."""
    return str(make_header(decode_header(name)))
