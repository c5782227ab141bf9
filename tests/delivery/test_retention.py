"""Old deliveries are forgotten a batch at a time; totals, web versions and everything that still counts stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.audience import tokens
from publisher.audience.tokens import Purpose
from publisher.delivery import retention, tally
from publisher.delivery.closing import finish_editions
from publisher.delivery.models import Attempt, Delivery
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest
from tests.delivery.test_mail import an_assembled_edition, sent_by
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

A_YEAR_LATER = NOON + timedelta(days=401)


def a_sent_edition(*, readers: int = 5) -> Edition:
    edition = an_assembled_edition(a_digest(), readers=readers)
    with SmtpSink() as sink:
        sent_by(sink, edition)
    finish_editions(now=NOON)
    edition.refresh_from_db()
    assert edition.state == "sent"
    return edition


def test_deliveries_and_attempts_of_an_old_edition_go_and_its_totals_stay(settings: Any) -> None:
    edition = a_sent_edition()
    before = tally.by_state(edition_id=edition.pk)
    assert retention.prune(now=A_YEAR_LATER, seconds=60) == 5
    assert (Delivery.objects.count(), Attempt.objects.count()) == (0, 0)
    assert tally.by_state(edition_id=edition.pk) == before == {"sent": 5}
    assert set(edition.variants.values_list("message", flat=True)) == {None}


def test_what_is_younger_or_not_at_its_end_stays() -> None:
    a_sent_edition()
    open_one = an_assembled_edition(a_digest(), readers=2)
    assert retention.prune(now=NOON + timedelta(days=399), seconds=60) == 0
    retention.prune(now=A_YEAR_LATER, seconds=60)
    assert set(Delivery.objects.values_list("edition_id", flat=True)) == {open_one.pk}


def test_it_stops_in_time_and_goes_on_at_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = a_sent_edition()
    monkeypatch.setattr(retention, "BATCH", 2)
    assert retention.prune(now=A_YEAR_LATER, seconds=0) == 2
    assert Delivery.objects.count() == 3
    assert Attempt.objects.count() == 3
    retention.prune(now=A_YEAR_LATER, seconds=60)
    edition.refresh_from_db()
    assert edition.forgotten_at == A_YEAR_LATER
    assert retention.prune(now=A_YEAR_LATER, seconds=60) == 0


def test_the_web_version_of_a_forgotten_edition_still_opens(client: Any) -> None:
    edition = a_sent_edition()
    reader = Delivery.objects.filter(edition=edition).values_list("subscriber_id", flat=True)[0]
    retention.prune(now=A_YEAR_LATER, seconds=60)
    token = tokens.write(Purpose.WEB_VERSION, reader or 0, edition.pk)
    answer = client.get(f"/e/{token}")
    assert answer.status_code == 200
    assert "Rain at last" in answer.content.decode()
