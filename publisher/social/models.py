"""Accounts on networks (Channel) and the messages for them (Post). Models know a network by its name only."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publisher.core.crypto import EncryptedJSONField
from publisher.items.models import Item
from publisher.review.models import MOST_APPROVALS
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
    hashtags = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="most hashtags of a post; empty: as many as its template says"
    )
    thread_messages = models.PositiveSmallIntegerField(
        default=1, help_text="a long text may become a thread of at most so many messages; 1: no threads"
    )
    thread_numbers = models.BooleanField(default=True, help_text="a thread's messages end in 1/4, 2/4, …")
    utm = models.JSONField(default=dict, blank=True, help_text="social.links.UtmRule; empty: links stay")
    month_budget = models.DecimalField(
        null=True,
        blank=True,
        max_digits=9,
        decimal_places=2,
        help_text="most that posts may cost in a month of its zone, in the network's currency; empty: no limit",
    )
    auto_approve = models.BooleanField(default=False)
    approvals = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="how many persons approve a post, none of whom wrote it: 0 (anybody lets it go), 1 or 2",
    )
    alt_required = models.BooleanField(
        default=True, help_text="a post whose picture has no description is held"
    )
    picture_required = models.BooleanField(default=False, help_text="a post without a picture is held")
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
    owner = models.CharField(
        max_length=254,
        blank=True,
        help_text="a login or an address: who is told when it stops; empty: the admins",
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="channel_approvals", condition=models.Q(approvals__lte=MOST_APPROVALS)
            ),
            models.CheckConstraint(
                name="channel_approved_by_whom",
                condition=models.Q(auto_approve=False) | models.Q(approvals=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What approves by itself is approved by nobody else."""
        if self.approvals > MOST_APPROVALS:
            raise ValidationError(_("approvals is 0, 1 or 2."))
        if self.auto_approve and self.approvals:
            raise ValidationError(
                _(
                    "auto_approve and approvals exclude each other: where persons approve, nothing approves by itself."
                )
            )


class TemplateVersion(models.Model):
    """A channel's template as it was saved. Never changed: going back to one saves its text as a new version."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="template_versions")
    number = models.PositiveIntegerField(help_text="1, 2, 3, … of its channel")
    text = models.TextField(blank=True, help_text="empty: the network's own template")
    note = models.CharField(max_length=200, blank=True, help_text="why, in the person's words")
    by = models.CharField(max_length=150, help_text="a login of the desk, or user@host of a command line")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "number"], name="template_version_once")
        ]

    def __str__(self) -> str:
        return f"Template {self.number} of {self.channel}"


class NetworkApp(models.Model):
    """The keys of our application at a network, with which people are asked for access to their accounts (OAuth)."""

    network = models.CharField(max_length=30, primary_key=True)
    keys = EncryptedJSONField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"App at {self.network}"


class Connecting(models.Model):
    """An access on its way to a channel: asked of a network by its own pages, or checked and not yet confirmed by a person.

    Written by `social/connecting.py`. It is worth nothing after `expires_at`, and is deleted then.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="connecting")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    session = models.BinaryField(help_text="fingerprint of the browser session that began it")
    state = models.BinaryField(
        null=True, unique=True, help_text="fingerprint of what the network sends back; null: used"
    )
    kept = EncryptedJSONField(null=True, help_text="what the second half of the exchange needs")
    offers = EncryptedJSONField(
        null=True, help_text='[{"name", "credentials", "settings"}]: what a person may choose'
    )
    problem = models.TextField(blank=True, help_text="why the network gave nothing")
    hint = models.TextField(blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="connecting_expires")]

    def __str__(self) -> str:
        return f"Connecting {self.channel}"


class ChannelSession(models.Model):
    """What a channel's network keeps between processes, such as the tokens of a login (`sessions.py`). It may be lost."""

    channel = models.OneToOneField(
        Channel, on_delete=models.CASCADE, primary_key=True, related_name="session"
    )
    kept = EncryptedJSONField()
    version = models.PositiveIntegerField(
        default=1, help_text="counts changes; whoever read an older one is too late"
    )

    def __str__(self) -> str:
        return f"Session of {self.channel}"


class ChannelHealth(models.Model):
    """What a channel's network said of its account, and when. Written by `social/health.py`."""

    class State(models.TextChoices):
        UNCHECKED = "unchecked", gettext_lazy("Not checked yet")
        GOOD = "good", gettext_lazy("Working")
        UNCONNECTED = "unconnected", gettext_lazy("Not connected")
        DOWN = "down", gettext_lazy("Down")

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, primary_key=True, related_name="health")
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNCHECKED)
    checked_at = models.DateTimeField(null=True, blank=True, help_text="when the network last answered")
    check_at = models.DateTimeField(null=True, blank=True, help_text="when it is asked next; null: now")
    down_since = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    account_name = models.CharField(max_length=200, blank=True)
    told_limits = models.JSONField(default=dict, help_text="by the names that the channel's settings have")
    credentials_end_at = models.DateTimeField(null=True, blank=True)
    pace_remaining = models.PositiveIntegerField(null=True, blank=True)
    pace_limit = models.PositiveIntegerField(default=0, help_text="0: not told")
    pace_until = models.DateTimeField(null=True, blank=True)


