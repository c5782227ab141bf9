"""Who is told of changes (Endpoint), of which kinds (Wanted), what changed and is not yet addressed (Change), what is told to
whom (Message), and every try of that (Try)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from publisher.core.crypto import EncryptedJSONField


class Endpoint(models.Model):
    """An address that is told of changes. `events` are names and patterns of `kinds.py`.

    `secrets`: the present one and, until `old_secret_until`, the one before. Health: `failing_since` is set by the first failure
    after a success, `failures` counts rounds of a server that is away, and `rests_until` is when it is tried again. A removed
    one keeps its log until that is forgotten.
    """

    name = models.CharField(max_length=100)
    url = models.CharField(max_length=2000)
    secrets = EncryptedJSONField()
    old_secret_until = models.DateTimeField(null=True)
    events = ArrayField(models.CharField(max_length=40))
    channel_ids = ArrayField(models.BigIntegerField(), default=list)
    digest_ids = ArrayField(models.BigIntegerField(), default=list)
    batched = models.BooleanField(
        default=False, help_text="changes of deliveries come up to a hundred at once"
    )
    with_addresses = models.BooleanField(default=False, help_text="while its owner may read them")
    active = models.BooleanField(default=True)
    off_reason = models.TextField(blank=True, help_text="why Publisher switched it off by itself")
    off_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Wanted(models.Model):
    """A state (`*`: each) of a kind of thing of which some active endpoint wants to know. The database's triggers ask here first.
    Written by `endpoints.py` only."""

    kind = models.CharField(max_length=12)
    state = models.CharField(max_length=12)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "state"], name="wanted_once")]


class Change(models.Model):
    """One change of state, written by a trigger in the transaction of the change; gone once it is addressed (`addressing.py`).

    The ids say what it is about; none is a foreign key.
    """

    kind = models.CharField(max_length=12)
    object_id = models.BigIntegerField()
    old_state = models.CharField(max_length=12)
    new_state = models.CharField(max_length=12)
    at = models.DateTimeField()
    purpose = models.CharField(max_length=6, null=True, help_text="of deliveries")
    edition_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    subscriber_id = models.BigIntegerField(null=True)
    channel_id = models.BigIntegerField(null=True)
    digest_id = models.BigIntegerField(null=True)


class Message(models.Model):
    """One request to one endpoint: a change, or up to a hundred of one type. `key` is its `webhook-id` in every try.

    `changes` are as `addressing.py` writes them. `begun_at`: from when on the three days of tries count. `fence` grows with each
    claim: only the holder of the newest may settle it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Taken")
        FAILED = "failed", _("Given up")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="messages", db_index=False)
    key = models.CharField(max_length=40)
    type = models.CharField(max_length=40)
    changes = models.JSONField()
    count = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, help_text="of the last answer")
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    begun_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["endpoint", "due_at", "id"], name="hook_queue", condition=models.Q(state="queued")
            ),
            models.Index(
                fields=["endpoint", "lease_until"], name="hook_leases", condition=models.Q(state="sending")
            ),
            models.Index(fields=["endpoint", "-id"], name="hook_log"),
            models.Index(fields=["endpoint", "state", "-id"], name="hook_log_state"),
            models.Index(fields=["endpoint", "type", "-id"], name="hook_log_type"),
            BrinIndex(fields=["created_at"], name="hook_created"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


class Try(models.Model):
    """One request and its answer. `status` is empty where none came; `answer` is the first 2 KB of what it said."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
