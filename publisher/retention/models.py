"""What was erased because its time was over: a row a night (Run), and one for each kind of what was looked for (Count)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Run(models.Model):
    """One erasing of all that was past its time at `begun_at`. Of a run that was killed the next tick does the rest."""

    day = models.DateField(
        null=True,
        unique=True,
        help_text="the night of which it is the one run, UTC; empty: a person asked for it",
    )
    by = models.CharField(max_length=150, help_text="system, or user@host of a command line")
    begun_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"run {self.pk}"


class Count(models.Model):
    """How many rows of a kind a run has erased: of those from before `before`. Written in the transaction of each batch."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="counts")
    kind = models.CharField(max_length=20, help_text="of kinds.py")
    before = models.DateTimeField()
    n = models.BigIntegerField(default=0)
    done = models.BooleanField(default=False)
    problem = models.CharField(max_length=200, blank=True, help_text="why it was given up for this run")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "kind"], name="retention_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.n}"
