"""Which editions are due: once each, however often it is asked, and never a flood after an outage."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.digests.covered import next_window
from publisher.digests.due import create_due, create_now, due_edition
from publisher.digests.models import Digest, Edition
from publisher.schedule.windows import DigestTiming
from tests.builders import a_digest

MONDAY = DigestTiming(zone=ZoneInfo("Asia/Shanghai"), weekday=0, at=time(8, 0))
DUE = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
LONG_AGO = DUE - 10 * WEEK


def test_the_first_edition_looks_back_the_days_the_digest_says() -> None:
    edition = due_edition(MONDAY, now=DUE, since=LONG_AGO, last=None, window_days=7)
    assert edition is not None
    assert (edition.due_at, edition.window_from, edition.window_to, edition.late) == (
        DUE,
        DUE - WEEK,
        DUE,
        False,
    )


def test_a_new_digest_does_not_send_for_a_time_before_it_began() -> None:
    assert (
        due_edition(MONDAY, now=DUE + WEEK / 2, since=DUE + timedelta(hours=1), last=None, window_days=7)
        is None
    )


def test_after_an_outage_of_three_weeks_one_edition_holds_them_all_and_waits_for_a_person() -> None:
    last = (DUE - 3 * WEEK, DUE - 3 * WEEK)
    edition = due_edition(MONDAY, now=DUE + timedelta(hours=13), since=LONG_AGO, last=last, window_days=7)
    assert edition is not None
    assert (edition.window_from, edition.window_to, edition.late) == (DUE - 3 * WEEK, DUE, True)


def test_what_was_made_is_not_made_again() -> None:
    assert due_edition(MONDAY, now=DUE, since=LONG_AGO, last=(DUE, DUE), window_days=7) is None


@pytest.mark.django_db
def test_asking_twice_makes_one_edition() -> None:
    digest = a_digest()
    assert len(create_due(now=DUE)) == 1
    assert create_due(now=DUE + timedelta(minutes=5)) == []
    assert digest.editions.count() == 1


@pytest.mark.django_db
def test_a_digest_that_is_switched_off_makes_none() -> None:
    a_digest(enabled=False)
    assert create_due(now=DUE) == []


@pytest.mark.django_db
def test_an_edition_of_a_digest_that_needs_approval_waits_after_assembly() -> None:
    a_digest(needs_approval=True)
    create_due(now=DUE)
    assert Edition.objects.get().after_assembly == "waiting"


BEGINS = datetime(2026, 5, 31, 17, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_by_local_time_an_edition_is_made_before_the_first_reader_s_time_and_once() -> None:
    a_digest(local_time=True, priority=5, created_at=BEGINS - timedelta(days=1))
    assert create_due(now=BEGINS - timedelta(seconds=1)) == []
    (edition_id,) = create_due(now=BEGINS)
    assert create_due(now=DUE) == []
    edition = Edition.objects.get(pk=edition_id)
    assert (edition.due_at, edition.window_to, edition.priority) == (DUE, BEGINS, 5)
    assert (edition.local_day, edition.local_at) == (date(2026, 6, 1), time(8, 0))


@pytest.mark.django_db
def test_windows_by_local_time_meet() -> None:
    digest = a_digest(local_time=True)
    create_due(now=BEGINS)
    create_due(now=BEGINS + WEEK)
    first, second = digest.editions.order_by("due_at")
    assert (first.window_to, second.window_from, second.window_to) == (BEGINS, BEGINS, BEGINS + WEEK)


@pytest.mark.django_db
def test_switched_to_local_time_on_the_day_before_it_is_still_one_edition_a_week() -> None:
    digest = a_digest()
    create_due(now=DUE)
    Digest.objects.update(local_time=True)
    assert create_due(now=DUE + timedelta(days=1)) == []
    create_due(now=BEGINS + WEEK)
    Digest.objects.update(local_time=False)
    assert create_due(now=DUE + WEEK) == []
    assert [edition.due_at for edition in digest.editions.order_by("due_at")] == [DUE, DUE + WEEK]


@pytest.mark.django_db
def test_a_new_digest_by_local_time_waits_for_a_week_whose_first_reader_it_can_reach() -> None:
    a_digest(local_time=True, created_at=BEGINS + timedelta(hours=1))
    assert create_due(now=DUE) == []


@pytest.mark.django_db
def test_alerts_have_no_rhythm() -> None:
    a_digest(layout="alert")
    assert create_due(now=DUE) == []


@pytest.mark.django_db
def test_an_edition_of_chosen_items_goes_before_all_and_shifts_no_window() -> None:
    digest = a_digest(priority=7)
    create_due(now=DUE)
    later = DUE + timedelta(days=2)
    alert = create_now(digest, window_from=later, item_ids=[3, 1], now=later)
    assert (alert.priority, alert.item_ids, next_window(digest, later)) == (1000, [3, 1], DUE)
    # Right before the next issue is due: it is made all the same.
    create_now(digest, window_from=later, item_ids=[4], now=DUE + WEEK + timedelta(seconds=1))
    (following,) = create_due(now=DUE + WEEK + timedelta(seconds=2))
    assert Edition.objects.get(pk=following).window_from == DUE


@pytest.mark.django_db
def test_what_lies_before_an_edition_made_by_hand_comes_in_the_next() -> None:
    digest = a_digest()
    create_due(now=DUE)
    wednesday, friday = DUE + timedelta(days=2), DUE + timedelta(days=4)
    create_now(digest, window_from=wednesday, window_to=friday, now=friday)
    (following,) = create_due(now=DUE + WEEK)
    edition = Edition.objects.get(pk=following)
    assert (edition.window_from, edition.window_to) == (DUE, DUE + WEEK)
