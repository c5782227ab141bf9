"""A channel's schedule as it is stored. The rules themselves are in `rules.py`, the choosing of slots in `slots.py`."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from publisher.core.errors import UserError
from publisher.schedule.rules import ScheduleRules, rules_from_json


class Schedule(models.Model):
    """When a channel may post. All times of day are local to `zone`."""

    name = models.CharField(max_length=80, unique=True)
    zone = models.CharField(max_length=64, default="UTC", help_text="IANA time zone, e.g. Asia/Shanghai")
    slots = models.JSONField(default=list, help_text='[{"weekday": 0, "at": "09:00"}], Monday is 0')
    quiet = models.JSONField(
        default=list, help_text='[{"start": "22:00", "end": "07:00", "weekdays": [0, 1]}]'
    )
    blackouts = models.JSONField(default=list, help_text='["2026-12-25"]')
    holiday_countries = models.JSONField(default=list, help_text='ISO 3166 codes: ["CN"]')
    least_gap_minutes = models.PositiveIntegerField(default=30)
    most_per_day = models.PositiveIntegerField(null=True, blank=True)
    blackout_names = models.JSONField(
        default=dict, blank=True, help_text='what the blackout dates are: {"2026-12-25": "Christmas"}'
    )
    version = models.PositiveIntegerField(default=1, help_text="counts edits; a stale form is refused")

    def __str__(self) -> str:
        return self.name

    def rules(self) -> ScheduleRules:
        """The rules that the pure functions take."""
        return rules_from_json(
            {
                "zone": self.zone,
                "slots": self.slots,
                "quiet": self.quiet,
                "blackouts": self.blackouts,
                "holiday_countries": self.holiday_countries,
                "least_gap_minutes": self.least_gap_minutes,
                "most_per_day": self.most_per_day,
            }
        )

    def clean(self) -> None:
        try:
            self.rules()
        except UserError as error:
            raise ValidationError(error.message) from error
