"""Mailtrap's send and batch: https://docs.mailtrap.io/developers/email-sending/

Up to 500 messages, each answered by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Refused, Request, is_address


class Mailtrap(FakeApi):
    scheme = "mailtrap"
    most = 500

    def take(self, request: Request) -> Answer:
        if request.headers.get("Api-Token") != self.key:
            raise Refused(401, {"errors": ["Unauthorized"]})
        body = request.json()
        if request.path == "/send":
            result = self._one(body)
            if not _is_from(body, self.verified):
                raise Refused(403, {"success": False, "errors": ["Forbidden"]})
            return Answer(200 if result["success"] else 400, result)
        assert request.path == "/batch"
        if len(body["requests"]) > self.most:
            raise Refused(400, {"errors": ["'requests' is too long"]})
        return Answer(
            200,
            {
                "success": True,
                "responses": [self._one({**body["base"], **each}) for each in body["requests"]],
            },
        )

    def _one(self, message: Mapping[str, Any]) -> dict[str, Any]:
        (recipient,) = message["to"]
        if not _is_from(message, self.verified):
            return {"success": False, "errors": ["'from' is of a domain that is not verified"]}
        if not is_address(recipient["email"]) or recipient["email"] in self.refused:
            return {"success": False, "errors": ["'to' address is invalid"]}
        number = f"0c7fd939-02cf-11ed-88c2-{self.number():012}"
        self.send(
            Mail(
                to=recipient["email"],
                name=recipient.get("name", ""),
                sender=f'"{message["from"].get("name", "")}" <{message["from"]["email"]}>',
                subject=message["subject"],
                html=message["html"],
                text=message["text"],
                headers=message["headers"],
                reply_to=message.get("reply_to", {}).get("email", ""),
                metadata=message.get("custom_variables", {}),
                id=number,
            )
        )
        return {"success": True, "message_ids": [number]}


def _is_from(message: Mapping[str, Any], domain: str) -> bool:
    return str(message["from"]["email"]).endswith("@" + domain)
