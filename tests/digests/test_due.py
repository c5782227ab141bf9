"""Which editions are due: once each, however often it is asked, and never a flood after an outage."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.digests.due import create_due, due_edition
from publisher.digests.models import Edition
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
