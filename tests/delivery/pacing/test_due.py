"""Which editions have mail due, with what decides whose turn it is."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.db import connection

from publisher.delivery.models import Delivery
from publisher.delivery.pacing.due import DUE, due_editions
from publisher.delivery.pacing.order import SMALL, order
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest, a_sending_edition

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_an_edition_with_mail_due_is_told_with_what_its_turn_depends_on() -> None:
    edition = a_sending_edition(a_digest(send_from=time(7), send_until=time(21)), mails=3)
    Edition.objects.filter(pk=edition.pk).update(priority=4, changed_at=NOON - HOUR)
    Delivery.objects.filter(pk=Delivery.objects.earliest("id").pk).update(state="sent")
    [found] = due_editions(only=None, now=NOON)
    assert (found.edition_id, found.priority, found.due_at, found.left) == (edition.pk, 4, NOON, 2)
    assert str(found.hours) == "07:00–21:00 Asia/Shanghai"
    assert (found.assembled_at, found.let_go_at) == (NOON, NOON - HOUR)


def test_what_is_not_sending_or_has_nothing_due_is_left_out() -> None:
    later, paused, done, sending = (a_sending_edition(mails=1) for _ in range(4))
    Delivery.objects.filter(edition=later).update(due_at=NOON + HOUR)
    Edition.objects.filter(pk=paused.pk).update(state="paused")
    Delivery.objects.filter(edition=done).update(state="sent")
    assert [each.edition_id for each in due_editions(only=None, now=NOON)] == [sending.pk]
    assert [each.edition_id for each in due_editions(only=later.pk, now=NOON)] == []
    assert [each.edition_id for each in due_editions(only=later.pk, now=NOON + HOUR)] == [later.pk]


def test_a_large_edition_is_not_counted_to_its_end_and_lets_an_alert_pass() -> None:
    digest = a_digest()
    large = a_sending_edition(digest, mails=SMALL + 40)
    alert = a_sending_edition(mails=1)
    Edition.objects.filter(pk=alert.pk).update(due_at=NOON + HOUR)
    found = order(due_editions(only=None, now=NOON), NOON)
    assert [(each.edition_id, each.left, each.urgent) for each in found] == [
        (alert.pk, 1, True),
        (large.pk, SMALL + 1, False),
    ]


# Many rows at once, as assembling writes them; nobody has counted them when the first claim is made.
QUEUED = """
INSERT INTO delivery_delivery (edition_id, purpose, address, state, due_at, created_at, fence, attempts, idempotency_key,
                               remote_id, remote_url, enhanced, reason)
SELECT %(edition)s, 'reader', 'reader' || n || '@example.net', 'queued', %(at)s, %(at)s, 0, 0, '', '', '', '', ''
FROM generate_series(1, 500) n
"""


def test_each_edition_is_looked_up_in_the_index_also_before_anybody_has_counted_the_rows() -> None:
    editions = [a_sending_edition(mails=0) for _ in range(30)]
    with connection.cursor() as cursor:
        for edition in editions:
            cursor.execute(QUEUED, {"edition": edition.pk, "at": NOON})
        cursor.execute("ANALYZE digests_edition, digests_digest")
        cursor.execute(
            f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {DUE}",
            {"only": None, "now": NOON, "more_than_small": SMALL + 1},
        )
        plan = [line for (line,) in cursor.fetchall()]
    reads = [line for line in plan if "delivery_delivery" in line]
    assert len(reads) == 2
    assert all("Index" in line and "delivery_mail_queue" in line for line in reads), plan
    assert "actual rows=1.00 loops=30" in reads[0], "one row of each edition"
