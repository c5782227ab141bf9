"""What came back, what mail providers told, and the suppression list."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.urls import reverse

from publisher.audience.models import Erased
from publisher.feedback.models import ProviderDoor
from publisher.feedback.webhooks import calls, doors, proofs
from tests.desk.builders import a_report, a_suppression, a_suppression_import, an_export
from tests.feedback.providing import TOPIC

KINDS = (
    ("automatic", "", "nothing"),
    ("bounce", "full", "counted"),
    ("bounce", "reputation", "marked"),
    ("leave", "", "left"),
    ("complaint", "", "suppressed"),
    ("delivered", "", "delivered"),
    ("bounce", "unclear", "unmatched"),
)


def returning(now: datetime, user: User) -> dict[str, str]:
    """A provider that tells, one whose calls are refused; entries of each reason, one with its report; imports and exports."""
    works, _secret = doors.make("postmark", secret="", user=user, now=now)
    ProviderDoor.objects.filter(pk=works.pk).update(
        event="bounce", event_at=now, called_at=now, taken=18_211, left_out=402
    )
    wrong, _none = doors.make("ses", secret=TOPIC, user=user, now=now)
    for reason in (proofs.FORGED, proofs.OLD):
        calls.refuse(wrong, reason, 1834, now=now)
    for number, (kind, cause, outcome) in enumerate(KINDS, 1):
        a_report(kind=kind, cause=cause, outcome=outcome, received_at=now - timedelta(hours=number))
    report = a_report(received_at=now)
    reports = reverse("desk:reports")
    bounced = a_suppression(
        "former.colleague@ministry.example.org",
        reason="bounced",
        at=now,
        evidence=f"Report {report.pk}: 5.1.1",
    )
    complained = a_suppression("lin@example.org", reason="complained", at=now, evidence="Report 1: abuse")
    a_suppression("away@example.org", reason="soft", at=now, until=now + timedelta(days=90))
    a_suppression(
        "back@example.org", reason="soft", at=now - timedelta(days=99), until=now - timedelta(days=9)
    )
    Erased.objects.create(hash=b"w" * 32, at=now)
    a_suppression_import(at=now, by=user)
    an_export(
        asked_by=user, kind="suppressions", query="reason=bounced", rows=1204, size=90_220, created_at=now
    )
    return {
        "reports": reports,
        "reports-errors": reports + "?from=soon&address=x",
        "reports-none": reports + "?address=nobody@example.org",
        "report": reverse("desk:report", args=[report.pk]),
        "mail-providers": reverse("desk:mail-providers"),
        "mail-provider-new": reverse("desk:mail-provider-new"),
        "mail-provider-new-signed": reverse("desk:mail-provider-new") + "?provider=resend",
        "mail-provider-secret": reverse("desk:mail-provider-secret", args=[works.pk]),
        "suppressions": reverse("desk:suppressions"),
        "suppressions-filtered-none": reverse("desk:suppressions") + "?reason=refused",
        "suppression": reverse("desk:suppression", args=[bounced.pk]),
        "suppression-complained": reverse("desk:suppression", args=[complained.pk]),
        "suppression-add": reverse("desk:suppression-add"),
        "suppression-imports": reverse("desk:suppression-imports"),
        "suppression-exports": reverse("desk:suppression-exports"),
    }
