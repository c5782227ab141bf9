"""The audit trail and the heartbeats of processes."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class AuditEntry(models.Model):
    """Who did what to what, before and after. Only ever inserted: a trigger in the database refuses UPDATE and DELETE."""

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
        ]


class Heartbeat(models.Model):
    """The last time that a recurring job ran to its end."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()
