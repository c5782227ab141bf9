"""Mailgun's messages API: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages

Form fields; up to 1,000 recipients; `%recipient.key%` is filled from `recipient-variables` anywhere in the message. One
address that is none refuses the whole call.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Refused, Request, is_address, split_address

VARIABLE = re.compile(r"%recipient\.([^%]+)%")
ALWAYS = re.compile(
    r"%(?:unsubscribe_url|tag_unsubscribe_url|mailing_list_unsubscribe_url|recipient(?:_\w+)?)%"
)


class Mailgun(FakeApi):
    scheme = "mailgun"
    most = 1000
    domain = "mg.office.example.org"

    def url(self, key: str | None = None) -> str:
        return f"mailgun://{key or self.key}@{self.domain}?api={self.api}v3"

    def take(self, request: Request) -> Answer:
        login = base64.b64encode(f"api:{self.key}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            raise Refused(401, "Forbidden")
        if unquote(request.path) != f"/v3/{self.domain}/messages":
            raise Refused(404, {"message": "Domain not found: " + request.path})
        fields = parse_qs(request.body.decode(), keep_blank_values=True)
        variables = json.loads(fields.get("recipient-variables", ["null"])[0])
        recipients = [split_address(text) for text in fields["to"]]
        self._check(fields, recipients)
        number = f"<{self.number()}.mail@{self.domain}>"
        own_id = fields.get("h:Message-Id", [number])[0]
        for name, address in recipients:
            own = (variables or {}).get(address, {})
            self.send(_mail(fields, name, address, own, own_id))
        return Answer(200, {"id": own_id, "message": "Queued. Thank you."})

    def _check(self, fields: Mapping[str, list[str]], recipients: list[tuple[str, str]]) -> None:
        sender = split_address(fields["from"][0])[1]
        if not sender.endswith("@" + self.verified):
            raise Refused(
                400, {"message": "from parameter is not a valid address. please check documentation"}
            )
        if len(recipients) > self.most:
            raise Refused(400, {"message": "to parameter has too many recipients"})
        if len(recipients) > 1 and "recipient-variables" not in fields:
            raise AssertionError("every recipient would see all the others")
        if any(not is_address(address) or address in self.refused for _, address in recipients):
            raise Refused(400, {"message": "to parameter is not a valid address. please check documentation"})
        if not fields.get("text") and not fields.get("html"):
            raise Refused(400, {"message": "Need at least one of 'text', 'html' or 'amp-html' parameters"})


def _mail(
    fields: Mapping[str, list[str]], name: str, address: str, own: Mapping[str, Any], own_id: str
) -> Mail:
    def filled(text: str) -> str:
        text = VARIABLE.sub(lambda found: str(own.get(found[1], "")), text)
        text = VARIABLE.sub("(filled twice)", text)
        return ALWAYS.sub("(filled by Mailgun)", text)

    def field(key: str) -> str:
        return filled(fields.get(key, [""])[0])

    headers = {key[2:]: field(key) for key in fields if key.startswith("h:") and key != "h:Reply-To"}
    metadata = {key[2:]: field(key) for key in fields if key.startswith("v:")}
    return Mail(
        to=address,
        name=filled(name),
        sender=fields["from"][0],
        subject=field("subject"),
        html=field("html"),
        text=field("text"),
        headers=headers,
        reply_to=field("h:Reply-To"),
        metadata=metadata,
        id=own_id,
    )
