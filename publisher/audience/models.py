"""Who receives: subscribers, what they chose, what they agreed to, and whom we must not write to."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Subscriber(models.Model):
    """A person's address. `email_key` is the address as it is compared: domain in lower case IDNA, local part folded."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for confirmation"
        ACTIVE = "active", "Active"
        LEFT = "left", "Unsubscribed from everything"

    email = models.CharField(max_length=320)
    email_key = models.CharField(max_length=320, unique=True)
    name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    zone = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.email


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
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="subscriptions")
    digest_id = models.BigIntegerField()
    selection = models.ForeignKey(Selection, on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

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
            )
        ]


class Consent(models.Model):
    """Proof of what a subscriber agreed to or withdrew, and how we know."""

    class Action(models.TextChoices):
        GIVEN = "given", "Given"
        CONFIRMED = "confirmed", "Confirmed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="consents")
    digest_id = models.BigIntegerField(null=True, blank=True)
    action = models.CharField(max_length=10, choices=Action.choices)
    how = models.CharField(max_length=200, help_text="page, import file, one-click header")
    at = models.DateTimeField()


class Suppression(models.Model):
    """An address that nothing may be sent to. Checked when deliveries are written and again when they are claimed."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", "Hard bounce"
        COMPLAINED = "complained", "Complaint"
        REFUSED = "refused", "Asked never to be written to"
        STAFF = "staff", "Put on the list by staff"

    email_key = models.CharField(max_length=320, unique=True)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    evidence = models.TextField(blank=True)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
