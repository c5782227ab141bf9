"""What staff keep about readers and do with many of them: attributes, segments, bulk actions, uploads of lists."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Attribute(models.Model):
    """What the organisation may know of each subscriber besides: its name in `Subscriber.attributes`, and what its values are.

    The kind never changes, so that the values that are there stay what they were. Dates are stored as ISO 8601 text.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        YES_NO = "yes_no", _("Yes or no")
        DATE = "date", _("Date")

    key = models.CharField(max_length=40, unique=True, help_text="small letters, digits and _")
    label = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["label"]

    def __str__(self) -> str:
        return self.label


class Segment(models.Model):
    """Saved conditions: a subscriber is in it who fits all conditions of one of its groups (`segments/conditions.py`)."""

    name = models.CharField(max_length=80)
    key = models.CharField(max_length=160, unique=True, help_text="the name, folded")
    groups = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Bulk(models.Model):
    """One deed on many subscribers: who is meant (`groups`), what is done (`action`, `given`), and how far it is.

    `expected` is the number that a person confirmed. `cursor` is the id of the last subscriber dealt with; of the undoing, too.
    `at` is the moment that all of its changes bear.
    """

    class Action(models.TextChoices):
        TAG = "tag", _("Put a tag on")
        UNTAG = "untag", _("Take a tag off")
        SET = "set", _("Set an attribute")
        UNSUBSCRIBE = "unsubscribe", _("Unsubscribe")
        SUBSCRIBE = "subscribe", _("Subscribe to a digest")
        SUPPRESS = "suppress", _("Put on the suppression list")

    class State(models.TextChoices):
        COLLECTING = "collecting", _("Being prepared")
        RUNNING = "running", _("Being done")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")
        REFUSED = "refused", _("Not begun")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    OPEN = (State.COLLECTING, State.RUNNING, State.UNDOING)

    action = models.CharField(max_length=12, choices=Action.choices)
    given = models.JSONField(default=dict)
    groups = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.COLLECTING)
    expected = models.PositiveBigIntegerField()
    total = models.PositiveBigIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    undone = models.PositiveBigIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    forgotten = models.BooleanField(default=False, help_text="its rows are deleted: no undoing any more")

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                name="bulk_open",
                condition=models.Q(state__in=["collecting", "running", "undoing"]),
            )
        ]

    def __str__(self) -> str:
        return f"bulk action {self.pk}"


class BulkRow(models.Model):
    """One subscriber of a bulk action: whether it changed them, and what was before. Kept for as long as it can be undone.

    `mark` is the row that the deed made, or the state that it changed, as its action has it. `kept`: the reader has since asked
    for the same themselves, so undoing leaves them alone.
    """

    bulk = models.ForeignKey(Bulk, on_delete=models.CASCADE, db_constraint=False, related_name="rows")
    subscriber = models.ForeignKey(
        "audience.Subscriber", on_delete=models.CASCADE, db_constraint=False, related_name="+"
    )
    changed = models.BooleanField(default=False, db_default=False)
    before = models.JSONField(null=True)
    mark = models.BigIntegerField(null=True)
    kept = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["bulk", "subscriber"], name="bulk_row_once")]


class Upload(models.Model):
    """A list of subscribers that staff gave to the desk: its file, how it is read, and what came of it.

    The file lies in the store of files until the import has ended; the refused rows, a week (`importing/uploads.py`).
    """

    class State(models.TextChoices):
        NEW = "new", _("To be looked at")
        CHECKING = "checking", _("Being tried")
        CHECKED = "checked", _("Tried")
        WAITING = "waiting", _("Being imported")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Could not be read")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    OPEN = (State.CHECKING, State.WAITING)

    digest_id = models.BigIntegerField(null=True)
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    key = models.CharField(
        max_length=64, unique=True, help_text="of its files in the store; nobody can guess it"
    )
    settings_of = models.JSONField(default=dict, help_text="columns, consent, language …, as chosen")
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    version = models.PositiveIntegerField(default=1)
    outcome = models.JSONField(default=dict)
    runs = models.PositiveSmallIntegerField(default=0, help_text="how often writing was begun")
    tries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how often a worker began since a person last asked for it"
    )
    problem = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    held = models.BooleanField(default=True, help_text="the file is in the store")
    refused_held = models.BooleanField(default=False, help_text="the file of refused rows is in the store")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"import {self.pk}"
