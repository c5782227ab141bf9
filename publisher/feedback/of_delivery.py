"""What came back about a message after it had left: bounces, complaints, people who unsubscribed. One list, whatever brought it.

Called by the page of a delivery. Reports of mailboxes and providers say it themselves; else it is read from the row, its reader
and the suppression list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from publisher.audience.models import Consent, Suppression
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.feedback.models import Report

MOST = 20
"""Reports of one delivery that are listed; there is rarely more than one."""


@dataclass(frozen=True)
class Feedback:
    """One thing that came back. `at` is None when only the fact is known; `tone` as of a badge; `report_id`: the report that
    says it."""

    at: datetime | None
    what: str
    detail: str = ""
    tone: str = "quiet"
    report_id: int | None = None


def feedback_of(row: Delivery) -> list[Feedback]:
    """Everything about one delivery, the latest first. `row` with its edition and subscriber."""
    reports = list(Report.objects.filter(delivery_id=row.pk).order_by("-pk")[:MOST].defer("evidence"))
    told = {report.kind for report in reports}
    found = [*map(_of_report, reports), *_of_state(row, told), *_of_reader(row)]
    return sorted(found, key=lambda each: each.at or row.created_at, reverse=True)


def _of_report(report: Report) -> Feedback:
    kind = Report.Kind(report.kind)
    what = f"{kind.label}: {report.get_cause_display()}" if report.cause else str(kind.label)
    detail = " – ".join(part for part in (report.code, report.said) if part)
    tone = "bad" if kind in (Report.Kind.BOUNCE, Report.Kind.COMPLAINT) else "quiet"
    return Feedback(report.received_at, what, detail, tone, report.pk)


def _of_state(row: Delivery, told: Collection[str]) -> Iterator[Feedback]:
    """What the row's state says; nothing that a report has `told` already."""
    if row.state == State.DELIVERED and Report.Kind.DELIVERED not in told:
        yield Feedback(row.settled_at, _("Reported as delivered"), row.reason, "good")
    if row.state == State.BOUNCED and Report.Kind.BOUNCE not in told:
        yield Feedback(row.settled_at, _("Came back"), row.reason, "bad")
    if row.state == State.COMPLAINED and Report.Kind.COMPLAINT not in told:
        yield Feedback(row.settled_at, _("Marked as unwanted by its reader"), row.reason, "bad")
    if row.withdrawn_at:
        yield Feedback(row.withdrawn_at, _("Deleted from the network again"), tone="warn")


def _of_reader(row: Delivery) -> Iterator[Feedback]:
    """What its reader did after it had left."""
    reader = row.copy_of.subscriber if row.copy_of else row.subscriber
    if reader is None or row.edition is None or row.sent_at is None:
        return
    left = Consent.objects.filter(
        subscriber=reader,
        digest_id=row.edition.digest_id,
        action=Consent.Action.WITHDRAWN,
        at__gte=row.sent_at,
    )
    for consent in left.order_by("at")[:1]:
        yield Feedback(consent.at, _("The reader unsubscribed after it"), consent.how, "warn")
    for entry in Suppression.objects.filter(email_key=reader.email_key, at__gte=row.sent_at):
        text = _("The address was put on the suppression list: %(reason)s") % {
            "reason": entry.get_reason_display()
        }
        yield Feedback(entry.at, text, entry.evidence, "bad")
