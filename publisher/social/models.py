"""Accounts on networks (Channel) and the messages for them (Post). Models know a network by its name only."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from publisher.core.crypto import EncryptedJSONField
from publisher.items.models import Item
from publisher.schedule.models import Schedule


class Channel(models.Model):
    """One account on one network, with its rules for drafting and its schedule."""

    name = models.CharField(max_length=80, unique=True)
    network = models.CharField(max_length=30)
    language = models.CharField(max_length=35, default="en")
    region = models.CharField(max_length=10, blank=True, help_text="prefer an item's link for readers there")
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT)
    credentials = EncryptedJSONField(null=True, blank=True)
    settings = models.JSONField(default=dict, blank=True, help_text="what the network's folder documents")
    kinds = ArrayField(models.CharField(max_length=20), default=list, blank=True, help_text="empty: all")
    topics = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="ids; empty: all")
    template = models.TextField(blank=True, help_text="staff's own template; empty: the network's")
    auto_approve = models.BooleanField(default=False)
    tolerance_minutes = models.PositiveIntegerField(
        default=360, help_text="a slot missed by more expires and asks"
    )
    max_age_days = models.PositiveSmallIntegerField(
        default=30, help_text="an item that arrives later than this after its date is no news"
    )
    enabled = models.BooleanField(default=True)
    paused_reason = models.TextField(blank=True)
    blocked_until = models.DateTimeField(null=True, blank=True, help_text="the network asked us to wait")
    revision = models.PositiveIntegerField(default=1, help_text="counts changes of what posts are made from")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """One message for one channel about one item. Its parts are the messages that leave (a thread has several)."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        HELD = "held", "Held: something must be mended"
        APPROVED = "approved", "Approved, waiting for a slot"
        SCHEDULED = "scheduled", "Scheduled"
        SENDING = "sending", "Going out"
        HANDED = "handed", "Ready for you to post"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unclear whether it was published"
        EXPIRED = "expired", "Its slot has passed"
        CANCELLED = "cancelled", "Cancelled"

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="posts")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="posts")
    item_revision = models.PositiveIntegerField()
    channel_revision = models.PositiveIntegerField(
        default=0, help_text="the channel's revision when it was drafted"
    )
    language = models.CharField(max_length=35)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    parts = models.JSONField(default=list, help_text='[{"text": "…"}]: what leaves, one delivery each')
    link = models.URLField(max_length=2000, blank=True)
    edited = models.BooleanField(
        default=False, help_text="a person changed the text: a new revision does not overwrite it"
    )
    problem = models.TextField(blank=True)
    priority = models.SmallIntegerField(default=0, help_text="higher goes first")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    slot_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, help_text="counts edits; a stale form is refused")
    trace_id = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "channel"], name="post_once_per_channel"),
            models.UniqueConstraint(
                fields=["channel", "slot_at"],
                name="post_slot_once",
                condition=models.Q(state__in=["scheduled", "sending"]),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["slot_at"], name="post_due", condition=models.Q(state="scheduled")),
            models.Index(
                fields=["channel", "approved_at"], name="post_waiting", condition=models.Q(state="approved")
            ),
            models.Index(fields=["state", "-id"], name="post_state"),
            models.Index(fields=["channel", "slot_at"], name="post_channel_slots"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.item.title}"
