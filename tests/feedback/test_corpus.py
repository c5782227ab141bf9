"""Messages written after the forms of many mail servers, each with what it is. All must be read right."""

from __future__ import annotations

from collections import Counter

import pytest

from publisher.audience.models import Subscription, Suppression
from publisher.delivery.models import Delivery
from publisher.feedback.models import Report
from publisher.feedback.reading import read
from publisher.feedback.taking import take
from tests.feedback.mailing import CORPUS, NOW, Expected, Signs, a_sent_mail, table

TABLE = table()
SIGNS = Signs.of(4711, 815, 7, 42, "ilse@example.net")


def test_every_message_is_in_the_table_and_there_are_many() -> None:
    assert sorted(path.stem for path in CORPUS.glob("*.eml")) == sorted(row.file for row in TABLE)
    assert len(TABLE) >= 60


def test_all_messages_are_read_right(capsys: pytest.CaptureFixture[str]) -> None:
    """The accuracy is printed; nothing less than all will do."""
    wrong, kinds = [], Counter[str]()
    for row in TABLE:
        found = read(SIGNS.into(row.raw()))
        said = (found.kind.value, found.cause.value, found.permanent)
        kinds[row.kind] += 1
        if said != (row.kind, row.cause, row.permanent):
            wrong.append(f"{row.file}: {said}, not {(row.kind, row.cause, row.permanent)}")
    right = len(TABLE) - len(wrong)
    with capsys.disabled():
        print(f"\ncorpus: {right} of {len(TABLE)} read right ({right / len(TABLE):.1%}); {dict(kinds)}")  # noqa: T201
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.file)
def test_a_message_with_our_signs_has_its_outcome(row: Expected) -> None:
    mail = a_sent_mail()
    report = take(Signs.of_delivery(mail).into(row.raw()), source="test", now=NOW)
    assert (report.kind, report.outcome) == (row.kind, row.outcome), report.why
    if row.outcome in ("suppressed", "counted", "left", "delivered", "marked"):
        assert report.subscriber_id == mail.subscriber_id


@pytest.mark.django_db
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.file)
def test_the_same_message_with_forged_signs_changes_nothing(row: Expected) -> None:
    mail = a_sent_mail()
    report = take(Signs.forged(mail).into(row.raw()), source="test", now=NOW)
    assert report.outcome in (Report.Outcome.UNMATCHED, Report.Outcome.NOTHING)
    assert not Suppression.objects.exists()
    assert Subscription.objects.get().state == "active"
    assert Delivery.objects.get().state == "sent"
