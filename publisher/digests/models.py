"""The recurring newsletter (Digest), one issue of it (Edition), and its renderings (Variant)."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from publisher.items.languages import primary
from publisher.items.models import Item
from publisher.schedule.hours import SendingHours

MOST_POSITIONS = 62
"""Items of an edition, over all languages: a variant's mask is a signed 64-bit number with a bit for each position."""


class Digest(models.Model):
    """A newsletter: what it holds, when it goes out, and in whose name."""

    class OnUnknown(models.TextChoices):
        RESEND = "resend", "Send again with the same Message-ID (rarely somebody gets it twice)"
        HOLD = "hold", "Hold for a person (never twice)"

    class Layout(models.TextChoices):
        DIGEST = "digest", "A digest of several items, every week"
        ALERT = "alert", "An alert about one item, when a person makes it"

    slug = models.SlugField(max_length=60, unique=True)
    title = models.JSONField(default=dict, help_text='{"en": "…", "zh": "…"}')
    intro = models.JSONField(default=dict, help_text="text above the items, by language; may be empty")
    subject = models.JSONField(default=dict, help_text="template of the subject line, by language")
    languages = ArrayField(models.CharField(max_length=35), default=list)
    from_name = models.JSONField(default=dict, help_text="sender's name, by language")
    from_address = models.CharField(max_length=320)
    reply_to = models.CharField(max_length=320, blank=True)
    organisation = models.JSONField(default=str, blank=True, help_text="one text, or texts by language")
    postal_address = models.JSONField(default=str, blank=True, help_text="one text, or texts by language")
    accent = models.CharField(max_length=7, default="#0b6e99")
    zone = models.CharField(max_length=64, default="Asia/Shanghai")
    weekday = models.PositiveSmallIntegerField(default=0, help_text="Monday is 0")
    at = models.TimeField(default=time(8, 0))
    local_time = models.BooleanField(
        default=False, help_text="each reader gets it when it is `at` in their own time zone"
    )
    layout = models.CharField(max_length=6, choices=Layout.choices, default=Layout.DIGEST)
    priority = models.SmallIntegerField(default=0, help_text="of its editions; higher is sent first")
    seeds = ArrayField(
        models.CharField(max_length=320),
        default=list,
        blank=True,
        help_text="addresses that get a copy of every edition, before its readers",
    )
    send_from = models.TimeField(
        null=True, blank=True, help_text="from this time of day in its zone mail may leave; empty: always"
    )
    send_until = models.TimeField(
        null=True, blank=True, help_text="until this time of day, the next day's if earlier"
    )
    window_days = models.PositiveSmallIntegerField(
        default=7, help_text="how far back the first edition looks"
    )
    kinds = ArrayField(models.CharField(max_length=20), default=list, blank=True, help_text="empty: all")
    topics = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="ids; empty: all")
    most_items = models.PositiveSmallIntegerField(default=12, help_text="in each language")
    max_age_days = models.PositiveSmallIntegerField(
        default=30, help_text="an item that arrives later than this after its date is no news"
    )
    needs_approval = models.BooleanField(
        default=False, help_text="an edition waits for a person before it is sent"
    )
    on_unknown = models.CharField(max_length=10, choices=OnUnknown.choices, default=OnUnknown.RESEND)
    enabled = models.BooleanField(default=True)
    last_number = models.PositiveIntegerField(
        default=0, db_default=0, help_text="of the edition that was numbered last"
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.title.get("en") or self.slug)

    def clean(self) -> None:
        """An edition has places for so many items only: what is beyond would be left out without a word. Hours have two ends."""
        spoken = len(set(map(primary, self.languages)))
        if self.most_items * spoken > MOST_POSITIONS:
            raise ValidationError(
                f"{self.most_items} items in each of {spoken} languages are more than the {MOST_POSITIONS} of an edition."
            )
        if (self.send_from is None) != (self.send_until is None):
            raise ValidationError("send_from and send_until are given together, or both left empty.")
        if self.local_time and self.send_from is not None:
            raise ValidationError(
                "local_time and send_from exclude each other: readers get it at their own time, and these hours are the digest's."
            )

    @property
    def sending_hours(self) -> SendingHours:
        """The hours of the day in which its mail may leave."""
        return SendingHours(ZoneInfo(self.zone), self.send_from, self.send_until)

    def text(self, field: str, language: str) -> str:
        """The text of a field in `language`, else in the digest's first language, else empty."""
        texts: dict[str, str] | str = getattr(self, field)
        if isinstance(texts, str):
            return texts
        fallback = self.languages[0] if self.languages else "en"
        return texts.get(language) or texts.get(language.partition("-")[0]) or texts.get(fallback) or ""


