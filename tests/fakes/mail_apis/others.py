"""Providers that take one message a call: SparkPost, MailerSend, Mandrill, Scaleway, Postal. After their API documents."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Refused, Request, is_address, split_address

BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{\$.*?\}", re.DOTALL)


class SparkPost(FakeApi):
    """https://developers.sparkpost.com/api/transmissions/"""

    scheme = "sparkpost"

    def take(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != self.key:
            raise Refused(401, {"errors": [{"message": "Unauthorized."}]})
        assert request.path == "/transmissions/"
        body = request.json()
        content, (recipient,) = body["content"], body["recipients"]
        if not split_address(content["from"])[1].endswith("@" + self.verified):
            error = {
                "message": "Invalid domain",
                "description": "Unconfigured Sending Domain",
                "code": "7001",
            }
            raise Refused(400, {"errors": [error]})
        address = recipient["address"]["email"]
        number = str(self.number())
        if not is_address(address) or address in self.refused:
            return _sparkpost(number, accepted=0)
        assert body["options"] == {"click_tracking": False, "open_tracking": False}
        self.send(
            Mail(
                to=address,
                name=split_address(recipient["address"]["header_to"])[0],
                sender=content["from"],
                subject=_filled(content["subject"]),
                html=_filled(content["html"]),
                text=_filled(content["text"]),
                headers=content["headers"],
                reply_to=content.get("reply_to", ""),
                metadata=body.get("metadata", {}),
                id=number,
            )
        )
        return _sparkpost(number, accepted=1)


def _sparkpost(number: str, *, accepted: int) -> Answer:
    counts = {"total_accepted_recipients": accepted, "total_rejected_recipients": 1 - accepted}
    return Answer(200, {"results": {**counts, "id": number}})


class MailerSend(FakeApi):
    """https://developers.mailersend.com/api/v1/email.html"""

    scheme = "mailersend"

    def take(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            raise Refused(401, {"message": "Unauthenticated."})
        assert request.path == "/email"
        body = request.json()
        (recipient,) = body["to"]
        if not body["from"]["email"].endswith("@" + self.verified):
            message = "The from.email domain must be verified in your account to send emails. #MS42207"
            raise Refused(422, {"message": message, "errors": {"from.email": [message]}})
        if not is_address(recipient["email"]):
            message = "The to.0.email must be a valid email address. #MS42209"
            raise Refused(422, {"message": message, "errors": {"to.0.email": [message]}})
        if recipient["email"] in self.refused:
            suppressed = [{"email": recipient["email"], "name": "", "reasons": ["hard_bounced"]}]
            warning = {
                "type": "ALL_SUPPRESSED",
                "warning": "All recipients are suppressed",
                "recipients": suppressed,
            }
            return Answer(
                202, {"message": "There are some warnings for your request.", "warnings": [warning]}
            )
        headers = {each["name"]: each["value"] for each in body["headers"]}
        number = f"5e42957d51f1d94a10{self.number():06}"
        self.send(
            Mail(
                to=recipient["email"],
                name=recipient.get("name", ""),
                sender=f'"{body["from"].get("name", "")}" <{body["from"]["email"]}>',
                subject=_filled(body["subject"]),
                html=_filled(body["html"]),
                text=_filled(body["text"]),
                headers={**headers, "Precedence": "bulk"} if body["precedence_bulk"] else headers,
                reply_to=body.get("reply_to", {}).get("email", ""),
                id=number,
            )
        )
        return Answer(202, "", {"X-Message-Id": number})


class Mandrill(FakeApi):
    """https://mailchimp.com/developer/transactional/api/messages/send-new-message/: errors come with status 500."""

    scheme = "mandrill"

    def take(self, request: Request) -> Answer:
        body = request.json()
        if body["key"] != self.key:
            raise Refused(
                500, {"status": "error", "code": -1, "name": "Invalid_Key", "message": "Invalid API key"}
            )
        assert request.path == "/messages/send.json"
        message = body["message"]
        (recipient,) = message["to"]
        if not message["from_email"].endswith("@" + self.verified):
            return Answer(200, [_mandrill(recipient["email"], "rejected", "unsigned")])
        if not is_address(recipient["email"]):
            return Answer(200, [_mandrill(recipient["email"], "invalid", None)])
        if recipient["email"] in self.refused:
            return Answer(200, [_mandrill(recipient["email"], "rejected", "hard-bounce")])
        assert message["merge"] is False
        number = f"{self.number():032}"
        self.send(
            Mail(
                to=recipient["email"],
                name=recipient.get("name", ""),
                sender=f'"{message.get("from_name", "")}" <{message["from_email"]}>',
                subject=message["subject"],
                html=message["html"],
                text=message["text"],
                headers={name: value for name, value in message["headers"].items() if name != "Reply-To"},
                reply_to=message["headers"].get("Reply-To", ""),
                metadata=message.get("metadata", {}),
                id=number,
            )
        )
        return Answer(
            200, [{"email": recipient["email"], "status": "sent", "_id": number, "reject_reason": None}]
        )


def _mandrill(address: str, status: str, reason: str | None) -> dict[str, Any]:
    return {"email": address, "status": status, "reject_reason": reason, "_id": "0"}


class Scaleway(FakeApi):
    """https://www.scaleway.com/en/developers/api/transactional-email/"""

    scheme = "scaleway"

    def url(self, key: str | None = None) -> str:
        return f"scaleway://{key or self.key}@7a1b-project?api={self.api}"

    def take(self, request: Request) -> Answer:
        if request.headers.get("X-Auth-Token") != self.key:
            raise Refused(
                401,
                {"message": "authentication is denied", "method": "api_key", "type": "denied_authentication"},
            )
        assert request.path == "/emails"
        body = request.json()
        (recipient,) = body["to"]
        assert body["project_id"] == "7a1b-project"
        if not body["from"]["email"].endswith("@" + self.verified):
            raise Refused(403, {"message": "insufficient permissions: domain", "type": "permissions_denied"})
        if not is_address(recipient["email"]) or recipient["email"] in self.refused:
            details = [{"argument_name": "to", "reason": "constraint", "help_message": "must be an email"}]
            raise Refused(
                400, {"message": "invalid argument(s)", "details": details, "type": "invalid_arguments"}
            )
        number = f"11111111-{self.number():04}"
        self.send(
            Mail(
                to=recipient["email"],
                name=recipient.get("name", ""),
                sender=f'"{body["from"].get("name", "")}" <{body["from"]["email"]}>',
                subject=body["subject"],
                html=body["html"],
                text=body["text"],
                headers={
                    each["key"]: each["value"]
                    for each in body["additional_headers"]
                    if each["key"] != "Reply-To"
                },
                reply_to=next(
                    (each["value"] for each in body["additional_headers"] if each["key"] == "Reply-To"), ""
                ),
                id=number,
            )
        )
        return Answer(200, {"emails": [{"id": number, "mail_rcpt": recipient["email"], "status": "new"}]})


class Postal(FakeApi):
    """https://docs.postalserver.io/developer/api: every answer has status 200 and says in its body whether it is a refusal."""

    scheme = "postal"

    def url(self, key: str | None = None) -> str:
        return f"postal://{key or self.key}@postal.example.org?api={self.api}"

    def take(self, request: Request) -> Answer:
        if request.headers.get("X-Server-API-Key") != self.key:
            return _postal("InvalidServerAPIKey", "The API token provided in X-Server-API-Key was not valid.")
        assert request.path == "/api/v1/send/message"
        body = request.json()
        name, address = split_address(body["to"][0])
        if not split_address(body["from"])[1].endswith("@" + self.verified):
            return _postal(
                "UnauthenticatedFromAddress",
                "The From address is not authorised to send mail from this server",
            )
        if not is_address(address) or address in self.refused:
            return _postal(
                "ValidationError", f"The provided data was not sufficient to send an email to {address}"
            )
        number = self.number()
        self.send(
            Mail(
                to=address,
                name=name,
                sender=body["from"],
                subject=body["subject"],
                html=body["html_body"],
                text=body["plain_body"],
                headers=body["headers"],
                reply_to=body.get("reply_to", ""),
                id=str(number),
            )
        )
        about = {"id": number, "token": "abcdef"}
        return Answer(
            200, {"status": "success", "time": 0.02, "flags": {}, "data": {"messages": {address: about}}}
        )


def _postal(code: str, message: str) -> Answer:
    return Answer(
        200, {"status": "error", "time": 0.02, "flags": {}, "data": {"code": code, "message": message}}
    )


def _filled(text: str) -> str:
    return BRACES.sub("(filled by the provider)", text)
