"""A day's deliveries are counted by digest, channel, domain and state; late bounces still find their day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.models import DayCount, DaySpeed, Delivery
from publisher.delivery.statistics import counting, reading
from publisher.delivery.statistics.limits import COMPLAINTS, LEAST_SENT, Standing
from publisher.delivery.statistics.reading import Span
from tests.builders import NOON, a_channel, a_digest, an_item
from tests.desk.builders import a_mail, a_post, a_post_delivery, an_edition

DAY = NOON.date()


@pytest.fixture
def mails(db: None) -> list[Delivery]:
    """Of one edition: three to one domain, of which one is refused, and one to another."""
    edition = an_edition(a_digest(), items=[an_item(first_received_at=NOON - timedelta(hours=3))])
    sent: dict[str, Any] = {
        "state": "sent",
        "sent_at": NOON,
        "settled_at": NOON,
        "due_at": NOON - timedelta(seconds=4),
    }
    return [
        a_mail(edition, "a@Example.org", **sent),
        a_mail(edition, "b@example.org", **sent),
        a_mail(edition, "c@example.org", state="failed", settled_at=NOON),
        a_mail(edition, "d@other.example", **sent),
    ]


def counts() -> set[tuple[str, str, int]]:
    return set(DayCount.objects.filter(day=DAY).values_list("domain", "state", "n"))


def test_mails_are_counted_by_domain_and_state(mails: list[Delivery]) -> None:
    counting.count_day(DAY)
    assert counts() == {
        ("example.org", "sent", 2),
        ("example.org", "failed", 1),
        ("other.example", "sent", 1),
    }


def test_counting_twice_counts_once_and_finds_what_changed_meanwhile(mails: list[Delivery]) -> None:
    counting.count_day(DAY)
    Delivery.objects.filter(pk=mails[0].pk).update(state="bounced", settled_at=NOON + timedelta(days=3))
    counting.count_day(DAY)
    assert ("example.org", "bounced", 1) in counts()
    assert sum(n for _, _, n in counts()) == 4


def test_copies_and_tests_are_no_statistics(mails: list[Delivery]) -> None:
    Delivery.objects.filter(pk=mails[3].pk).update(purpose="test", subscriber=None)
    counting.count_day(DAY)
    assert "other.example" not in {domain for domain, _, _ in counts()}


def test_small_domains_are_counted_together(mails: list[Delivery], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "NAMED_DOMAINS", 1)
    counting.count_day(DAY)
    assert ("*", "sent", 1) in counts()
    assert ("example.org", "sent", 2) in counts()


def test_days_begin_at_midnight_of_utc(mails: list[Delivery]) -> None:
    midnight = datetime(2026, 6, 2, tzinfo=UTC)
    Delivery.objects.filter(pk=mails[0].pk).update(sent_at=midnight)
    Delivery.objects.filter(pk=mails[1].pk).update(sent_at=midnight - timedelta(microseconds=1))
    counting.count_day(date(2026, 6, 1))
    counting.count_day(date(2026, 6, 2))
    assert DayCount.objects.get(day=date(2026, 6, 2)).n == 1


def test_how_long_readers_wait_is_from_item_to_inbox(mails: list[Delivery]) -> None:
    counting.count_day(DAY)
    speed = DaySpeed.objects.get()
    assert (speed.n, speed.waited_p50, speed.late_p50) == (3, 3 * 3600, 4)


def test_posts_are_counted_by_channel(db: None) -> None:
    post = a_post(an_item(first_received_at=NOON - timedelta(minutes=10)), a_channel())
    a_post_delivery(post, state="sent", sent_at=NOON, settled_at=NOON, due_at=NOON - timedelta(seconds=1))
    counting.count_day(DAY)
    (row,) = reading.by_channel(Span(DAY, DAY))
    assert (row.key, row.figures.left, row.speed.waited_p50, row.speed.late_p50) == (
        post.channel_id,
        1,
        600,
        1,
    )
    assert reading.posts(Span(DAY, DAY)).left == 1
    assert reading.mails(Span(DAY, DAY)).left == 0


def test_the_dashboard_reads_what_was_counted(mails: list[Delivery]) -> None:
    counting.count_day(DAY)
    span = Span(DAY - timedelta(days=2), DAY)
    figures = reading.mails(span)
    assert (figures.left, figures.failed, figures.tried) == (3, 1, 4)
    assert figures.bounce_rate == 0.25
    assert [each.day for each in reading.by_day(span)] == [
        DAY - timedelta(days=2),
        DAY - timedelta(days=1),
        DAY,
    ]
    assert [each.mail.left for each in reading.by_day(span)] == [0, 0, 3]
    assert [row.key for row in reading.by_domain(span)] == ["example.org", "other.example"]
    (digest,) = reading.by_digest(span)
    assert digest.figures.left == 3


def test_a_days_rows_are_found_by_the_index_of_blocks(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT 1 FROM delivery_delivery WHERE coalesce(sent_at, settled_at) >= now() "
            "AND coalesce(sent_at, settled_at) < now()"
        )
        assert "delivery_when" in " ".join(row[0] for row in cursor.fetchall())


@given(st.integers(1_767_225_600, 1_900_000_000))
def test_within_hours_every_recent_day_is_counted_again(second: int) -> None:
    now = datetime.fromtimestamp(second, UTC)
    moments = [now + counting.TURN * turn for turn in range(counting.LOOKED_BACK_DAYS)]
    looked = {day for moment in moments for day in counting.days_of_turn(moment)}
    last = moments[-1].date()
    assert {last - timedelta(days=back) for back in range(counting.LOOKED_BACK_DAYS)} <= looked
    assert all(moment.date() in counting.days_of_turn(moment) for moment in moments)


@given(st.integers(0, 10_000), st.integers(0, 1_000_000))
def test_a_rate_stands_to_its_limit_by_its_share(part: int, sent: int) -> None:
    part = min(part, sent)
    standing = COMPLAINTS.standing(part, sent)
    if sent < LEAST_SENT:
        assert standing is Standing.FEW
    elif part * 1000 >= sent * 3:
        assert standing is Standing.OVER
    else:
        assert standing in (Standing.GOOD, Standing.NEAR)


@pytest.mark.parametrize("kept", [1, 2, 14, 400])
def test_a_day_of_which_deliveries_may_be_deleted_keeps_its_counts(kept: int) -> None:
    moments = [NOON.replace(hour=0, minute=2) + counting.TURN * turn for turn in range(40)]
    looked = [(moment, day) for moment in moments for day in counting.days_of_turn(moment, kept_days=kept)]
    oldest = max((moment.date() - day).days for moment, day in looked)
    assert oldest == min(kept - 1, counting.LOOKED_BACK_DAYS)


@pytest.mark.django_db
def test_what_is_unclear_is_counted_though_it_has_no_day_yet() -> None:
    a_mail(an_edition(), state="unknown")
    a_post_delivery(a_post(), state="unknown")
    a_mail(an_edition(), state="failed")
    assert reading.unclear_now() == 2
