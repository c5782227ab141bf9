"""Amazon SES, SendEmail of API v2: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html

A whole message in base64, one recipient; Message-ID and Date become SES's own.
"""

from __future__ import annotations

import base64
import email
import email.policy
import re
from dataclasses import dataclass

from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Refused, Request, decoded, is_address

SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/eu-west-1/ses/aws4_request, SignedHeaders=.+, Signature=[0-9a-f]{64}"
)


@dataclass
class Ses(FakeApi):
    scheme = "ses"

    in_sandbox: bool = False
    """Where recipients must be verified, too."""

    def url(self, key: str | None = None) -> str:
        return f"ses://{key or self.key}:its%2Fsecret@eu-west-1?api={self.api}"

    def take(self, request: Request) -> Answer:
        signed = SIGNED.fullmatch(request.headers.get("Authorization", ""))
        if not signed or signed[1] != self.key:
            raise _error(
                403, "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        assert request.path == "/v2/email/outbound-emails"
        body = request.json()
        (address,) = body["Destination"]["ToAddresses"]
        raw = base64.b64decode(body["Content"]["Raw"]["Data"])
        message = email.message_from_bytes(raw, policy=email.policy.default)
        sender = message["From"].addresses[0]
        if unverified := [
            identity
            for identity, domain in ((message["From"], sender.domain), (address, address.rpartition("@")[2]))
            if domain != self.verified and (self.in_sandbox or identity is not address)
        ]:
            raise _error(
                400,
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region EU-WEST-1: "
                + ", ".join(map(str, unverified)),
            )
        if not is_address(address):
            raise _error(400, "BadRequestException", "Local address contains control or whitespace")
        if address in self.refused:
            raise _error(400, "MessageRejected", "Address blacklisted.")
        name, _ = decoded(next(value for key, value in message.raw_items() if key == "To"))
        html, text = message.get_body(("html",)), message.get_body(("plain",))
        assert html is not None
        assert text is not None
        number = f"0100018f-{self.number():06}"
        self.send(
            Mail(
                to=address,
                name=name,
                sender=str(message["From"]),
                subject=str(message["Subject"]),
                html=html.get_content().replace("\r\n", "\n"),
                text=text.get_content().replace("\r\n", "\n"),
                headers={
                    name: value for name, value in message.raw_items() if name not in ("Message-ID", "Date")
                },
                reply_to=message["Reply-To"].addresses[0].addr_spec if message["Reply-To"] else "",
                id=number,
            )
        )
        return Answer(200, {"MessageId": number})


def _error(status: int, kind: str, message: str) -> Refused:
    return Refused(status, {"message": message}, {"x-amzn-ErrorType": kind})
