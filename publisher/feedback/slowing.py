"""A provider that defers is slowed, not punished: a report of delay counts like an answer while sending.

Behind a mail server of one's own that takes everything at once, reports of delay are all that is heard of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.delivery.pacing.backoff import Answer
from publisher.delivery.pacing.providers import bucket_of
from publisher.delivery.pacing.rests import Rests
from publisher.delivery.pacing.scopes import Scope, scope_of
from publisher.feedback.models import Report
from publisher.feedback.reading import Reading
from publisher.feedback.reading.causes import codes_in

FRESH = timedelta(hours=2)
"""What was said longer ago says nothing about now."""


def slow(report: Report, reading: Reading, *, now: datetime) -> bool:
    """Let the provider rest if it asked for less mail just now; whether it did. One report for each delivery counts."""
    answer = answer_of(reading)
    if scope_of(*answer) is not Scope.DOMAIN or report.delivery_id is None:
        return False
    if reading.at is None or not timedelta(0) <= now - reading.at <= FRESH:
        return False
    earlier = Report.objects.filter(
        delivery_id=report.delivery_id, kind=Report.Kind.DELAYED, pk__lt=report.pk
    )
    if earlier.exists():
        return False
    Rests().after([(bucket_of(report.address_key), answer)], now)
    return True


def answer_of(reading: Reading) -> Answer:
    """What the other side said, as an answer of a mail server. Pure."""
    smtp, enhanced = codes_in(reading.said)
    code = int(smtp) if smtp else 451 if reading.code.startswith("4") else 0
    return Answer(code, enhanced or reading.code, reading.said)