class Notice(models.Model):
    """A mail to staff about a channel. Written by `social/notices.py`, sent once by `delivery/notices.py`."""

    class Kind(models.TextChoices):
        DOWN = "down", gettext_lazy("A channel is down")
        ENDING = "ending", gettext_lazy("The access to an account ends")

    class State(models.TextChoices):
        QUEUED = "queued", gettext_lazy("Waiting to be sent")
        SENDING = "sending", gettext_lazy("Being sent now")
        SENT = "sent", gettext_lazy("Sent")
        FAILED = "failed", gettext_lazy("Not sent")
        UNKNOWN = "unknown", gettext_lazy("May have been sent: nobody can tell")
        CANCELLED = "cancelled", gettext_lazy("Not sent: it was no longer true")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=80, help_text="what it is about: the same is not told again so soon")
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    message_key = models.CharField(max_length=32, unique=True, help_text="names the mail: its Message-ID")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    reason = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["channel", "key", "-created_at"], name="notice_about"),
            models.Index(
                fields=["due_at"], name="notice_open", condition=models.Q(state__in=["queued", "sending"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.to})"


class StoredPicture(models.Model):
    """A picture whose bytes are in the store (`media/keeping.py`). The row is there before the bytes, and goes after them."""

    digest = models.CharField(primary_key=True, max_length=64, help_text="SHA-256 of the bytes, hexadecimal")
    type = models.CharField(max_length=20, help_text="by content: image/jpeg")
    width = models.PositiveIntegerField(help_text="pixels, as it is shown")
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="bytes")
    put_at = models.DateTimeField(help_text="when it was handed in last: it is not deleted soon after")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["put_at"], name="picture_put_at")]

    def __str__(self) -> str:
        return self.digest


class ItemPicture(models.Model):
    """An item's picture on its way from its address into the store (`media/fetching.py`). One for each item: the present one."""

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Being fetched")
        STORED = "stored", gettext_lazy("Stored")
        REFUSED = "refused", gettext_lazy("Cannot be used")

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="picture")
    url = models.URLField(max_length=2000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    stored = models.ForeignKey(StoredPicture, null=True, blank=True, on_delete=models.PROTECT)
    reason = models.TextField(blank=True, help_text="why it is refused, or why the last try failed")
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(help_text="when it is tried next, while it waits")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["next_at"], name="item_picture_due", condition=models.Q(state="waiting"))
        ]

    def __str__(self) -> str:
        return f"{self.item}: {self.get_state_display()}"


class Post(models.Model):
    """One message for one channel about one item. Its parts are the messages that leave (a thread has several)."""

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        HELD = "held", gettext_lazy("Held: something must be mended")
        APPROVED = "approved", gettext_lazy("Approved, waiting for a slot")
        SCHEDULED = "scheduled", gettext_lazy("Scheduled")
        SENDING = "sending", gettext_lazy("Going out")
        HANDED = "handed", gettext_lazy("Ready for you to post")
        SENT = "sent", gettext_lazy("Sent")
        FAILED = "failed", gettext_lazy("Failed")
        UNKNOWN = "unknown", gettext_lazy("Unclear whether it was published")
        EXPIRED = "expired", gettext_lazy("Not sent, to be decided")
        CANCELLED = "cancelled", gettext_lazy("Cancelled")

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
    pictures = models.JSONField(
        default=list, blank=True, help_text='[{"digest", "alt", "focus", "url"}]: `media/shown.py`'
    )
    pictures_edited = models.BooleanField(
        default=False, help_text="a person chose or described them: a new revision does not overwrite that"
    )
    edited = models.BooleanField(
        default=False, help_text="a person changed the text: a new revision does not overwrite it"
    )
    chosen = models.BooleanField(
        default=False, help_text="a person chose the channel for the item: its rules are not asked"
    )
    problem = models.TextField(blank=True)
    priority = models.SmallIntegerField(default=0, help_text="higher goes first")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    slot_at = models.DateTimeField(null=True, blank=True)
    override_slot_at = models.DateTimeField(
        null=True, blank=True, help_text="the time that a person chose against the channel's rules"
    )
    override_reason = models.TextField(blank=True, help_text="why they chose it")
    overridden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    overridden_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="when all of it that was sent was deleted again"
    )
    corrected_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was last corrected after it was sent, or left as it was"
    )
    corrected_revision = models.PositiveIntegerField(default=0, help_text="the item's revision then")
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
            models.Index(fields=["slot_at"], name="post_slots"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.item.title}"

    @property
    def is_against_rules(self) -> bool:
        """Whether its time is one that a person chose against the channel's rules. Another time ends that."""
        return self.slot_at is not None and self.slot_at == self.override_slot_at
