"""The providers that tell what became of a mail: how each proves itself, how it is read, how a person sets it up.

All that Publisher sends by (`delivery/email/providers/table.py`) but Scaleway, which anymail has no reading for: it answers
bounces by mail to the return path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publisher.delivery.email.providers.table import PROVIDERS
from publisher.feedback.webhooks import meanings, pieces, proofs, sns
from publisher.feedback.webhooks.meanings import Meanings
from publisher.feedback.webhooks.pieces import Pieces
from publisher.feedback.webhooks.proofs import Proof


@dataclass(frozen=True)
class Intake:
    """One provider. `secret`: a password `made` here and shown once, one that is `given` there, a `public` key, a `topic`.

    `view`: anymail's, and `reading`: which of its functions reads an event. `knows_ours`: it tells our id of the delivery; of
    the others events wait for a moment, until the sender has stored what they call the message.
    """

    view: str
    secret: Literal["made", "given", "public", "topic"]
    proof: Proof
    steps: Promise
    pieces: Pieces = pieces.one
    means: Meanings = meanings.as_read
    reading: Literal["", "ses", "unwrapped", "request", "combined"] = ""
    identity: str = ""
    knows_ours: bool = True

    @property
    def answers_with_login(self) -> bool:
        return self.secret == "made"  # noqa: S105 - what kind it is


PASSWORD: Final = _(
    "Put user and password into the address, as in https://publisher:PASSWORD@…, or into the fields for basic authentication."
)

INTAKES: Final[dict[str, Intake]] = {
    "ses": Intake(
        "amazon_ses.AmazonSESTrackingWebhookView",
        "topic",
        sns.proof,
        _(
            "In Amazon SNS make a topic, and subscribe this address to it (HTTPS). In Amazon SES give the configuration set "
            "of your mails an event destination with that topic: bounces, complaints, deliveries, delivery delays, rejects. "
            "Publisher confirms the subscription by itself."
        ),
        pieces.of_sns,
        meanings.ses,
        "ses",
        knows_ours=False,  # only event destinations tell tags; a topic of an identity does not
    ),
    "mailgun": Intake(
        "mailgun.MailgunTrackingWebhookView",
        "given",
        proofs.mailgun,
        _(
            "In Mailgun, Send, Webhooks: add this address for permanent failure, temporary failure, delivered, spam complaints "
            "and unsubscribes. The secret is the HTTP webhook signing key on the same page."
        ),
        means=meanings.mailgun,
    ),
    "postmark": Intake(
        "postmark.PostmarkTrackingWebhookView",
        "made",
        proofs.basic,
        _(
            "In Postmark, in the message stream, Webhooks: add this address for delivery, bounce, spam complaint and "
            "subscription change."
        ),
        means=meanings.postmark,
    ),
    "sendgrid": Intake(
        "sendgrid.SendGridTrackingWebhookView",
        "public",
        proofs.sendgrid,
        _(
            "In SendGrid, Settings, Mail Settings, Event Webhook: this address, all delivery data, spam reports and "
            "unsubscribes. Switch the signed event webhook on, and enter its verification key here."
        ),
        means=meanings.sendgrid,
    ),
    "brevo": Intake(
        "brevo.BrevoTrackingWebhookView",
        "made",
        proofs.basic,
        _(
            "In Brevo, Transactional, Settings, Webhooks: this address for delivered, soft bounce, hard bounce, deferred, "
            "complaint, unsubscribed, blocked, invalid email and error."
        ),
        means=meanings.brevo,
        knows_ours=False,
    ),
    "mailjet": Intake(
        "mailjet.MailjetTrackingWebhookView",
        "made",
        proofs.basic,
        _(
            "In Mailjet, Account, Event notifications: this address for sent, bounce, spam, blocked and unsub. Group events is "
            "faster."
        ),
        means=meanings.mailjet,
    ),
    "resend": Intake(
        "resend.ResendTrackingWebhookView",
        "given",
        proofs.svix,
        _(
            "In Resend, Webhooks: add this address for email.delivered, email.delivery_delayed, email.bounced and "
            "email.complained. The secret is the signing secret (whsec_…)."
        ),
        means=meanings.resend,
        reading="request",
        identity="svix-id",
        knows_ours=False,
    ),
    "mailtrap": Intake(
        "mailtrap.MailtrapTrackingWebhookView",
        "given",
        proofs.of_body("mailtrap-signature"),
        _(
            "In Mailtrap, Settings, Webhooks: this address for delivery, bounce, soft bounce, spam complaint, unsubscribe, "
            "suspension and reject, as JSON. The secret is the signature secret shown there."
        ),
        pieces.below("events"),
        meanings.mailtrap,
    ),
    "sparkpost": Intake(
        "sparkpost.SparkPostTrackingWebhookView",
        "made",
        proofs.basic,
        _(
            "In SparkPost, Webhooks: this address, basic authentication, and the events bounce, delivery, delay, spam complaint, "
            "out of band, policy rejection, list unsubscribe and link unsubscribe."
        ),
        means=meanings.sparkpost,
        reading="unwrapped",
    ),
    "mailersend": Intake(
        "mailersend.MailerSendTrackingWebhookView",
        "given",
        proofs.of_body("signature"),
        _(
            "In MailerSend, Domains, Webhooks: this address for delivered, soft bounced, hard bounced, spam complaint and "
            "unsubscribed. The secret is the signing secret shown there."
        ),
        means=meanings.mailersend,
        knows_ours=False,
    ),
    "mandrill": Intake(
        "mandrill.MandrillCombinedWebhookView",
        "given",
        proofs.mandrill,
        _(
            "In Mandrill, Settings, Webhooks: this address for delayed, bounced, soft-bounced, marked as spam, unsubscribed and "
            "rejected. The secret is the key shown there."
        ),
        pieces.field("mandrill_events"),
        meanings.mandrill,
        "combined",
    ),
    "postal": Intake(
        "postal.PostalTrackingWebhookView",
        "public",
        proofs.postal,
        _(
            "In Postal, in the mail server, Webhooks: this address for all events. The key is what `postal default-dkim-record` "
            "shows behind p=."
        ),
        means=meanings.postal,
        reading="request",
        knows_ours=False,
    ),
}  # fmt: skip
"""By the provider's name in the address of PUBLISHER_MAIL."""


def name_of(provider: str) -> str:
    """As its maker writes it."""
    return PROVIDERS[provider].name
