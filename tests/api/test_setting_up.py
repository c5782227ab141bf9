"""Digests, schedules and channels are made and changed by the API by the rules of the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.delivery.enqueue import assemble
from publisher.digests.models import Digest
from publisher.schedule.models import Schedule
from publisher.social.models import Channel, Post
from tests.api.steps import Caller, caller, data, problem
from tests.builders import a_channel, a_digest, a_schedule, a_subscriber, a_topic
from tests.desk.audience_builders import a_segment
from tests.desk.builders import a_handed_post, a_post, an_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]

DIGEST = {
    "slug": "monthly",
    "title": {"en": "The month"},
    "languages": ["en"],
    "from_name": {"en": "Office"},
    "from_address": "news@office.example.org",
    "organisation": "The office",
    "postal_address": {"en": "1 Harbour Road"},
}
SCHEDULE: dict[str, Any] = {
    "name": "Working hours",
    "zone": "Asia/Shanghai",
    "slots": [{"weekday": 0, "at": "09:00"}, {"weekday": 3, "at": "14:30"}],
    "quiet": [{"start": "22:00", "end": "07:00"}],
    "blackouts": ["2026-12-25"],
    "blackout_names": {"2026-12-25": "Christmas"},
    "holiday_countries": ["CN"],
}


@pytest.fixture
def program(db: None) -> Caller:
    return caller()


def test_a_digest_and_an_edition_go_to_a_segment_by_its_name(program: Caller) -> None:
    a_segment("Active ones")
    made = data(program.post("/digests", {**DIGEST, "segment": "active ones", "needs_approval": True}), 201)
    assert made["segment"] == "Active ones"
    problem(program.post("/digests/monthly/change", {"version": 1, "segment": "Nobody"}), 422, "refused")
    assert data(program.post("/digests/monthly/change", {"version": 1, "segment": ""}))["segment"] == ""
    digest = Digest.objects.get()
    a_subscriber(digest, "reader@example.net")
    edition = an_edition(digest)
    seen = data(program.get(f"/editions/{edition.pk}"))
    assert (seen["segment"], seen["readers"]) == ("", None)
    path = f"/editions/{edition.pk}/choose-readers"
    problem(program.post(path, {"version": seen["version"], "segment": "Nobody"}), 422, "refused")
    chosen = data(program.post(path, {"version": seen["version"], "segment": "active ones"}))
    assert chosen["segment"] == "Active ones"
    problem(program.post(path, {"version": seen["version"], "segment": ""}), 409, "stale")
    assemble(edition.pk, now=clock.now())
    readers = data(program.get(f"/editions/{edition.pk}"))["readers"]
    assert (readers["segment"], readers["subscribed"], readers["inside"]) == ("Active ones", 1, 1)


def test_a_digest_is_made_and_what_is_given_of_it_changed(program: Caller) -> None:
    topic = a_topic("water")
    made = data(program.post("/digests", {**DIGEST, "weekday": 4, "at": "17:30", "topics": ["water"]}), 201)
    assert (made["version"], made["weekday"], made["at"], made["topics"]) == (1, 4, "17:30", [topic.pk])
    assert made["postal_address"] == {"en": "1 Harbour Road"}
    given = {"version": 1, "title": {"en": "Each month"}, "send_from": "08:00", "send_until": "20:00"}
    changed = data(program.post("/digests/monthly/change", given))
    assert (changed["version"], changed["title"], changed["at"]) == (2, {"en": "Each month"}, "17:30")
    assert (changed["send_from"], changed["send_until"]) == ("08:00", "20:00")
    trail = AuditEntry.objects.filter(object_type="digest").order_by("pk")
    assert list(trail.values_list("action", "actor_name")) == [
        ("digest.created", "mira"),
        ("digest.changed", "mira"),
    ]


def test_a_digest_that_changed_meanwhile_is_left_alone(program: Caller) -> None:
    digest = a_digest(slug="weekly", version=3)
    problem(program.post("/digests/weekly/change", {"version": 2, "enabled": False}), 409, "stale")
    problem(program.post("/digests/weekly/change", {"enabled": False}, If_Match='"2"'), 412, "stale")
    problem(program.post("/digests/weekly/change", {"enabled": False}), 428, "version_missing")
    assert Digest.objects.get(pk=digest.pk).enabled
    problem(program.post("/digests/none/change", {"version": 1}), 404, "not_found")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"zone": "Asia/Nowhere"}, "zone"),
        ({"from_address": "nobody"}, "from_address"),
        ({"title": {}}, "title"),
        ({"send_from": "08:00"}, "send_until"),
        ({"subject": {"en": "{{ nothing }}"}}, "subject-en"),
    ],
)
def test_what_a_digest_cannot_be_is_told_by_its_field_and_makes_nothing(
    program: Caller, wrong: dict[str, Any], field: str
) -> None:
    body = problem(program.post("/digests", {**DIGEST, **wrong}), 422, "refused")
    assert field in [each["name"] for each in body["fields"]], body
    assert not Digest.objects.exists()


def test_a_second_digest_of_a_name_is_refused(program: Caller) -> None:
    a_digest(slug="monthly")
    problem(program.post("/digests", DIGEST), 422, "refused")


def test_seeds_are_masked_for_who_may_not_design(program: Caller) -> None:
    a_digest(slug="weekly", seeds=["boss@office.example.org"])
    assert data(caller("see_desk").get("/digests/weekly"))["seeds"] == ["b…@office.example.org"]
    assert data(program.get("/digests/weekly"))["seeds"] == ["boss@office.example.org"]


def test_a_schedule_is_made_changed_and_deleted(program: Caller) -> None:
    made = data(program.post("/schedules", SCHEDULE), 201)
    assert {name: made[name] for name in SCHEDULE if name != "quiet"} == {
        name: value for name, value in SCHEDULE.items() if name != "quiet"
    }
    path = f"/schedules/{made['id']}"
    changed = data(program.post(f"{path}/change", {**SCHEDULE, "most_per_day": 2, "version": 1}))
    assert (changed["most_per_day"], changed["version"], changed["moved"]) == (2, 2, 0)
    problem(program.post(f"{path}/change", {**SCHEDULE, "version": 1}), 409, "stale")
    problem(program.post(f"{path}/delete", {"version": 1}), 409, "stale")
    channel = a_channel(schedule=Schedule.objects.get(pk=made["id"]))
    assert channel.name in problem(program.post(f"{path}/delete", {"version": 2}), 422, "refused")["detail"]
    Channel.objects.all().delete()
    data(program.post(f"{path}/delete", {"version": 2}))
    problem(program.get(path), 404, "not_found")


def test_posts_whose_time_is_gone_keep_it_unless_new_slots_are_wanted(program: Caller) -> None:
    schedule = a_schedule(slots=[{"weekday": 0, "at": "09:00"}], quiet=[], zone="UTC")
    monday = clock.now().replace(hour=9, minute=0, second=0, microsecond=0)
    monday += timedelta(days=14 - monday.weekday())
    post = a_post(channel=a_channel(schedule=schedule), state="scheduled", slot_at=monday)
    given = {"name": schedule.name, "zone": "UTC", "slots": [{"weekday": 1, "at": "09:00"}]}
    kept = data(program.post(f"/schedules/{schedule.pk}/change", {**given, "version": 1}))
    assert (kept["moved"], Post.objects.get(pk=post.pk).state) == (0, "scheduled")
    Schedule.objects.update(slots=[{"weekday": 0, "at": "09:00"}])
    moved = data(program.post(f"/schedules/{schedule.pk}/change", {**given, "version": 2, "reslot": True}))
    assert (moved["moved"], Post.objects.get(pk=post.pk).state) == (1, "approved")


def test_what_a_schedule_cannot_be_is_refused(program: Caller) -> None:
    for wrong in ({"zone": "Asia/Nowhere"}, {"holiday_countries": ["XX"]}, {"blackouts": ["2026-02-31"]}):
        assert problem(program.post("/schedules", {**SCHEDULE, **wrong}), 422, "refused")["detail"]
    assert not Schedule.objects.exists()


def test_a_channel_is_made_and_its_rules_changed_and_its_access_stays(program: Caller) -> None:
    schedule, other = a_schedule(name="One"), a_schedule(name="Two")
    given = {"name": "Office", "network": "sandbox", "schedule_id": schedule.pk, "month_budget": "12.50"}
    made = data(program.post("/channels", given), 201)
    assert (made["version"], made["month_budget"], made["kinds"]) == (1, "12.50", [])
    Channel.objects.update(credentials={"token": "t"}, settings={"url": "https://sandbox.example.org"})
    changed = data(
        program.post(
            f"/channels/{made['id']}/change",
            {"version": 1, "schedule_id": other.pk, "kinds": ["video"], "utm": {"hosts": ["example.org"]}},
        )
    )
    assert (changed["schedule_id"], changed["kinds"], changed["name"]) == (other.pk, ["video"], "Office")
    assert changed["utm"]["source"] == "{network}"
    row = Channel.objects.get()
    assert (row.settings, row.month_budget is not None) == ({"url": "https://sandbox.example.org"}, True)
    assert row.credentials
    problem(program.post(f"/channels/{row.pk}/change", {"version": 1, "enabled": False}), 409, "stale")
    problem(program.post("/channels", given), 422, "refused")
    problem(
        program.post(f"/channels/{row.pk}/change", {"version": 2, "credentials": {"token": "x"}}),
        422,
        "invalid",
    )
    owner = {"version": 2, "owner": "nobody-of-that-name"}
    body = problem(program.post(f"/channels/{row.pk}/change", owner), 422, "refused")
    assert [each["name"] for each in body["fields"]] == ["owner"]


def test_a_description_leaves_the_focus_as_it_was_unless_it_is_given(program: Caller) -> None:
    picture = {"digest": "a" * 64, "alt": "", "focus": [0.5, -0.25], "url": ""}
    post = a_post(pictures=[picture])
    path = f"/posts/{post.pk}/pictures/0/describe"
    described = data(program.post(path, {"version": 1, "alt": "A valley"}))
    assert described["pictures"] == [{"number": 0, "alt": "A valley", "focus": [0.5, -0.25], "url": ""}]
    given = {"version": described["version"], "alt": "A valley", "focus": None}
    assert data(program.post(path, given))["pictures"][0]["focus"] is None


def test_a_post_by_hand_is_found_posted_and_told(program: Caller) -> None:
    post = a_handed_post()
    (found,) = data(program.get("/posts", {"state": "handed"}))["data"]
    assert found["id"] == post.pk
    (part,) = data(program.get(f"/posts/{post.pk}"))["messages"]
    here = {"url": "https://weibo.com/123/abc", "sure": True}
    data(program.post(f"/deliveries/{part['delivery_id']}/posted", here))
    told = data(program.get(f"/posts/{post.pk}"))
    assert (told["state"], told["messages"][0]["url"]) == ("sent", here["url"])
