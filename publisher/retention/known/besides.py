"""What is kept of people outside of tables, and the tables that say nothing of them."""

from __future__ import annotations

from typing import Final

BESIDES: Final[tuple[tuple[str, str, str, str], ...]] = (
    (
        "Log of the processes",
        (
            "method, path, status; numbers of rows; no network address, of a mail address the first letter and the domain. "
            "Clicks and opens are not logged, and of readers' personal links not the part that opens them"
        ),
        "to find faults",
        "as long as the host keeps its logs: set 30 days there or less",
    ),
    (
        "Log of the web server in front",
        (
            "what you let it write: usually network addresses, and whole paths. A path below `/p/`, `/u/`, `/a/`, `/e/`, `/c/`, "
            "`/l/` or `/o/` holds a reader's signed link, which opens their page"
        ),
        "yours: such as to find who was unsubscribed since a backup",
        "as you set it there: a few days, and read by few. Erasing a reader makes their links worthless",
    ),
    (
        "The mailbox that answers come to",
        "the messages themselves, as mailboxes and readers sent them; here they are only read",
        "to know what became of mails; yours, to answer readers",
        (
            "as the mailbox is set up: left, moved to `Publisher/taken` or deleted once read. Erasing a reader does not reach "
            "it: have the mail server delete that folder's messages after the time for evidence"
        ),
    ),
    (
        "Redis: journal of sending",
        "numbers of deliveries and what the mail server said, which may repeat the address",
        "so that a dead worker's results are not lost",
        "until settled; 7 days at most",
    ),
    (
        "Redis: rates of sign-ups and logins",
        "hashes of addresses and clients, and how often",
        "against bombing and guessing",
        "a day at most",
    ),
    (
        "Redis: clicks and opens",
        "numbers of those who agreed, until they are folded into the database",
        "so that a link leads on without waiting for the database",
        "half a minute",
    ),
    (
        "Exported files",
        "what the list held, addresses where the person may read them",
        "work outside of Publisher",
        "7 days here; then whoever fetched one answers for it",
    ),
    (
        "Files beside a list that was imported at the command line",
        "the rows that were refused, as they stood in the list",
        "to mend them",
        "until whoever imported it deletes them",
    ),
    (
        "Backups",
        "all of the database as it was; also the database that a restore has replaced, until the next restore or `--discard`",
        "to restore it",
        (
            "as you set it (docs/backup.md): keep none longer than the shortest time that you promise; a restore erases again "
            "who was erased since, where the list of them is at hand"
        ),
    ),
    (
        "Mail servers and providers",
        "each mail, in their queues and logs",
        "sending it",
        "theirs: write it into your own record of processing",
    ),
)
"""What is no table: where, what, why, how long."""

WITHOUT: Final[dict[str, str]] = {
    "audience.Attribute": "key label",
    "auth.Permission": "name codename",
    "auth.Group": "name",
    "socialaccount.SocialApp": "provider provider_id name client_id secret key settings",
    "core.Heartbeat": "name",
    "core.Restoration": "",
    "people.Access": "",
    "schedule.Schedule": "name zone slots quiet blackouts holiday_countries blackout_names",
    "items.Source": (
        "name label language country api_key_fingerprint feed_url etag last_modified entries_hash"
        " last_error credentials"
    ),
    "items.Topic": "slug kind name_en name_zh names tag_en tag_zh color",
    "items.ItemSearch": "",
    "items.OtherName": "producer_id",
    "items.EarlyRetraction": "name reason",
    "items.SeenEvent": "key",
    "items.StoredEntry": "entry_id",
    "items.ItemTopic": "words decided_by",
    "items.Submission": "key body_hash entry_id trace_id",
    "review.ClearanceTag": "name meaning words",
    "audience.SignUpCount": "what",
    "audience.MailDomain": "domain",
    "digests.Edition": "item_ids readers problem left_out dropped subject intro preheader approved_by trace_id",
    "digests.EditionItem": "topics",
    "digests.Variant": "language region subject html text message content_hash",
    "digests.EditionSelection": "",
    "digests.Preflight": "version findings",
    "social.Channel": (
        "name network language region credentials settings kinds topics template utm paused_reason owner"
    ),
    "social.NetworkApp": "network keys",
    "social.Connecting": "by session state kept offers problem hint",
    "social.ChannelSession": "kept",
    "social.ChannelHealth": "problem account_name told_limits",
    "social.StoredPicture": "digest type",
    "social.ItemPicture": "url reason",
    "social.Post": (
        "language parts link pictures problem approved_by override_reason overridden_by trace_id"
    ),
    "counting.Link": "key url",
    "counting.LinkCount": "",
    "delivery.Amendment": "text replaced prepared idempotency_key reason remote_id remote_url asked_by",
    "delivery.Tally": "state",
    "delivery.DaySpeed": "",
    "delivery.SigningKey": "domain selector private_key",
    "archive.Picture": "name url",
    "hooks.Endpoint": "name url secrets events channel_ids digest_ids off_reason created_by",
    "hooks.Wanted": "kind state",
    "feedback.ProviderDoor": "provider path secrets created_by",
    "feedback.ProviderMark": "mark",
    "feedback.RefusedCall": "reason",
    "retention.Run": "by",
    "retention.Count": "kind problem",
}
"""Each with its fields that could say something of a person: texts, JSON, bytes. Where one names staff (`by`, `approved_by`), it
is who did a deed, as in the audit trail."""
