"""Who receives: subscribers, what they chose, what they agreed to, and whom we must not write to."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils.translation import gettext_lazy as _

from publisher.audience.work_models import Attribute, Bulk, BulkRow, Segment, Upload
from publisher.core.crypto import EncryptedJSONField

__all__ = [
    "AddressChange",
    "Attribute",
    "Bulk",
    "BulkRow",
    "Consent",
    "ConsentText",
    "Erased",
    "ReaderLetter",
    "Salt",
    "Segment",
    "Selection",
    "SignUp",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Tag",
    "Upload",
]


class Subscriber(models.Model):
    """A person's address. `email_key` is the address as it is compared: domain in lower case IDNA, local part folded."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting for confirmation")
        ACTIVE = "active", _("Active")
        LEFT = "left", _("Unsubscribed from everything")

    email = models.CharField(max_length=320)
    email_key = models.CharField(max_length=320, unique=True)
    name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    zone = models.CharField(max_length=64, blank=True)
    attributes = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="what the organisation knows besides, by name: text, number, yes or no",
    )
    tags: models.ManyToManyField[Tag, models.Model] = models.ManyToManyField(
        "Tag", blank=True, related_name="subscribers"
    )
    counted = models.BooleanField(
        default=False, db_default=False, help_text="agreed to be counted by person; else only totals are"
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "-id"], name="subscriber_state"),
            models.Index(fields=["created_at"], name="subscriber_joined"),
            # What a few have: the rows without are not in it, and a query says that it wants none of them.
            GinIndex(
                fields=["attributes"],
                name="subscriber_attributes",
                condition=~models.Q(attributes=models.Value({}, models.JSONField())),
            ),
            GinIndex(
                SearchVector("name", config="simple"), name="subscriber_name", condition=~models.Q(name="")
            ),
        ]

    def __str__(self) -> str:
        return self.email


class Tag(models.Model):
    """A word that staff put on subscribers. `key` is how two are compared: folded."""

    name = models.CharField(max_length=60)
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Selection(models.Model):
    """A distinct choice of topics, kinds, language and region. Subscribers who chose alike share one row.

    Empty `topics` or `kinds` means: all. `key` is the SHA-256 of the choice in its one written form (`choices.py`).
    """

    key = models.BinaryField(max_length=32, unique=True)
    topics = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="ids of topics, ascending"
    )
    kinds = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    language = models.CharField(max_length=35)
    region = models.CharField(max_length=10, blank=True)


class Subscription(models.Model):
    """That a subscriber wants a digest, in the selection chosen. `digest_id` is no foreign key: digests are a higher room."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        ENDED = "ended", _("Ended")

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="subscriptions")
    digest_id = models.BigIntegerField()
    selection = models.ForeignKey(Selection, on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="while it is paused: when it goes on by itself"
    )
    moved_to = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="ended because its reader chose another rhythm: the digest they have instead, which its old links end, too",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest_id", "subscriber"], name="subscription_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["digest_id", "selection"],
                include=["subscriber"],
                name="subscription_active",
                condition=models.Q(state="active"),
            ),
            models.Index(
                fields=["paused_until"], name="subscription_paused", condition=models.Q(state="paused")
            ),
            # Who joined and who left by day, of all digests: read without the rows.
            models.Index(fields=["since"], include=["digest_id"], name="subscription_joined"),
            models.Index(
                fields=["ended_at"],
                include=["digest_id"],
                name="subscription_left",
                condition=models.Q(ended_at__isnull=False),
            ),
        ]


class ConsentText(models.Model):
    """A text that people agreed to, word by word, kept once. `digest` is the SHA-256 of language, a line feed and the text."""

    digest = models.BinaryField(max_length=32, unique=True)
    language = models.CharField(max_length=35)
    text = models.TextField()
    first_at = models.DateTimeField()


class Consent(models.Model):
    """Proof of what a subscriber agreed to or withdrew, and how we know.

    From a form also: which text, on which page (its address without a query), and the client's address as a hash that a salt
    keeps from being guessed.
    """

    class Action(models.TextChoices):
        GIVEN = "given", _("Given")
        CONFIRMED = "confirmed", _("Confirmed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="consents")
    digest_id = models.BigIntegerField(null=True, blank=True)
    action = models.CharField(max_length=10, choices=Action.choices)
    how = models.CharField(max_length=200, help_text="page, import file, one-click header")
    text = models.ForeignKey(ConsentText, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    page = models.CharField(max_length=500, blank=True, db_default="")
    client = models.BinaryField(
        max_length=32, null=True, blank=True, help_text="salted hash of the client's address"
    )
    at = models.DateTimeField()


class SignUp(models.Model):
    """Somebody asked, by one form, to receive digests; their mailbox has not confirmed it yet. No subscriber before it does.

    `wanted` is what each digest is to hold: `[{"digest": id, "topics": […], "kinds": […], "language": …, "region": …}, …]`.
    """

    class Held(models.TextChoices):
        ROLE = "role", _("A mailbox of several people")
        DISPOSABLE = "disposable", _("A disposable address")

    email = models.CharField(max_length=320)
    email_key = models.CharField(max_length=320, db_index=True)
    name = models.CharField(max_length=200, blank=True)
    wanted = models.JSONField(default=list)
    language = models.CharField(max_length=35, help_text="of the page, and of the mail that asks")
    zone = models.CharField(max_length=64, blank=True)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    page = models.CharField(max_length=500, blank=True)
    client = models.BinaryField(max_length=32, null=True, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    held = models.CharField(
        max_length=12,
        choices=Held.choices,
        blank=True,
        db_default="",
        help_text="why a person looks at it before its mailbox is asked; empty: none does",
    )
    refused_at = models.DateTimeField(null=True, blank=True, help_text="by a person who looked at it")
    already_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="when it was answered: its mailbox is subscribed to all of it already",
    )
    subscriber = models.ForeignKey(
        Subscriber, null=True, blank=True, on_delete=models.CASCADE, related_name="sign_ups"
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["created_at"], name="sign_up_age")]


class SignUpCount(models.Model):
    """How many sign-ups of a day (UTC) came to what: `what` is one of `signing_up.tally.What`. Holds no address."""

    day = models.DateField()
    what = models.CharField(max_length=20)
    n = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "what"], name="sign_up_count_once")]


class MailDomain(models.Model):
    """What staff say of a mail domain, against the list of disposable ones that comes along. `domain`: ASCII, small letters."""

    domain = models.CharField(max_length=253, unique=True)
    disposable = models.BooleanField()
    at = models.DateTimeField()


class AddressChange(models.Model):
    """A subscriber asked for mail at another address. Both mailboxes confirm before anything changes."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="address_changes")
    email = models.CharField(max_length=320, help_text="the new one")
    email_key = models.CharField(max_length=320)
    language = models.CharField(max_length=35)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    old_confirmed_at = models.DateTimeField(null=True, blank=True)
    new_confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="done, withdrawn, or taken by a later one"
    )
    outcome = models.CharField(max_length=20, blank=True, help_text="changed, withdrawn, replaced, taken")


