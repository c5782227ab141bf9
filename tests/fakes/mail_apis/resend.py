"""Resend's emails and emails/batch: https://resend.com/docs/api-reference/emails/send-batch-emails

Up to 100 messages, all taken or none. `Idempotency-Key`: the same call again gets the same answer, another under the same key
409, as does one that comes while the first is being answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Refused, Request, is_address, split_address


class Resend(FakeApi):
    scheme = "resend"
    most = 100

    def __post_init__(self) -> None:
        self.answered: dict[str, tuple[bytes, Answer]] = {}

    def take(self, request: Request) -> Answer:
        authorization = request.headers.get("Authorization")
        if not authorization:
            raise _error(401, "missing_api_key", "Missing API key in the authorization header.")
        if authorization != f"Bearer {self.key}":
            raise _error(403, "invalid_api_key", "API key is invalid.")
        key = request.headers.get("Idempotency-Key", "")
        assert 1 <= len(key) <= 256
        if key in self.answered:
            body, answer = self.answered[key]
            if body != request.body:
                raise _error(
                    409,
                    "invalid_idempotent_request",
                    "Same idempotency key used with a different request payload.",
                )
            return answer
        answer = self._all(request)
        self.answered[key] = request.body, answer
        return answer

    def _all(self, request: Request) -> Answer:
        if request.path == "/emails":
            message = request.json()
            self._check(message)
            return Answer(200, {"id": self._one(message)})
        assert request.path == "/emails/batch"
        messages = request.json()
        if len(messages) > self.most:
            raise _error(422, "validation_error", "You can send a maximum of 100 emails at once.")
        for message in messages:
            self._check(message)
        return Answer(200, {"data": [{"id": self._one(message)} for message in messages]})

    def _check(self, message: Mapping[str, Any]) -> None:
        if not split_address(message["from"])[1].endswith("@" + self.verified):
            raise _error(
                403, "validation_error", "The domain is not verified. Please, add and verify your domain."
            )
        (to,) = message["to"]
        address = split_address(to)[1]
        if not is_address(address) or address in self.refused:
            raise _error(
                422, "validation_error", "Invalid `to` field. The email address needs to follow the format."
            )
        if not message.get("html") and not message.get("text"):
            raise _error(422, "missing_required_field", "Missing `html` or `text` field.")

    def _one(self, message: Mapping[str, Any]) -> str:
        name, address = split_address(message["to"][0])
        number = f"4ef9a417-02e9-4d39-ad75-{self.number():012}"
        self.send(
            Mail(
                to=address,
                name=name,
                sender=message["from"],
                subject=message["subject"],
                html=message.get("html", ""),
                text=message.get("text", ""),
                headers=message.get("headers", {}),
                reply_to=message.get("reply_to", [""])[0],
                id=number,
            )
        )
        return number


def _error(status: int, name: str, message: str) -> Refused:
    return Refused(status, {"statusCode": status, "name": name, "message": message})
