"""The suppression list while an edition is written and sent: asked at assembling, and again at sending."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from publisher.audience.models import Suppression
from publisher.audience.suppressing.importing import import_list
from publisher.delivery.models import Delivery
from tests.builders import NOON
from tests.delivery.test_mail import an_assembled_edition, sent_by
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db


def test_at_assembling_only_what_stands_then_is_left_out() -> None:
    given = {"reason": "soft", "at": NOON - timedelta(days=90)}
    Suppression.objects.create(email_key="reader0@example.net", until=NOON, **given)
    Suppression.objects.create(email_key="reader1@example.net", until=NOON + timedelta(seconds=1), **given)
    Suppression.objects.create(email_key="reader2@example.net", reason="refused", at=NOON)
    edition = an_assembled_edition(readers=4)
    states = dict(Delivery.objects.filter(edition=edition).values_list("address", "state"))
    assert states == {
        "reader0@example.net": "queued",
        "reader1@example.net": "suppressed",
        "reader2@example.net": "suppressed",
        "reader3@example.net": "queued",
    }


def test_who_is_on_a_list_that_is_brought_in_after_assembling_gets_nothing(inbox: object) -> None:
    edition = an_assembled_edition(readers=3)
    import_list(io.BytesIO(b"email,reason\nREADER1@example.net,spam\n"), "old.csv", user="mira", now=NOON)
    with SmtpSink() as sink:
        counts = sent_by(sink, edition)
    assert counts == {"sent": 2}
    row = Delivery.objects.get(edition=edition, address="reader1@example.net")
    assert row.state == "suppressed"
    assert "complained" in row.reason
