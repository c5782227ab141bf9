"""Digests of every rhythm in the desk: dates where they have some, words where they have none."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from publisher.core import clock
from publisher.delivery.forecast.digests import of_digest
from publisher.delivery.forecast.weeks import weeks_from
from tests.builders import a_digest, an_item

pytestmark = pytest.mark.django_db


def test_the_forecast_counts_each_date_of_a_daily_digest_and_none_of_one_with_each_item(desk: Client) -> None:
    now = clock.now()
    weeks = weeks_from(now, ZoneInfo("UTC"))
    daily, each = a_digest(rhythm="daily"), a_digest(rhythm="each", title={"en": "Each"}, created_at=now)
    assert sum(map(len, of_digest(daily, weeks, now=now).weeks)) in (27, 28)
    an_item(at=now)
    ahead = of_digest(each, weeks, now=now + timedelta(minutes=1))
    assert (sum(map(len, ahead.weeks)), ahead.items) == (0, 1)
    assert "With each new item; so it has no dates." in desk.get("/desk/forecast").content.decode()


def test_today_tells_when_an_edition_with_each_item_begins(desk: Client) -> None:
    now = clock.now()
    a_digest(rhythm="each", title={"en": "Each new thing"}, created_at=now - timedelta(hours=1))
    assert "Each new thing" not in desk.get("/desk/").content.decode()
    an_item(at=now - timedelta(minutes=1))
    assert "Each new thing" in desk.get("/desk/").content.decode()


def test_the_calendar_shows_dates_of_a_monthly_digest_and_none_of_one_with_each_item(desk: Client) -> None:
    a_digest(rhythm="monthly", monthday=15, title={"en": "The month"})
    a_digest(rhythm="each", title={"en": "Each new thing"})
    text = desk.get("/desk/calendar?view=list").content.decode() + desk.get("/desk/calendar").content.decode()
    assert "The month" in text


@pytest.mark.parametrize(
    ("rhythm", "said"),
    [
        ("each", "With each new item"),
        ("daily", "Every day, 08:00"),
        ("weekly", "Every Monday, 08:00"),
        ("monthly", "Every month on day 28, 08:00"),
    ],
)
def test_the_list_of_digests_says_each_rhythm(desk: Client, rhythm: str, said: str) -> None:
    a_digest(rhythm=rhythm, monthday=28)
    assert said in desk.get("/desk/digests").content.decode()
