"""Reports that came while their mail was still being sent: its state follows once the sender has written how that ended.

A mail server on the same host bounces faster than a claim is settled. Called by beat (`tasks/feedback.py`).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from publisher.feedback.applying import settle_owed
from publisher.feedback.models import Report

BATCH = 1000


def settle_all(*, now: datetime) -> int:
    """Settle those that can be; how many."""
    ids = list(Report.objects.exclude(owed="").order_by("pk").values_list("pk", flat=True)[:BATCH])
    return sum(_settle(pk, now) for pk in ids)


@transaction.atomic
def _settle(pk: int, now: datetime) -> bool:
    report = Report.objects.select_for_update().filter(pk=pk).exclude(owed="").first()
    return report is not None and settle_owed(report, now=now)
