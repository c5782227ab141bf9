"""The audit trail, the heartbeats of processes, the standstill of all sending, pauses of a part of it, and the restores."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Who did what to what, before and after. Only ever inserted: triggers in the database refuse UPDATE, DELETE
    and TRUNCATE."""

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False
    )
    actor_name = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    trace_id = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_object"),
            models.Index(fields=["-at"], name="audit_at"),
            models.Index(fields=["actor_name", "-id"], name="audit_actor"),
            models.Index(fields=["action", "-id"], name="audit_action"),
        ]


class Heartbeat(models.Model):
    """The last time that a recurring job ran to its end."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()


class Standstill(models.Model):
    """While its one row exists nothing leaves: no mail and no post is claimed. Written by `core.standstill` only."""

    class Kind(models.TextChoices):
        STOPPED = "stopped", _("Stopped by a person")
        RESTORED = "restored", _("The database was restored from a backup")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reason = models.TextField()
    since = models.DateTimeField()
    by = models.CharField(max_length=150, help_text="a login of the desk, or user@host of a command line")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="standstill_once", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reason}"


class Pause(models.Model):
    """While it stands, no post and no edition that it covers is claimed. Several may stand at once.

    It names one channel or topic by its id, or one country by its code (`audience/regions.py`). What it covers is said by
    `COVERS_ITEM`, `COVERS_POST` and `COVERS_EDITION`. Written by `delivery.pausing` only.
    """

    class Scope(models.TextChoices):
        CHANNEL = "channel", _("Channel")
        TOPIC = "topic", _("Topic")
        COUNTRY = "country", _("Country")

    scope = models.CharField(max_length=10, choices=Scope.choices)
    channel_id = models.BigIntegerField(null=True)
    topic_id = models.BigIntegerField(null=True)
    country = models.CharField(max_length=10, blank=True)
    name = models.CharField(max_length=200, help_text="what was paused, as it was called then")
    reason = models.TextField()
    since = models.DateTimeField()
    by = models.CharField(max_length=150, help_text="a login of the desk, or user@host of a command line")

    class Meta:
        ordering: ClassVar = ["since", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel_id"], name="pause_channel_once"),
            models.UniqueConstraint(fields=["topic_id"], name="pause_topic_once"),
            models.UniqueConstraint(
                fields=["country"], name="pause_country_once", condition=~models.Q(country="")
            ),
            models.CheckConstraint(
                name="pause_names_one",
                condition=models.Q(scope="channel", channel_id__isnull=False, topic_id=None, country="")
                | models.Q(scope="topic", channel_id=None, topic_id__isnull=False, country="")
                | (models.Q(scope="country", channel_id=None, topic_id=None) & ~models.Q(country="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.name}"


class Restoration(models.Model):
    """A restore of this database. What left between the two times is not in it."""

    made_at = models.DateTimeField(help_text="when the backup was made")
    restored_at = models.DateTimeField()
