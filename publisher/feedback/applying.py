"""Carrying out what the rules decided: the delivery's state, the suppression list, subscriptions with their proof.

All in the caller's transaction. Doing it again changes nothing: states move as `delivery/states.py` allows only, an address
stands once on the list, a subscription ends once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext_noop

from publisher.audience import subscriptions
from publisher.audience.models import Subscriber, Subscription, Suppression
from publisher.audience.suppressing.strength import STRENGTH
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.states import LEFT_US, State, may_become
from publisher.feedback.matching import Match
from publisher.feedback.models import Report
from publisher.feedback.reading import Reading
from publisher.feedback.rules import Decision, History, Leaving, Policy

R = Suppression.Reason

PROVED = gettext_noop("It was unclear whether it had left. What came back about it proves that it did.")
HOW_COMPLAINED = "complaint, report {report}"
HOW_ASKED = "mail that asks to leave, report {report}"
WORKER = "feedback"
LOCK = 7_302_131
"""Of reports about one address: the second counts the first."""


def lock_address(address_key: str) -> None:
    """Until the end of the transaction nobody else decides about this address."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, address_key])


def history_of(address_key: str, policy: Policy, *, now: datetime) -> History:
    """How often an address failed lately, since it last was delivered to, or suppressed."""
    lately = Report.objects.filter(
        address_key=address_key, received_at__gt=now - timedelta(days=policy.soft_days), received_at__lte=now
    )
    ends = (Report.Outcome.SUPPRESSED, Report.Outcome.DELIVERED)
    end = (
        lately.filter(outcome__in=ends).order_by("-received_at").values_list("received_at", flat=True).first()
    )
    counted = lately.filter(outcome=Report.Outcome.COUNTED)
    rows = (counted.filter(received_at__gt=end) if end else counted).values_list("received_at", "cause")
    found = list(rows)
    return History(
        soft=frozenset(at.date() for at, _cause in found),
        no_domain=frozenset(at.date() for at, cause in found if cause == Report.Cause.UNKNOWN_DOMAIN),
    )


def apply(decision: Decision, match: Match, report: Report, *, now: datetime) -> None:
    """Carry it out. `report` is stored already: it is named as the proof. Its `owed` may be set."""
    if decision.state is not None and match.delivery is not None:
        _advance(match.delivery.pk, decision.state, report, now)
    if decision.suppress is not None:
        _suppress(match.address_key, decision, report, now)
    if decision.leaving is not Leaving.NONE and match.subscriber is not None:
        _end(match, decision.leaving, report, now)


def confirm(match: Match, reading: Reading, policy: Policy, *, now: datetime) -> bool:
    """Mark a mail as delivered; False: that needs a report. It does while its sender has not settled it, and where failures were
    counted against its address, which count no more from then on."""
    if match.delivery is None or history_of(match.address_key, policy, now=now).soft:
        return False
    row = Delivery.objects.select_for_update(of=("self",)).filter(pk=match.delivery.pk).first()
    if row is None or row.state not in (State.SENT, State.DELIVERED):
        return False
    if row.state == State.SENT:
        _mark(row, State.DELIVERED, reading.said, reading.code, now)
    return True


def settle_owed(report: Report, *, now: datetime) -> bool:
    """Bring a delivery to its state that was still with its sender when its report came; False: it still is."""
    row = Delivery.objects.select_for_update(of=("self",)).filter(pk=report.delivery_id or 0).first()
    if row is not None and row.state == State.SENDING:
        return False
    if row is not None:
        _move(row, State(report.owed), report, now)
    report.owed = ""
    report.save(update_fields=["owed"])
    return True


def _advance(delivery_id: int, state: State, report: Report, now: datetime) -> None:
    row = Delivery.objects.select_for_update(of=("self",)).filter(pk=delivery_id).first()
    if row is None:
        return
    if row.state == State.SENDING:
        report.owed = state
        return
    _move(row, state, report, now)


def _move(row: Delivery, state: State, report: Report, now: datetime) -> None:
    """To a state that may follow. What is unclear, or waits for another try after it was, has been accepted: now it is proved."""
    doubted = row.state == State.UNKNOWN or (row.state == State.QUEUED and row.attempts > 0)
    if doubted:
        row.state, row.held, row.lease_until = State.SENT, False, None
        row.sent_at = row.sent_at or _within(report.reported_at, row.created_at, now)
        row.settled_at, row.reason = now, PROVED
        row.save(update_fields=["state", "held", "lease_until", "sent_at", "settled_at", "reason"])
        Attempt.objects.create(
            delivery=row,
            fence=row.fence,
            worker=WORKER,
            started_at=now,
            duration_ms=0,
            outcome=State.SENT,
            text=PROVED,
        )
    if state == State.SENT or row.state not in LEFT_US or not may_become(State(row.state), state):
        return
    _mark(row, state, report.said, report.code, now)


def _mark(row: Delivery, state: State, said: str, code: str, now: datetime) -> None:
    row.state, row.settled_at, row.reason = state, now, said
    smtp, enhanced = _codes(code)
    row.code, row.enhanced = (smtp, enhanced) if smtp or enhanced else (row.code, row.enhanced)
    row.save(update_fields=["state", "settled_at", "reason", "code", "enhanced"])


def _codes(code: str) -> tuple[int | None, str]:
    if code.isascii() and code.isdigit():
        return int(code) if 200 <= int(code) < 600 else None, ""
    return None, code[:12] if code[:1] in "245" and code[1:2] == "." else ""


def _within(moment: datetime | None, earliest: datetime, latest: datetime) -> datetime:
    return moment if moment is not None and earliest <= moment <= latest else latest


def _suppress(key: str, decision: Decision, report: Report, now: datetime) -> None:
    assert decision.suppress is not None  # noqa: S101 - asked by the caller
    said = " ".join(part for part in (report.code, report.said) if part)
    evidence = f"Report {report.pk}: {said}"[:2000]
    row, made = Suppression.objects.select_for_update().get_or_create(
        email_key=key,
        defaults={"reason": decision.suppress, "evidence": evidence, "at": now, "until": decision.until},
    )
    if made:
        return
    over = row.until is not None and row.until <= now
    stronger = STRENGTH[decision.suppress] > STRENGTH.get(R(row.reason), 0)
    if over or stronger:
        row.reason, row.evidence, row.at, row.until = decision.suppress, evidence, now, decision.until
        row.save()


def _end(match: Match, leaving: Leaving, report: Report, now: datetime) -> None:
    """End one subscription, or all; who has none left has left."""
    assert match.subscriber is not None  # noqa: S101 - asked by the caller
    complained = report.kind == Report.Kind.COMPLAINT
    how = (HOW_COMPLAINED if complained else HOW_ASKED).format(report=report.pk)
    reader = Subscriber.objects.select_for_update().filter(pk=match.subscriber.pk).first()
    if reader is None:
        return
    # Also when nothing is open: what a bulk action ended must not come back, nor what they had moved to from that digest go on.
    if leaving is Leaving.ONE and match.digest_id is not None:
        subscriptions.leave(reader.pk, match.digest_id, how=how, now=now)
    else:
        subscriptions.leave_all(reader.pk, how=how, now=now)
    left = not reader.subscriptions.exclude(state=Subscription.State.ENDED).exists()
    if left and reader.state == Subscriber.State.ACTIVE:
        reader.state = Subscriber.State.LEFT
        reader.save(update_fields=["state"])
