"""What is known of readers from mail to them, and from what came back."""

from __future__ import annotations

from typing import Final

from publisher.retention.known.row import AUDIENCE, NOBODY, Known

MAIL: Final[dict[str, Known]] = {
    "delivery.Delivery": Known(
        "edition subscriber variant purpose post channel part copy_of address state due_at wave_at fence "
        "lease_until held attempts "
        "idempotency_key prepared price remote_id remote_url code enhanced reason created_at sent_at settled_at withdrawn_at",
        "that an edition went to an address, when, and what became of it; of a test, the name of the reader as whom it was made",
        "to send once and never twice, to answer readers who ask",
        "assembling an edition",
        "`PUBLISHER_KEEP_DELIVERIES_DAYS` after the edition ended; posts for ever",
        "All in the desk, with the address masked; " + AUDIENCE[0].lower() + AUDIENCE[1:],
    ),
    "digests.EditionReader": Known(
        "edition subscriber_id",
        "that a reader was in the segment that an edition goes to",
        "to send it to nobody else",
        "assembling an edition that goes to a segment",
        "until the edition has ended, or the reader is erased",
        NOBODY,
    ),
    "delivery.Attempt": Known(
        "delivery fence worker started_at duration_ms outcome code enhanced text",
        "what the mail server said, which may repeat the address",
        "to find out why mail does not arrive",
        "sending",
        "with its delivery",
        AUDIENCE,
    ),
    "delivery.Export": Known(
        "kind query zone form state asked_by key pieces rows size cursor problem lease_until created_at finished_at",
        "who asked for a file of rows, with which filter; the file in the store may hold addresses",
        "to write long files without anybody waiting",
        "staff",
        "7 days",
        "Who may read what is in it.",
    ),
    "delivery.DayCount": Known(
        "day digest_id channel_id domain state n",
        "how many mails of a day to a mail domain ended how: of the largest domains by name, which may be one person's own in a "
        "short list",
        "to see whether large providers take our mail",
        "sending",
        "for ever",
        "Everybody in the desk.",
    ),
    "feedback.Report": Known(
        "fingerprint kind cause outcome source code said why address_key delivery_id subscriber_id digest_id reported_at "
        "received_at evidence owed",
        "what came back from an address: kind, cause, words, and the message itself",
        "to stop writing where mail bounces or annoys, with the evidence for it",
        "bounce mailbox, pipe, the provider's webhook",
        "the message `PUBLISHER_KEEP_EVIDENCE_DAYS`, the rest `PUBLISHER_KEEP_REPORTS_DAYS`",
        AUDIENCE + " Taking the message is in the audit trail.",
    ),
    "feedback.ProviderCall": Known(
        "door body identity received_at due_at tries",
        "a provider's call with what it says of addresses",
        "to take its events in peace",
        "the provider's webhook",
        "until its events are taken, seconds as a rule; one that cannot be taken `PUBLISHER_KEEP_EVIDENCE_DAYS`",
        NOBODY,
    ),
    "hooks.Change": Known(
        "kind object_id old_state new_state at purpose edition_id post_id subscriber_id channel_id digest_id",
        "that the state of a delivery, subscriber or subscription changed, by number",
        "to tell webhooks",
        "each change",
        "seconds",
        NOBODY,
    ),
    "hooks.Message": Known(
        "endpoint key type changes count state due_at lease_until fence attempts status reason created_at begun_at settled_at",
        "what a webhook was told: numbers; addresses are added when it is sent, where its owner may read them",
        "to send it again when it failed",
        "changes that a webhook wants",
        "30 days",
        "Admins (*make API keys and webhooks*).",
    ),
    "hooks.Try": Known(
        "message at ms status answer error",
        "the first 2 KB of what the other program answered, with addresses masked",
        "to find out why it failed",
        "sending webhooks",
        "with its message",
        "Admins (*make API keys and webhooks*).",
    ),
}
