"""The calendar: what stands in which day, what a filter leaves out, and moving a post."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.delivery import agenda as agenda_room
from publisher.delivery.agenda import Kind, agenda
from publisher.items.models import Item
from publisher.people.permissions import AUTHOR
from publisher.social.models import Post
from tests.builders import NOON, a_channel, a_digest, a_schedule, an_item
from tests.desk.builders import a_post, an_edition
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
QUIET = [{"start": "22:00", "end": "07:00"}]


def page(client: Client, query: str = "", *, zone: str = "UTC", status: int = 200) -> str:
    client.cookies["desk_zone"] = zone
    response = client.get(f"/desk/calendar{query}")
    assert response.status_code == status
    return response.content.decode()


def cell_of(text: str, day: str) -> str:
    """What stands in a day of the page."""
    return text.split(f'data-day="{day}"', 1)[1].split("</td>", 1)[0]


def a_planned_post(at: datetime, title: str = "Water runs again", **given: Any) -> Post:
    return a_post(an_item(title=title), slot_at=at, **{"state": "scheduled", **given})


def test_a_post_stands_in_its_day_by_the_viewers_clock(desk: Client) -> None:
    a_planned_post(datetime(2026, 6, 3, 23, 30, tzinfo=UTC))
    assert "Water runs again" in cell_of(page(desk, "?date=2026-06-01"), "2026-06-03")
    in_shanghai = page(desk, "?date=2026-06-01", zone="Asia/Shanghai")
    assert "Water runs again" not in cell_of(in_shanghai, "2026-06-03")
    assert "07:30" in cell_of(in_shanghai, "2026-06-04")


def test_the_time_in_the_channels_zone_is_told_beside_it(desk: Client) -> None:
    a_planned_post(NOON, channel=a_channel(schedule=a_schedule(zone="Asia/Shanghai")))
    assert "1 June 2026, 20:00 (Asia/Shanghai)" in page(desk, "?date=2026-06-01")


@pytest.mark.parametrize("view", ["month", "week", "list"])
def test_each_view_shows_posts_editions_and_dates_to_come(desk: Client, view: str) -> None:
    soon = clock.now() + timedelta(minutes=5)
    today = soon.date()
    a_planned_post(soon)
    digest = a_digest(title={"en": "The daily"}, zone="UTC", weekday=(today.weekday() + 1) % 7)
    an_edition(digest, due_at=soon, number=7)
    text = page(desk, f"?view={view}&date={today}")
    assert "Water runs again" in text
    assert "The daily #7" in text
    start = clock.now() - 2 * DAY
    kinds = [entry.kind for entry in agenda(start, start + 7 * DAY, now=clock.now()).entries]
    assert set(kinds) == {Kind.POST, Kind.EDITION, Kind.DATE}


def test_a_date_of_a_digest_gives_way_to_its_edition(desk: Client) -> None:
    digest = a_digest(zone="UTC")
    monday = datetime(2026, 6, 8, 8, tzinfo=UTC)
    before = agenda(NOON, NOON + 14 * DAY, now=NOON).entries
    assert [(entry.kind, entry.at) for entry in before] == [
        (Kind.DATE, monday),
        (Kind.DATE, monday + 7 * DAY),
    ]
    an_edition(digest, due_at=monday)
    after = agenda(NOON, NOON + 14 * DAY, now=monday + timedelta(minutes=1)).entries
    assert [entry.kind for entry in after] == [Kind.EDITION, Kind.DATE]
    assert after[0].key == before[0].key


@pytest.mark.parametrize("given", [{"enabled": False}, {"layout": "alert"}])
def test_a_digest_that_is_off_or_has_no_rhythm_plans_nothing(given: dict[str, Any]) -> None:
    a_digest(**given)
    assert agenda(NOON, NOON + 28 * DAY, now=NOON).entries == []


def test_a_filter_leaves_the_others_out(desk: Client) -> None:
    mine, other = a_channel(), a_channel()
    a_planned_post(NOON, "Mine", channel=mine)
    a_planned_post(NOON, "Other", channel=other)
    a_planned_post(NOON + DAY, "Failed", channel=mine, state="failed")
    digest = a_digest()
    an_edition(digest, due_at=NOON, number=3)
    by_channel = page(desk, f"?date=2026-06-01&channel={mine.pk}")
    assert "Mine" in by_channel
    assert "Other" not in by_channel.replace("Other days", "")
    assert "#3" not in by_channel
    assert f"{digest} #3" in page(desk, f"?date=2026-06-01&digest={digest.pk}")
    asks = page(desk, "?date=2026-06-01&state=asks")
    assert ("Failed" in asks, ">Mine<" in asks) == (True, False)


@pytest.mark.parametrize("query", ["date=soon", "date=0001-01-01", "view=year", "channel=999", "state=x"])
def test_what_cannot_be_read_is_said_and_nothing_is_shown(desk: Client, query: str) -> None:
    a_planned_post(clock.now())
    text = page(desk, f"?{query}", status=422)
    assert 'aria-invalid="true"' in text or "view=" in query
    assert "Water runs again" not in text


def test_an_empty_calendar_says_how_something_comes_into_it(desk: Client) -> None:
    assert "gets the next free slot" in page(desk)
    assert "leave the filter out" in page(desk, f"?channel={a_channel().pk}")


def test_a_crowded_day_leads_to_its_list(desk: Client) -> None:
    for n in range(9):
        a_planned_post(NOON + n * timedelta(minutes=30), f"Story {n}")
    text = cell_of(page(desk, "?date=2026-06-01"), "2026-06-01")
    assert "3 more" in text
    assert "view=list&amp;date=2026-06-01" in text
    assert "Story 8" in page(desk, "?view=list&date=2026-06-01")


def test_too_many_posts_are_not_hidden_in_silence(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenda_room, "MOST", 2)
    for n in range(3):
        a_planned_post(NOON + n * timedelta(hours=1))
    assert "more posts in these days" in page(desk, "?date=2026-06-01")


def test_silent_days_and_hours_of_one_channel_are_marked(desk: Client) -> None:
    channel = a_channel(schedule=a_schedule(quiet=QUIET, blackouts=["2026-06-03"]))
    month = page(desk, f"?date=2026-06-01&channel={channel.pk}")
    assert "blackout date 2026-06-03" in cell_of(month, "2026-06-03")
    assert "is silent" not in cell_of(month, "2026-06-02")
    week = page(desk, f"?view=week&date=2026-06-01&channel={channel.pk}")
    assert "quiet hours 22:00–07:00" in week.split('data-day="2026-06-02" data-hour="6"', 1)[1][:200]
    assert "quiet" not in week.split('data-day="2026-06-02" data-hour="7"', 1)[1][:200]
    assert "quiet hours" not in page(desk, "?view=week&date=2026-06-01")


def test_a_schedule_that_cannot_be_used_is_said(desk: Client) -> None:
    channel = a_channel(schedule=a_schedule(zone="Mars/Base"))
    assert "Mars/Base" in page(desk, f"?channel={channel.pk}")


def test_an_hour_that_occurs_twice_holds_both_its_posts(desk: Client) -> None:
    a_planned_post(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "First")
    a_planned_post(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Second")
    week = page(desk, "?view=week&date=2026-10-25", zone="Europe/Berlin")
    cell = week.split('data-day="2026-10-25" data-hour="2"', 1)[1].split("data-hour=", 1)[0]
    assert ("First" in cell, "Second" in cell) == (True, True)


# ---- Moving ----
def move(client: Client, post: Post, at: str, *, zone: str = "UTC", **more: Any) -> HttpResponse:
    client.cookies["desk_zone"] = zone
    fields = {"version": post.version, "at": at, "zone": zone, **more}
    return client.post(f"/desk/calendar/move/{post.pk}", fields)  # type: ignore[return-value]  # of the test client


def in_days(days: int, at: str) -> str:
    return f"{(clock.now() + timedelta(days=days)).date()}T{at}"


def test_a_post_is_moved_to_a_time_on_the_viewers_wall(desk: Client) -> None:
    post = a_planned_post(clock.now() + DAY)
    answer = move(desk, post, in_days(3, "15:15"), zone="Asia/Shanghai")
    post.refresh_from_db()
    assert answer.status_code == 200
    assert post.slot_at
    assert f"{post.slot_at:%Y-%m-%dT%H:%M}" == in_days(3, "07:15")
    assert "goes out" in json.loads(answer.content)["said"]
    assert AuditEntry.objects.get().action == "post.rescheduled"


def test_a_move_into_quiet_hours_is_refused_and_done_with_a_reason(desk: Client) -> None:
    post = a_planned_post(clock.now() + DAY, channel=a_channel(schedule=a_schedule(quiet=QUIET)))
    refused = move(desk, post, in_days(3, "23:00"))
    told = json.loads(refused.content)
    assert (refused.status_code, told["may_be_overridden"]) == (422, True)
    assert told["rules"] == ["The channel is silent then: quiet hours 22:00–07:00 UTC."]
    assert "next free slot" in told["hint"]
    assert move(desk, post, in_days(3, "23:00"), override="A flood").status_code == 200
    post.refresh_from_db()
    assert post.is_against_rules


def test_a_move_into_the_past_cannot_be_overridden(desk: Client) -> None:
    post = a_planned_post(clock.now() + DAY)
    told = json.loads(move(desk, post, in_days(-1, "10:00"), override="A flood").content)
    assert told["may_be_overridden"] is False


def test_who_moves_what_somebody_has_moved_meanwhile_is_told(desk: Client) -> None:
    post = a_planned_post(clock.now() + DAY)
    assert move(desk, post, in_days(3, "10:00")).status_code == 200
    second = move(desk, post, in_days(4, "10:00"))
    assert second.status_code == 409
    assert json.loads(second.content)["url"] == f"/desk/posts/{post.pk}"


@pytest.mark.parametrize("at", ["", "soon", "2027-03-28T02:30"])
def test_a_time_that_is_none_moves_nothing(desk: Client, at: str) -> None:
    post = a_planned_post(clock.now() + DAY)
    assert move(desk, post, at, zone="Europe/Berlin").status_code == 422


def test_a_page_of_another_zone_moves_nothing(desk: Client) -> None:
    post = a_planned_post(clock.now() + DAY)
    desk.cookies["desk_zone"] = "UTC"
    fields = {"version": post.version, "at": in_days(3, "10:00"), "zone": "Asia/Tokyo"}
    assert desk.post(f"/desk/calendar/move/{post.pk}", fields).status_code == 409


def test_who_may_not_publish_sees_the_calendar_and_moves_nothing() -> None:
    client = Client()
    client.force_login(a_person("lena", AUTHOR))
    post = a_planned_post(clock.now() + DAY)
    text = page(client)
    assert "data-move" not in text
    assert 'id="moving"' not in text
    assert move(client, post, in_days(3, "10:00")).status_code == 403


def test_what_has_left_cannot_be_moved(desk: Client) -> None:
    a_planned_post(NOON, state="sent", sent_at=NOON + timedelta(hours=2))
    text = page(desk, "?date=2026-06-01")
    assert "data-move" not in text
    assert "Went out 1 June 2026, 14:00 (UTC)" in text


# ---- With many posts ----
def copies_of(model: type[Model], row: Model, count: int, **changes: Callable[[int], object]) -> list[Any]:
    """Rows that are like `row` but for what `changes` say of each."""
    fields = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    same = {name: getattr(row, name) for name in fields if name not in changes}
    made = [model(**same, **{name: of(n) for name, of in changes.items()}) for n in range(count)]
    return list(model._default_manager.bulk_create(made, batch_size=2000))


def test_of_ten_thousand_posts_only_those_of_the_days_are_read_by_the_index(desk: Client) -> None:
    start = NOON - timedelta(days=1000)
    item = an_item(title="One of very many")
    post = a_post(item, slot_at=start, state="sent")
    keys: dict[str, Callable[[int], object]] = {
        name: lambda n: f"https://office.example.org/many/{n}" for name in ("producer_id", "url", "url_key")
    }
    items = copies_of(Item, item, 10_000, **keys)
    copies_of(
        Post,
        post,
        10_000,
        item_id=lambda n: items[n].pk,
        slot_at=lambda n: start + (n + 1) * timedelta(hours=3),
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE social_post, items_item")
    with CaptureQueriesContext(connection) as queries:
        text = page(desk, f"?date={(start + timedelta(days=300)).date()}")
    assert "One of very many" in text
    read = next(query["sql"] for query in queries if "slot_at" in query["sql"] and "LIMIT" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {read}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "post_slots" in plan
    assert len(queries) < 25
