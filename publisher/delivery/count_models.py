"""Counts of deliveries that outlive them: by state, by day, and how long a day's messages took."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Tally(models.Model):
    """Counts of deliveries by edition or channel, wave and state, kept exact by a trigger; `n` may be negative before folding.

    Reading a sum over a few rows replaces counting millions, and the totals stay when old deliveries are deleted.
    """

    edition_id = models.BigIntegerField(null=True)
    channel_id = models.BigIntegerField(null=True)
    wave_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10)
    n = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["edition_id"], name="tally_edition")]


class DayCount(models.Model):
    """How many deliveries of a day (UTC) are in a state, by digest or channel, and of mails by domain. See `statistics/`."""

    day = models.DateField()
    digest_id = models.BigIntegerField(null=True)
    channel_id = models.BigIntegerField(null=True)
    domain = models.CharField(max_length=255, blank=True, help_text="of mails; * for all small ones together")
    state = models.CharField(max_length=10)
    n = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="day_count_day")]


class DaySpeed(models.Model):
    """How long a day's messages (UTC) took, in seconds, by digest or channel. See `statistics/`."""

    day = models.DateField()
    digest_id = models.BigIntegerField(null=True)
    channel_id = models.BigIntegerField(null=True)
    n = models.BigIntegerField()
    waited_p50 = models.FloatField(help_text="from item to inbox or timeline")
    waited_p90 = models.FloatField()
    late_p50 = models.FloatField(help_text="from due to sent")
    late_p95 = models.FloatField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="day_speed_day")]
