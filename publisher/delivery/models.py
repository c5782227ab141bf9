"""Every outgoing message (Delivery) and every try of one (Attempt). The totals that outlive them stand beside (Tally)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from publisher.audience.models import Subscriber
from publisher.core.crypto import EncryptedJSONField
from publisher.delivery.count_models import DayCount, DaySpeed, Tally
from publisher.delivery.states import State
from publisher.digests.models import Edition, Variant
from publisher.social.models import Channel, Post

__all__ = [
    "Amendment",
    "Attempt",
    "DayCount",
    "DaySpeed",
    "Delivery",
    "Export",
    "SigningKey",
    "Tally",
]


class Delivery(models.Model):
    """One message to one destination, written before anything is sent.

    Unique per (edition, subscriber) or per (post, part); a mail that a reader asked for again names the first one (`copy_of`)
    and no subscriber. `fence` grows with each claim: only the holder of the
    newest one may settle the row. `address` is the mail address or the channel's name, as it was when written.

    Of a mail's foreign keys the database checks none: a million rows are written by one statement that joins the rows they
    name, and the checks alone took as long as the writing. Nothing deletes editions or variants; who deletes a subscriber
    does it through the ORM, which sets the column to NULL.
    """

    class Purpose(models.TextChoices):
        READER = "reader", _("To a reader")
        SEED = "seed", _("A copy for the office")
        TEST = "test", _("A test")
        RESEND = "resend", _("Sent again to a reader who asked")

    ALONE = (Purpose.TEST, Purpose.RESEND)
    """What leaves whatever its edition's state is, counts as no recipient, and keeps no edition open."""

    edition = models.ForeignKey(
        Edition, null=True, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    subscriber = models.ForeignKey(
        Subscriber, null=True, on_delete=models.SET_NULL, db_index=False, db_constraint=False
    )
    variant = models.ForeignKey(
        Variant, null=True, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    purpose = models.CharField(
        max_length=6, choices=Purpose.choices, default=Purpose.READER, db_default=Purpose.READER
    )
    post = models.ForeignKey(
        Post, null=True, on_delete=models.PROTECT, db_index=False, related_name="deliveries"
    )
    channel = models.ForeignKey(Channel, null=True, on_delete=models.PROTECT, db_index=False)
    part = models.PositiveSmallIntegerField(null=True)
    copy_of = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        db_index=False,
        db_constraint=False,
        related_name="copies",
        help_text="of a mail that was sent again to a reader who asked: the first one, whose reader is its own",
    )
    address = models.CharField(max_length=320)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField()
    wave_at = models.DateTimeField(
        null=True, help_text="of an edition that goes by local time: when it was to reach this reader"
    )
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    held = models.BooleanField(
        default=False, db_default=False, help_text="unknown, and only a person may say what happens next"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    idempotency_key = models.CharField(max_length=64, blank=True)
    prepared = models.JSONField(
        null=True,
        help_text="a post's exact payload, stored before the socket opens; of a test, whose name it bears",
    )
    price = models.DecimalField(
        null=True,
        max_digits=9,
        decimal_places=4,
        help_text="what a post's message costs, where its network is paid",
    )
    remote_id = models.CharField(max_length=300, blank=True)
    remote_url = models.CharField(max_length=2000, blank=True)
    code = models.PositiveSmallIntegerField(null=True)
    enhanced = models.CharField(max_length=12, blank=True)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True, help_text="when a post that was sent was deleted again")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscriber", "edition"],
                name="delivery_once_per_subscriber",
                condition=models.Q(subscriber__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["edition", "address", "idempotency_key"],
                name="delivery_once_per_seed",
                condition=models.Q(purpose="seed"),
            ),
            models.UniqueConstraint(
                fields=["copy_of", "idempotency_key"],
                name="delivery_once_per_copy",
                condition=models.Q(copy_of__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["post", "part"], name="delivery_once_per_part", condition=models.Q(post__isnull=False)
            ),
            models.CheckConstraint(
                name="delivery_of_edition_or_post",
                condition=models.Q(edition__isnull=False, post__isnull=True)
                | models.Q(edition__isnull=True, post__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["edition", "due_at", "id"],
                name="delivery_mail_queue",
                condition=models.Q(state="queued", edition__isnull=False),
            ),
            models.Index(
                fields=["due_at", "id"],
                name="delivery_post_queue",
                condition=models.Q(state="queued", post__isnull=False),
            ),
            models.Index(fields=["lease_until"], name="delivery_leases", condition=models.Q(state="sending")),
            models.Index(fields=["id"], name="delivery_unknown", condition=models.Q(state="unknown")),
            models.Index(fields=["id"], name="delivery_handed", condition=models.Q(state="handed")),
            models.Index(fields=["state", "-id"], name="delivery_state"),
            models.Index(
                fields=["edition", "state", "-id"],
                name="delivery_edition",
                condition=models.Q(edition__isnull=False),
            ),
            models.Index(
                fields=["channel", "-id"], name="delivery_channel", condition=models.Q(channel__isnull=False)
            ),
            models.Index(
                fields=["channel", "created_at"],
                name="delivery_paid",
                condition=models.Q(price__isnull=False),
            ),
            models.Index(
                fields=["edition", "id"], name="delivery_copies", condition=~models.Q(purpose="reader")
            ),
            models.Index(
                fields=["edition", "due_at", "id"],
                name="delivery_tests",
                condition=models.Q(purpose__in=["test", "resend"], state="queued"),
            ),
            # Of the log's filters. An accepted mail is in none of the three.
            models.Index(
                fields=["code", "-id"],
                name="delivery_code",
                condition=models.Q(code__isnull=False) & ~models.Q(code=250),
            ),
            models.Index(
                fields=["enhanced", "-id"], name="delivery_enhanced", condition=models.Q(enhanced__gt="3")
            ),
            models.Index(
                fields=["purpose", "-id"], name="delivery_purpose", condition=~models.Q(purpose="reader")
            ),
            BrinIndex(Coalesce("sent_at", "settled_at"), name="delivery_when"),
            # (lower(address) text_pattern_ops, id DESC) stands in migration 0004: Django has no words for it here.
            BrinIndex(fields=["created_at"], name="delivery_created"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} to {self.address}"


class Attempt(models.Model):
    """One try of a delivery: when, by whom, how long, and what the other side said."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    fence = models.BigIntegerField()
    worker = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    duration_ms = models.FloatField()
    outcome = models.CharField(
        max_length=10, choices=State.choices, help_text="the state that the try led to"
    )
    code = models.PositiveSmallIntegerField(null=True)
    enhanced = models.CharField(max_length=12, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["started_at"], name="attempt_failed", condition=models.Q(outcome="failed"))
        ]


class Amendment(models.Model):
    """One deed on a message that was sent: edit it, reply to it, or delete it. Written before anything is asked of the network.

    `delivery` is the message: of a reply, the last of its post. A deletion may be of an `answer` below it instead. At most one
    of a message, or of an answer, is open; one that is `waiting` for approval is not open yet. `revision` is the item's when a
    person asked for it, and `replaced` the text that stood there then; all that one press asked for has one `created_at`.
    """

    class Deed(models.TextChoices):
        EDIT = "edit", _("Edit")
        REPLY = "reply", _("Reply")
        DELETE = "delete", _("Delete")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for approval")
        QUEUED = "queued", _("Waiting for its turn")
        SENDING = "sending", _("Being done now")
        DONE = "done", _("Done")
        FAILED = "failed", _("Not done")
        UNKNOWN = "unknown", _("Unclear whether it was done")
        CANCELLED = "cancelled", _("Called off")

    OPEN = (State.QUEUED, State.SENDING, State.UNKNOWN)

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="amendments")
    answer = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, help_text="of a deletion: the reply of ours that goes"
    )
    deed = models.CharField(max_length=6, choices=Deed.choices)
    text = models.TextField(blank=True)
    replaced = models.TextField(blank=True)
    revision = models.PositiveIntegerField()
    prepared = models.JSONField(null=True, help_text="of an edit and a reply: the exact payload")
    idempotency_key = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    held = models.BooleanField(default=False, help_text="unknown, and only a person can tell")
    due_at = models.DateTimeField()
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    remote_id = models.CharField(max_length=300, blank=True, help_text="of a reply")
    remote_url = models.CharField(max_length=2000, blank=True)
    withdrawn_at = models.DateTimeField(null=True, help_text="of a reply: when it was deleted again")
    price = models.DecimalField(
        null=True,
        max_digits=9,
        decimal_places=4,
        help_text="what a reply costs, where its network is paid",
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()
    first_tried_at = models.DateTimeField(null=True)
    tried_until = models.DateTimeField(null=True, help_text="when the last try ended, or its lease")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["delivery", "answer"],
                name="amendment_one_is_open",
                condition=models.Q(state__in=["queued", "sending", "unknown"]),
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["state", "due_at", "id"],
                name="amendment_open",
                condition=models.Q(state__in=["queued", "sending", "unknown"]),
            ),
            models.Index(
                fields=["settled_at"],
                name="amendment_paid",
                condition=models.Q(price__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deed} of {self.delivery}"


class SigningKey(models.Model):
    """A DKIM key of a sending domain (ASCII, small letters). Made switched off; at most one of a domain is on.

    `private_key` is a PEM, encrypted at rest. What stands in DNS is made from it (`email/dkim.py`).
    """

    domain = models.CharField(max_length=253)
    selector = models.CharField(max_length=63)
    private_key = EncryptedJSONField()
    active = models.BooleanField(default=False, help_text="mail of the domain is signed with it")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "selector"], name="signing_key_once"),
            models.UniqueConstraint(
                fields=["domain"], name="signing_key_one_is_on", condition=models.Q(active=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.selector} of {self.domain}"


class Export(models.Model):
    """A file of many rows that a worker writes, a piece at a time, into the store of files. Who asked fetches it there.

    `kind` says of which list, and so who may have it (`exports/kinds.py`). `query` is the query string of the page whose rows it
    holds, as its reader had typed it, and `zone` whose clock its times were of. `cursor` is where the next piece begins. Written
    by `delivery/exports` only.
    """

    class Kind(models.TextChoices):
        DELIVERIES = "deliveries", _("Delivery log")
        AUDIT = "audit", _("Audit trail")
        SUPPRESSIONS = "suppressions", _("Suppression list")
        SUBSCRIBERS = "subscribers", _("Subscribers")

    class Form(models.TextChoices):
        CSV = "csv", "CSV"
        JSON = "jsonl", _("JSON lines")

    class State(models.TextChoices):
        WAITING = "waiting", _("Being written")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be written")

    kind = models.CharField(
        max_length=12, choices=Kind.choices, default=Kind.DELIVERIES, db_default=Kind.DELIVERIES
    )
    query = models.TextField(blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    form = models.CharField(max_length=5, choices=Form.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    key = models.CharField(
        max_length=64, unique=True, help_text="of its pieces in the store; nobody can guess it"
    )
    pieces = models.PositiveIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0, help_text="bytes as it is downloaded")
    cursor = models.TextField(blank=True)
    problem = models.TextField(blank=True)
    lease_until = models.DateTimeField(null=True, help_text="until then a worker writes it")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"export {self.pk}"