class ReaderLetter(models.Model):
    """A mail to one reader outside of editions: asking to confirm, a welcome, the way to their data. Its text and links are
    made when it leaves."""

    class Kind(models.TextChoices):
        CONFIRM = "confirm", _("Asks to confirm a subscription")
        ALREADY = "already", _("Says that the address is subscribed already")
        WELCOME = "welcome", _("Welcomes a new subscriber")
        CHANGE_OLD = "change_old", _("Asks the old address about a new one")
        CHANGE_NEW = "change_new", _("Asks the new address")
        DATA = "data", _("Leads to all that is known of its reader")
        ERASE = "erase", _("Asks whether its reader is to be erased")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Going out")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Unclear")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    sign_up = models.ForeignKey(
        SignUp, null=True, blank=True, on_delete=models.CASCADE, related_name="letters"
    )
    subscriber = models.ForeignKey(
        Subscriber, null=True, blank=True, on_delete=models.CASCADE, related_name="letters"
    )
    change = models.ForeignKey(
        AddressChange, null=True, blank=True, on_delete=models.CASCADE, related_name="letters"
    )
    digest_id = models.BigIntegerField(null=True, blank=True)
    to = models.CharField(max_length=320)
    to_key = models.CharField(max_length=320)
    language = models.CharField(max_length=35)
    message_key = models.CharField(max_length=32)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    code = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="of the answer that ended it; empty: no server refused it"
    )
    enhanced = models.CharField(max_length=12, blank=True, db_default="")
    said = models.TextField(blank=True, db_default="", help_text="that server's own words")
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                name="reader_letter_due",
                condition=models.Q(state__in=["queued", "sending"]),
            ),
            models.Index(fields=["to_key", "created_at"], name="reader_letter_to"),
            models.Index(
                fields=["settled_at"],
                name="reader_letter_refused",
                condition=models.Q(state="failed", code__isnull=False),
            ),
        ]


class Salt(models.Model):
    """One row: random bytes for hashes that must stay the same when the secret key is rotated. Encrypted at rest."""

    sealed = EncryptedJSONField()
    created_at = models.DateTimeField()


class Erased(models.Model):
    """Somebody who was erased at their wish: a hash of their address alone (SHA-256 of the salt and the key), so that no import
    brings them back. Only their own new sign-up does. Part of the suppression list."""

    hash = models.BinaryField(max_length=32, unique=True)
    at = models.DateTimeField()


class Suppression(models.Model):
    """An address that nothing may be sent to. Checked when deliveries are written and again when they are claimed."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("Hard bounce")
        SOFT = "soft", _("Too many soft bounces")
        COMPLAINED = "complained", _("Complaint")
        REFUSED = "refused", _("Asked never to be written to")
        STAFF = "staff", _("Put on the list by staff")
        IMPORTED = "imported", _("Imported from another list")

    email_key = models.CharField(max_length=320, unique=True)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    evidence = models.TextField(blank=True)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["until"], name="suppression_until", condition=models.Q(until__isnull=False))
        ]


class SuppressionImport(models.Model):
    """A list that was brought in, and what became of its rows. Those that were refused are kept as CSV (zlib), for a month."""

    name = models.CharField(max_length=200, help_text="of the file")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField()
    read = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    refused_rows = models.BinaryField(null=True)

    def __str__(self) -> str:
        return f"import {self.pk}"
