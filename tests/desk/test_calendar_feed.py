"""The calendar's file for calendar programs, and the secret address at which they read it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from icalendar import Calendar

from publisher.core import audit, clock
from publisher.core.models import AuditEntry
from publisher.delivery.calendar_file import calendar_file
from publisher.people import calendar_address
from publisher.people.models import CalendarAddress
from tests.builders import NOON, a_channel, a_digest, an_item
from tests.desk.builders import a_post, an_edition

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
BASE = "https://news.example.org"


def events(now: datetime = NOON) -> dict[str, Any]:
    """The file's entries by UID, read by the library."""
    parsed = Calendar.from_ical(calendar_file(base_url=BASE, now=now))
    return {str(event["uid"]): event for event in parsed.walk("VEVENT")}


def token_of(user: User) -> str:
    return calendar_address.renew(user=user, now=clock.now())


def read(token: str, **headers: str) -> Any:
    return Client().get(f"/desk/calendar/feed/{token}.ics", headers=headers)


def test_a_post_is_an_event_with_its_time_title_and_link() -> None:
    item = an_item(
        title="Rain; wind, and “sun” over a very long line that a program must fold, 雨和风和太阳" * 3
    )
    post = a_post(item, a_channel(name="City news"), slot_at=NOON + DAY, state="scheduled", version=4)
    audit.record("tomas", "post.rescheduled", post)
    at = AuditEntry.objects.get().at.replace(microsecond=0)
    event = events()[f"post-{post.pk}@news.example.org"]
    assert event["dtstart"].dt == NOON + DAY
    assert event["summary"] == f"City news: {item.title}"
    assert event["url"] == f"{BASE}/desk/posts/{post.pk}"
    assert (event["status"], event["sequence"], event["last-modified"].dt) == ("CONFIRMED", 3, at)
    assert max(map(len, calendar_file(base_url=BASE, now=NOON).split(b"\r\n"))) <= 75


@pytest.mark.parametrize(
    ("state", "status"),
    [("sent", "CONFIRMED"), ("sending", "CONFIRMED"), ("expired", "TENTATIVE"), ("unknown", "TENTATIVE")],
)
def test_what_waits_for_a_person_is_tentative(state: str, status: str) -> None:
    a_post(slot_at=NOON - DAY, state=state)
    assert [str(event["status"]) for event in events().values()] == [status]


def test_an_edition_takes_the_place_of_the_date_for_which_it_was_planned() -> None:
    digest = a_digest(zone="UTC")
    monday = datetime(2026, 6, 8, 8, tzinfo=UTC)
    uid = f"digest-{digest.pk}-20260608T080000Z@news.example.org"
    assert events()[uid]["status"] == "TENTATIVE"
    an_edition(digest, due_at=monday, state="cancelled")
    assert events(monday + DAY)[uid]["status"] == "CANCELLED"


def test_it_holds_thirty_days_back_and_ninety_ahead() -> None:
    times = [NOON + n * DAY for n in (-31, -29, 0, 89, 91)]
    for at in times:
        a_post(slot_at=at, state="scheduled")
    assert sorted(event["dtstart"].dt for event in events().values()) == times[1:4]


def test_an_unchanged_calendar_is_the_same_file_and_is_not_sent_twice(editor: User) -> None:
    a_post(slot_at=clock.now() + DAY, state="scheduled")
    token = token_of(editor)
    first = read(token)
    assert first.status_code == 200
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    again = read(token, if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    a_post(slot_at=clock.now() + 2 * DAY, state="scheduled")
    assert read(token, if_none_match=first["ETag"]).status_code == 200


def test_the_file_is_the_same_a_minute_later_also_for_what_nobody_changed_yet() -> None:
    a_digest()
    a_post(slot_at=NOON + DAY, state="scheduled")
    read_at = [calendar_file(base_url=BASE, now=NOON + timedelta(seconds=n)) for n in (0, 1, 60)]
    assert len(set(read_at)) == 1
    assert read_at[0].count(b"BEGIN:VEVENT") > 1


def test_it_tells_no_address_of_a_person() -> None:
    digest = a_digest()
    an_edition(digest, due_at=NOON, approved_by="mira")
    a_post(slot_at=NOON + DAY, state="scheduled")
    text = calendar_file(base_url=BASE, now=NOON).decode()
    assert digest.from_address not in text
    assert "mira" not in text


def told(answer: Any) -> str:
    found = re.search(r"/desk/calendar/feed/([\w-]+)\.ics", answer.content.decode())
    assert found
    return found.group(1)


def test_a_person_makes_renews_and_revokes_their_address(desk: Client, editor: User) -> None:
    assert "You have no address yet" in desk.get("/desk/calendar/feed").content.decode()
    first = told(desk.post("/desk/calendar/feed", {"do": "renew"}))
    assert read(first).status_code == 200
    assert first not in desk.get("/desk/calendar/feed").content.decode()
    second = told(desk.post("/desk/calendar/feed", {"do": "renew"}))
    assert (read(first).status_code, read(second).status_code) == (404, 200)
    desk.post("/desk/calendar/feed", {"do": "revoke"})
    assert read(second).status_code == 404
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "calendar_address.made",
        "calendar_address.renewed",
        "calendar_address.revoked",
    ]
    desk.post("/desk/calendar/feed", {"do": "revoke"})
    assert AuditEntry.objects.count() == 3


def test_only_a_hash_of_the_address_is_kept(editor: User) -> None:
    token = token_of(editor)
    row = CalendarAddress.objects.get()
    assert token.encode() not in bytes(row.token_hash)
    assert token not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("token", ["x", "a" * 5000, "\u202e", "%00"])
def test_another_token_opens_nothing(editor: User, token: str) -> None:
    token_of(editor)
    assert read(token).status_code == 404


def test_who_has_left_or_may_no_longer_see_the_desk_reads_nothing(editor: User) -> None:
    token = token_of(editor)
    User.objects.filter(pk=editor.pk).update(is_active=False)
    assert read(token).status_code == 404
    User.objects.filter(pk=editor.pk).update(is_active=True)
    assert read(token).status_code == 200
    editor.groups.clear()
    assert read(token).status_code == 404
