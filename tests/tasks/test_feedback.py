"""The tick that judges refusals of mail, and settles what was owed."""

from __future__ import annotations

import pytest

from publisher.audience.models import Suppression
from publisher.core import clock
from publisher.delivery.models import Attempt, Delivery
from publisher.feedback.models import Report
from publisher.feedback.taking import take
from publisher.hooks.models import Change, Wanted
from tasks import feedback
from tasks.beat import BEAT
from tests.feedback.mailing import CORPUS, Signs, a_sent_mail

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_the_tick_judges_refusals_and_settles_what_was_owed() -> None:
    now = clock.now()
    refused, quick = (
        a_sent_mail("refused@example.net", state="failed"),
        a_sent_mail("quick@example.net", state="sending"),
    )  # type: ignore[arg-type]  # as stored
    Attempt.objects.create(
        delivery=refused, fence=0, worker="w", started_at=now, duration_ms=1, outcome="failed", code=550,
        enhanced="5.1.1", text="User unknown",
    )  # fmt: skip
    raw = Signs.of_delivery(quick).into((CORPUS / "postfix-unknown-user.eml").read_bytes())
    take(raw, source="test", now=now)
    Delivery.objects.filter(pk=quick.pk).update(state="sent")
    feedback.judge()
    quick.refresh_from_db()
    assert quick.state == "bounced"
    assert Suppression.objects.count() == 2
    assert Report.objects.filter(source="sending").count() == 1
    assert BEAT["judge refusals of mail"]["task"] == "tasks.feedback.judge"


def test_webhooks_are_told_of_what_came_back() -> None:
    Wanted.objects.create(kind="delivery", state="bounced")
    Wanted.objects.create(kind="subscription", state="ended")
    mail = a_sent_mail()
    for name in ("postfix-unknown-user", "arf-yahoo"):
        raw = Signs.of_delivery(mail).into((CORPUS / f"{name}.eml").read_bytes())
        take(raw, source="test", now=clock.now())
    told = set(Change.objects.values_list("kind", "new_state"))
    assert told == {("delivery", "bounced"), ("subscription", "ended")}
