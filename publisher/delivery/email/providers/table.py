"""The providers: one row each. To add one, add a row, its refusals to `outcomes.RULES`, and its part of docs/mail-servers.md.

Batches are used only where the answer says what became of each message, and where each can have headers of its own; they hold
100 messages at most, since when a worker dies all messages of a call are in doubt.
"""

from __future__ import annotations

import re
from typing import Any, Final

from publisher.delivery.email.providers import listing
from publisher.delivery.email.providers.provider import Listing, Merging, Option, Provider, Settings

MOST = 100
BRACES = re.compile(r"\{(?=[{%$])")

NO_SUBSCRIPTION_TRACKING: Final = {"tracking_settings": {"subscription_tracking": {"enable": False}}}


def region(**values: str) -> Option:
    """An option that chooses the API of a part of the world."""
    return Option("api_url", values)


def _ses(given: Settings) -> Settings:
    """boto3 takes its own names, and must not repeat by itself a call that may have been accepted."""
    names = {
        "user": "aws_access_key_id",
        "password": "aws_secret_access_key",
        "region": "region_name",
        "api_url": "endpoint_url",
    }
    client: dict[str, Any] = {names[key]: value for key, value in given.items() if key in names}
    others = {key: value for key, value in given.items() if key not in names}
    return {**others, "client_params": {**client, "config": {"retries": {"total_max_attempts": 1}}}}


PROVIDERS: Final[dict[str, Provider]] = {
    "ses": Provider(
        name="Amazon SES",
        backend="amazon_ses",
        example="ses://ACCESS_KEY_ID:SECRET_ACCESS_KEY@eu-west-1",
        user="user",
        password="password",  # noqa: S106 - a setting's name
        host="region",
        optional=frozenset(("user", "password")),
        options={"configuration_set": Option("configuration_set_name")},
        assemble=_ses,
    ),
    "mailgun": Provider(
        name="Mailgun",
        backend="mailgun",
        example="mailgun://API_KEY@mg.example.org?region=eu",
        user="api_key",
        host="sender_domain",
        options={"region": region(us="https://api.mailgun.net/v3", eu="https://api.eu.mailgun.net/v3")},
        # https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending
        batch=Merging(MOST, lambda name, _nonce: (name, f"%recipient.{name}%")),
        syntax=re.compile(r"%(?=recipient|unsubscribe_|tag_unsubscribe_|mailing_list_)"),
        message_id="kept alone",
        metadata=True,
        tracking=True,
    ),
    "postmark": Provider(
        name="Postmark",
        backend="postmark",
        example="postmark://SERVER_TOKEN@?stream=broadcast",
        user="server_token",
        options={"stream": Option("message_stream")},
        batch=Listing(MOST, listing.postmark, listing.read_postmark),
        message_id="kept",
        metadata=True,
        tracking=True,
        headers={"X-PM-KeepID": "true"},
    ),
    "sendgrid": Provider(
        name="SendGrid",
        backend="sendgrid",
        example="sendgrid://API_KEY@?region=eu",
        user="api_key",
        options={"region": region(us="https://api.sendgrid.com/v3/", eu="https://api.eu.sendgrid.com/v3/")},
        # https://www.twilio.com/docs/sendgrid/for-developers/sending-email/substitution-tags: any text can be a tag.
        batch=Merging(MOST, lambda name, nonce: (f"-{nonce}.{name}-",) * 2),
        message_id="kept",
        metadata=True,
        tracking=True,
        extra=NO_SUBSCRIPTION_TRACKING,
    ),
    "brevo": Provider(
        name="Brevo",
        backend="brevo",
        example="brevo://API_KEY@",
        user="api_key",
        batch=Listing(MOST, listing.brevo, listing.read_brevo),
        syntax=BRACES,
        decodes_headers=True,
        idempotency="body",
    ),
    "mailjet": Provider(
        name="Mailjet",
        backend="mailjet",
        example="mailjet://API_KEY:SECRET_KEY@",
        user="api_key",
        password="secret_key",  # noqa: S106 - a setting's name
        batch=Listing(50, listing.mailjet, listing.read_mailjet),
        without=frozenset(("list-id", "x-feedback-id")),
        metadata=True,
        tracking=True,
    ),
    "resend": Provider(
        name="Resend",
        backend="resend",
        example="resend://API_KEY@",
        user="api_key",
        batch=Listing(100, listing.resend, listing.read_resend),
        idempotency="header",
    ),
    "mailtrap": Provider(
        name="Mailtrap",
        backend="mailtrap",
        example="mailtrap://API_TOKEN@?stream=bulk",
        user="api_token",
        options={
            "stream": Option(
                "api_url",
                {"transactional": "https://send.api.mailtrap.io/api/", "bulk": "https://bulk.api.mailtrap.io/api/"},
            ),
            "sandbox": Option("sandbox_id"),
        },
        batch=Listing(MOST, listing.mailtrap, listing.read_mailtrap),
        metadata=True,
    ),
    "sparkpost": Provider(  # no batches: of a call that is taken in part, it does not say whom it refused
        name="SparkPost",
        backend="sparkpost",
        example="sparkpost://API_KEY@?region=eu",
        user="api_key",
        options={
            "region": region(us="https://api.sparkpost.com/api/v1/", eu="https://api.eu.sparkpost.com/api/v1/"),
            "subaccount": Option("subaccount"),
        },
        syntax=BRACES,
        metadata=True,
        tracking=True,
    ),
    "mailersend": Provider(  # no batches: their messages get no ids, and what became of them has to be asked for later
        name="MailerSend",
        backend="mailersend",
        example="mailersend://API_TOKEN@",
        user="api_token",
        syntax=BRACES,
        tracking=True,
    ),
    "mandrill": Provider(  # no batches: no headers of each recipient's own
        name="Mandrill",
        backend="mandrill",
        example="mandrill://API_KEY@",
        user="api_key",
        syntax=re.compile(r"\*(?=\|)"),
        metadata=True,
        tracking=True,
        extra={"message": {"merge": False}},
    ),
    "scaleway": Provider(
        name="Scaleway",
        backend="scaleway",
        example="scaleway://SECRET_KEY@PROJECT_ID?region=fr-par",
        user="secret_key",
        host="project_id",
        options={"region": Option("region")},
    ),
    "postal": Provider(
        name="Postal",
        backend="postal",
        example="postal://API_KEY@postal.example.org",
        user="api_key",
        host="api_url",
        host_form="https://{}",
    ),
}  # fmt: skip
