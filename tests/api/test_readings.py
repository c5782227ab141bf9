"""What there is to read of the whole service by the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.core import clock
from publisher.delivery.models import DayCount
from tests.api.steps import Caller, caller, data, problem
from tests.builders import a_channel, a_digest, a_subscriber
from tests.desk.builders import a_post, an_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]


@pytest.fixture
def program(db: None) -> Caller:
    return caller("see_desk")


def test_the_calendar_holds_posts_editions_and_dates_to_come(program: Caller) -> None:
    now = clock.now()
    post = a_post(state="scheduled", slot_at=now + timedelta(days=2))
    a_post(state="scheduled", slot_at=now + timedelta(days=40))
    digest = a_digest(slug="weekly")
    edition = an_edition(digest, due_at=now + timedelta(days=1))
    found = data(program.get("/calendar"))["data"]
    assert [(each["kind"], each["id"]) for each in found if each["kind"] != "date"] == [
        ("edition", edition.pk),
        ("post", post.pk),
    ]
    assert {each["state"] for each in found if each["kind"] == "date"} == {"planned"}
    of_channel = data(program.get("/calendar", {"channel": post.channel_id, "group": "coming"}))["data"]
    assert [each["version"] for each in of_channel] == [post.version]
    late = {"since": (now + timedelta(days=39)).isoformat(), "until": (now + timedelta(days=41)).isoformat()}
    assert len([each for each in data(program.get("/calendar", late))["data"] if each["kind"] == "post"]) == 1


@pytest.mark.parametrize(
    "wanted",
    [
        {"since": "2026-06-02T00:00:00Z", "until": "2026-06-01T00:00:00Z"},
        {"since": "2026-06-02T00:00:00Z", "until": "2027-06-01T00:00:00Z"},
    ],
)
def test_a_stretch_that_is_none_or_too_long_is_refused(program: Caller, wanted: dict[str, str]) -> None:
    problem(program.get("/calendar", wanted), 422, "refused")


def test_the_forecast_counts_weeks_as_the_zones_clocks_do(program: Caller) -> None:
    channel = a_channel()
    a_post(channel=channel, state="scheduled", slot_at=clock.now() + timedelta(hours=1))
    a_subscriber(a_digest(slug="weekly"), "reader@example.net")
    told = data(program.get("/forecast", {"zone": "Asia/Shanghai"}))
    assert [each["start"][11:16] for each in told["weeks"]] == ["16:00"] * 4
    (ahead,) = told["channels"]
    assert (ahead["channel_id"], ahead["weeks"][0]["scheduled"]) == (channel.pk, 1)
    (digest,) = told["digests"]
    assert (digest["digest"], digest["readers"], digest["readers_exact"]) == ("weekly", 1, True)
    for wrong in ("Asia/Nowhere", "America", "../etc", ""):
        problem(program.get("/forecast", {"zone": wrong}), 422, "refused")


def test_the_dashboard_tells_what_left_and_who_came(program: Caller) -> None:
    digest = a_digest(slug="weekly")
    a_subscriber(digest, "reader@example.net")
    today: Any = clock.now().date()
    for state, n in (("sent", 90), ("bounced", 10)):
        DayCount.objects.create(day=today, digest_id=digest.pk, domain="example.net", state=state, n=n)
    told = data(program.get("/dashboard", {"days": "7"}))
    assert (told["mails"]["left"], told["mails"]["bounced"], told["mails"]["bounce_rate"]) == (100, 10, 0.1)
    assert told["mails_before"]["left"] == 0
    assert [(each["key"], each["figures"]["left"]) for each in told["digests"]] == [(str(digest.pk), 100)]
    assert [(each["digest_id"], each["now"]) for each in told["readers"]] == [(digest.pk, 1)]
    assert len(told["days"]) == 7
    assert told["days"][-1]["mails"]["left"] == 100
    problem(program.get("/dashboard", {"days": "8"}), 422, "invalid")


def test_the_system_says_what_is_wrong_and_what_to_do(program: Caller) -> None:
    problem(program.get("/system"), 403, "not_allowed")
    told = data(caller("see_system").get("/system"))
    parts = [part for group in told["groups"] for part in group["parts"]]
    assert told["health"] == "bad"  # no worker and no beat run in this test
    assert all(part["todo"] for part in parts if part["health"] == "bad")
    assert told["versions"]["PostgreSQL"]


def test_an_edition_that_counts_nothing_says_so(program: Caller) -> None:
    assert data(program.get(f"/editions/{an_edition().pk}/counts"))["counted"] is False