class Edition(models.Model):
    """One issue of a digest. Its window begins where the one before ended."""

    class State(models.TextChoices):
        ASSEMBLING = "assembling", "Being assembled"
        BLOCKED = "blocked", "Cannot be assembled"
        WAITING = "waiting", "Waiting for approval"
        SENDING = "sending", "Sending"
        PAUSED = "paused", "Paused"
        SENT = "sent", "Sent"
        EMPTY = "empty", "Nothing new"
        CANCELLED = "cancelled", "Cancelled"

    digest = models.ForeignKey(Digest, on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveIntegerField(null=True, help_text="given when it has items: readers see no gaps")
    due_at = models.DateTimeField()
    window_from = models.DateTimeField()
    window_to = models.DateTimeField()
    local_day = models.DateField(
        null=True, blank=True, help_text="readers get it on this day by their own clocks; empty: all at once"
    )
    local_at = models.TimeField(null=True, blank=True, help_text="and at this time of it")
    item_ids = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text="chosen by a person: just these; empty: what its window holds",
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.ASSEMBLING)
    after_assembly = models.CharField(
        max_length=12,
        choices=State.choices,
        default=State.SENDING,
        help_text="sending, or waiting or paused for a person",
    )
    problem = models.TextField(blank=True, help_text="why it waits, is paused or could not be assembled")
    priority = models.SmallIntegerField(default=0, help_text="higher is claimed first")
    approved_by = models.CharField(max_length=150, blank=True)
    withdrawn = models.BooleanField(
        default=False, help_text="cancelled before anything left: its items belong to the next edition"
    )
    changed_at = models.DateTimeField(null=True, blank=True, help_text="when a person last changed its state")
    created_at = models.DateTimeField()
    assembled_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    forgotten_at = models.DateTimeField(
        null=True, blank=True, help_text="when its deliveries were deleted; their totals stay"
    )
    trace_id = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest", "due_at"], name="edition_once_per_due_time"),
            models.UniqueConstraint(fields=["digest", "number"], name="edition_number_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                name="edition_open",
                condition=models.Q(state__in=["assembling", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.digest} #{self.number}" if self.number else f"{self.digest} (not numbered yet)"

    @property
    def short_name(self) -> str:
        """What people type for it (`naming.py`): `weekly#8`, or the time when it is due, in UTC, while it has no number."""
        if self.number:
            return f"{self.digest.slug}#{self.number}"
        due = self.due_at.astimezone(UTC).replace(tzinfo=None)
        return f"{self.digest.slug}@{due.isoformat(timespec='seconds' if due.second else 'minutes')}"

    @property
    def version(self) -> str:
        """Which assembling of it a person looked at; "" before the first."""
        return self.assembled_at.isoformat() if self.assembled_at else ""

    @property
    def window(self) -> tuple[datetime, datetime]:
        return self.window_from, self.window_to


class EditionItem(models.Model):
    """An item of an edition in the revision that was chosen; `topics` are frozen with it."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="edition_items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    revision = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    topics = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "item"], name="edition_item_once")
        ]


class Variant(models.Model):
    """An edition rendered for one distinct result: the same items, language and region. Rendered once, joined per recipient.

    `mask` has bit n set when the item at position n is in it. `message` is the serialised mail, cut at its slots. What has
    left stays as it was sent: a variant that somebody may have received is retired by a correction, never rendered again.
    `selections` and `recipients` are how many choices and subscribers came to it when the edition was last assembled.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="variants")
    mask = models.BigIntegerField()
    language = models.CharField(max_length=35)
    region = models.CharField(max_length=10, blank=True)
    selections = models.PositiveIntegerField(default=0, db_default=0)
    recipients = models.PositiveIntegerField(default=0, db_default=0)
    subject = models.TextField(blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    message = models.BinaryField(null=True)
    content_hash = models.BinaryField(max_length=32, null=True)
    rendered_at = models.DateTimeField(null=True, blank=True)
    retired = models.BooleanField(default=False, help_text="a correction came after some of it had left")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["edition", "mask", "language", "region"],
                name="variant_once",
                condition=models.Q(retired=False),
            )
        ]


class EditionSelection(models.Model):
    """Which variant a distinct selection receives in an edition: the bridge from subscribers to renderings.

    Up to a million rows an edition, written by one statement and forgotten when it ends: so it has the one index that claims
    need, and no foreign keys in the database, whose checks would cost more than the rows.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    selection_id = models.BigIntegerField()
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, db_index=False, db_constraint=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "selection_id"], name="edition_selection_once")
        ]
