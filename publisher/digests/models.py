"""The recurring newsletter (Digest) and one issue of it (Edition). What an edition holds and who reads it stands beside."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publisher.digests.content_models import EditionItem, Preflight, Variant
from publisher.digests.reader_models import EditionReader, EditionSelection
from publisher.items.languages import primary
from publisher.review.models import MOST_APPROVALS
from publisher.schedule.hours import SendingHours
from publisher.schedule.windows import LAST_MONTHDAY

__all__ = [
    "Digest",
    "Edition",
    "EditionItem",
    "EditionReader",
    "EditionSelection",
    "Preflight",
    "Variant",
]

MOST_POSITIONS = 62
"""Items of an edition, over all languages: a variant's mask is a signed 64-bit number with a bit for each position."""


def _wrong(field: str, said: str) -> ValidationError:
    return ValidationError({field: [ValidationError(said, code=f"{field}_rule")]})


class Digest(models.Model):
    """A newsletter: what it holds, when it goes out, and in whose name."""

    class OnUnknown(models.TextChoices):
        RESEND = "resend", _("Send again with the same Message-ID (rarely somebody gets it twice)")
        HOLD = "hold", _("Hold for a person (never twice)")

    class Layout(models.TextChoices):
        DIGEST = "digest", _("A digest of several items, by its rhythm")
        ALERT = "alert", _("An alert about one item, when a person makes it")

    class Rhythm(models.TextChoices):
        EACH = "each", _("With each item")
        DAILY = "daily", _("Daily")
        WEEKLY = "weekly", _("Weekly")
        MONTHLY = "monthly", _("Monthly")

    class Counting(models.TextChoices):
        OFF = "off", _("Nothing is counted")
        TOTALS = "totals", _("Clicks and opens, as totals")
        PERSONS = "persons", _("Totals, and by person of those who agreed to it")

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
    rhythm = models.CharField(
        max_length=8, choices=Rhythm.choices, default=Rhythm.WEEKLY, db_default="weekly"
    )
    family = models.SlugField(
        max_length=60,
        blank=True,
        db_default="",
        help_text="digests of one family hold the same at different rhythms; a reader chooses one of them",
    )
    weekday = models.PositiveSmallIntegerField(default=0, help_text="Monday is 0; of a weekly digest")
    monthday = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="1 to 28; of a monthly digest"
    )
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
    segment = models.BigIntegerField(
        null=True, blank=True, help_text="id; of its subscribers only those in it get an edition; empty: all"
    )
    most_items = models.PositiveSmallIntegerField(default=12, help_text="in each language")
    max_age_days = models.PositiveSmallIntegerField(
        default=30, help_text="an item that arrives later than this after its date is no news"
    )
    needs_approval = models.BooleanField(
        default=False, help_text="an edition waits for a person before it is sent"
    )
    approvals = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="how many persons approve an edition, none of whom changed it: 0 (as needs_approval says), 1 or 2",
    )
    on_unknown = models.CharField(max_length=10, choices=OnUnknown.choices, default=OnUnknown.RESEND)
    open_to_all = models.BooleanField(
        default=False, db_default=False, help_text="anybody may subscribe to it on the sign-up page"
    )
    about = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="what it is, in a sentence, by language",
    )
    archived = models.BooleanField(
        default=False, db_default=False, help_text="its editions stand in the public archive"
    )
    counting = models.CharField(
        max_length=8,
        choices=Counting.choices,
        default=Counting.OFF,
        db_default="off",
        help_text="what is counted of clicks and opens, from the next rendering on",
    )
    enabled = models.BooleanField(default=True)
    last_number = models.PositiveIntegerField(
        default=0, db_default=0, help_text="of the edition that was numbered last"
    )
    version = models.PositiveIntegerField(
        default=1, db_default=1, help_text="grows with each change of its settings"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="digest_approvals", condition=models.Q(approvals__lte=MOST_APPROVALS))
        ]

    def __str__(self) -> str:
        return str(self.title.get("en") or self.slug)

    def clean(self) -> None:
        """An edition has places for so many items only: what is beyond would be left out without a word. Hours have two ends."""
        if self.approvals > MOST_APPROVALS:
            raise ValidationError(gettext("approvals is 0, 1 or 2."))
        spoken = len(set(map(primary, self.languages)))
        if self.most_items * spoken > MOST_POSITIONS:
            raise _wrong(
                "most_items",
                gettext(
                    "%(items)s items in each of %(languages)s languages are more than the %(most)s of an edition."
                )
                % {"items": self.most_items, "languages": spoken, "most": MOST_POSITIONS},
            )
        self._check_rhythm()
        if (self.send_from is None) != (self.send_until is None):
            raise _wrong(
                "send_until", gettext("send_from and send_until are given together, or both left empty.")
            )
        if self.local_time and self.send_from is not None:
            raise _wrong(
                "send_from",
                gettext(
                    "local_time and send_from exclude each other: readers get it at their own time, and these hours are "
                    "the digest's."
                ),
            )

    def _check_rhythm(self) -> None:
        if not 1 <= self.monthday <= LAST_MONTHDAY:
            raise _wrong("monthday", gettext("monthday is 1 to 28: every month has these days."))
        if self.rhythm == self.Rhythm.EACH and self.local_time:
            raise _wrong(
                "local_time",
                gettext(
                    "A digest that goes out with each item has no time of day that readers could have by their own clocks."
                ),
            )
        if self.family and self.layout == self.Layout.ALERT:
            raise _wrong("family", gettext("An alert has no rhythm, so it belongs to no family."))
        kin = Digest.objects.filter(family=self.family, rhythm=self.rhythm).exclude(pk=self.pk or 0)
        if self.family and (other := kin.first()):
            raise _wrong(
                "family",
                gettext("%(digest)s of this family has the same rhythm: readers could not tell them apart.")
                % {"digest": other},
            )

    @property
    def begins_by_itself(self) -> bool:
        """Whether it begins editions without a person."""
        return self.enabled and self.layout == self.Layout.DIGEST

    @property
    def has_dates(self) -> bool:
        """Whether its editions come by the calendar: no alert, and not with each item."""
        return self.layout == self.Layout.DIGEST and self.rhythm != self.Rhythm.EACH

    @property
    def waits_for_approval(self) -> bool:
        """Whether its editions are looked at before they are sent."""
        return self.needs_approval or self.approvals > 0

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
        ASSEMBLING = "assembling", _("Being assembled")
        BLOCKED = "blocked", _("Cannot be assembled")
        WAITING = "waiting", _("Waiting for approval")
        SENDING = "sending", _("Sending")
        PAUSED = "paused", _("Paused")
        SENT = "sent", _("Sent")
        EMPTY = "empty", _("Nothing new")
        CANCELLED = "cancelled", _("Cancelled")

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
    segment = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="id; only subscribers in it get it. It stays when the segment is gone: then it does not go out",
    )
    readers = models.JSONField(
        null=True, blank=True, help_text="what was asked of the segment, and how many were in it (readers.py)"
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.ASSEMBLING)
    after_assembly = models.CharField(
        max_length=12,
        choices=State.choices,
        default=State.SENDING,
        help_text="sending, or waiting or paused for a person",
    )
    problem = models.TextField(blank=True, help_text="why it waits, is paused or could not be assembled")
    left_out = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text="items that a person took out: no later edition takes them by itself",
    )
    dropped = ArrayField(
        models.BigIntegerField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="items taken back when mail with them may have left",
    )
    subject = models.JSONField(
        default=dict, blank=True, help_text="of this edition, by language; else its digest's"
    )
    intro = models.JSONField(
        default=dict, blank=True, help_text="of this edition, by language; else its digest's"
    )
    preheader = models.JSONField(
        default=dict, blank=True, help_text="of this edition, by language; else made of it"
    )
    changes = models.PositiveIntegerField(
        default=0, db_default=0, help_text="how often a person changed what it holds or says"
    )
    priority = models.SmallIntegerField(default=0, help_text="higher is claimed first")
    approved_by = models.CharField(max_length=310, blank=True)
    let_go_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was first let go: from then on mail of it may have left"
    )
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
        if self.number:
            return f"{self.digest} #{self.number}"
        return gettext("%(digest)s (not numbered yet)") % {"digest": self.digest}

    @property
    def short_name(self) -> str:
        """What people type for it (`naming.py`): `weekly#8`, or the time when it is due, in UTC, while it has no number."""
        if self.number:
            return f"{self.digest.slug}#{self.number}"
        due = self.due_at.astimezone(UTC).replace(tzinfo=None)
        return f"{self.digest.slug}@{due.isoformat(timespec='seconds' if due.second else 'minutes')}"

    @property
    def version(self) -> str:
        """Which assembling of it a person looked at, and which changes by people it holds; "" before the first."""
        assembled = self.assembled_at.isoformat() if self.assembled_at else ""
        return f"{assembled}/{self.changes}" if self.changes else assembled

    @property
    def window(self) -> tuple[datetime, datetime]:
        return self.window_from, self.window_to

    def own_text(self, field: str, language: str) -> str:
        """What was written for this edition as `subject`, `intro` or `preheader` in a language; else empty."""
        texts: dict[str, str] = getattr(self, field)
        return texts.get(language) or texts.get(primary(language)) or ""

    def text(self, field: str, language: str) -> str:
        """Its own `subject` or `intro` in a language, else its digest's."""
        return self.own_text(field, language) or self.digest.text(field, language)
