"""Feedback loops: ARF (RFC 5965), and the form of Microsoft's programme that is none. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from publisher.feedback.models import Report
from publisher.feedback.reading.dsn import address_of, moment_of
from publisher.feedback.reading.mail import Mail, value_of
from publisher.feedback.reading.said import LONGEST_SAID, Reading

COMPLAINTS = frozenset({"abuse", "fraud", "miscategorized"})
"""Types that say that a reader does not want such mail. `virus`, `auth-failure`, `dkim` and `other` are about the mail."""
LEAVES = frozenset({"opt-out", "opt-out-list"})

_MICROSOFT = re.compile(r"\Acomplaint about message from [\d.:a-f]+\Z", re.IGNORECASE)


def read_complaint(mail: Mail) -> Reading | None:
    """What a feedback report says; None when it is none."""
    kind = value_of(mail.feedback, "feedback-type").strip().lower()
    basis = Reading(
        kind=Report.Kind.OTHER,
        said=" ".join(mail.text.split())[:LONGEST_SAID],
        at=moment_of(value_of(mail.feedback, "arrival-date") or value_of(mail.feedback, "received-date")),
        recipient=address_of(value_of(mail.feedback, "original-rcpt-to")),
        code=kind[:20],
        form="arf",
    )
    if kind in COMPLAINTS:
        return replace(basis, kind=Report.Kind.COMPLAINT)
    if kind in LEAVES:
        return replace(basis, kind=Report.Kind.LEAVE)
    if kind:
        return basis
    if mail.get("x-hmxmroriginalrecipient") or _MICROSOFT.match(mail.subject):
        recipient = address_of(mail.get("x-hmxmroriginalrecipient"))
        return replace(basis, kind=Report.Kind.COMPLAINT, code="abuse", recipient=recipient, form="microsoft")
    if mail.report_type == "feedback-report":
        return basis
    return None
