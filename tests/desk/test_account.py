"""“My account”: password, sessions, language and zone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.people import sessions
from publisher.people.models import Profile
from publisher.people.permissions import VIEWER
from tests.desk.conftest import PASSWORD, a_person
from tests.desk.second_steps import first_step, signed_in

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW = "three words and rain"


def change(client: Client, old: str = PASSWORD, new: str = NEW, again: str = "") -> int:
    return client.post("/desk/account/password", {"old": old, "new": new, "again": again or new}).status_code


def test_a_changed_password_ends_all_other_sessions(editor: User) -> None:
    here, there = signed_in(), signed_in()
    assert change(here) == 302
    assert here.get("/desk/").status_code == 200
    assert there.get("/desk/").status_code == 302
    editor.refresh_from_db()
    assert editor.check_password(NEW)
    assert AuditEntry.objects.filter(action="person.password_changed").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"old": "wrong"}, "present password is another one"),
        ({"again": "another one here"}, "passwords differ"),
        ({"new": "short"}, "too short"),
        ({"new": "1234567890"}, "too common"),
    ],
)
def test_a_password_that_is_wrong_or_weak_changes_nothing(
    editor: User, given: dict[str, str], said: str
) -> None:
    client = signed_in()
    sent = {"old": PASSWORD, "new": NEW, "again": given.get("new", NEW), **given}
    answer = client.post("/desk/account/password", sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    editor.refresh_from_db()
    assert editor.check_password(PASSWORD)


def test_the_old_password_is_not_guessed_in_an_open_browser(editor: User) -> None:
    client = signed_in()
    assert [change(client, old="wrong") for _ in range(10)] == [422] * 10
    assert change(client) == 429


def test_the_list_shows_each_browser_and_ends_one(editor: User) -> None:
    here = signed_in()
    there = Client(headers={"User-Agent": FIREFOX})
    first_step(client=there)
    there.get("/desk/")
    page = here.get("/desk/account").content.decode()
    assert "Firefox on Linux" in page
    assert "This one" in page
    other = UserSession.objects.get(user_agent=FIREFOX)
    assert here.post(f"/desk/account/sessions/{other.pk}/end").status_code == 302
    assert there.get("/desk/").status_code == 302
    assert here.get("/desk/").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(editor: User) -> None:
    a_person("otto", VIEWER)
    other = signed_in("otto")
    other.get("/desk/")
    theirs = UserSession.objects.get(user__username="otto")
    signed_in().post(f"/desk/account/sessions/{theirs.pk}/end")
    assert other.get("/desk/").status_code == 200


def test_all_others_end_also_those_that_nobody_noted(editor: User) -> None:
    here, there, earlier = signed_in(), signed_in(), Client()
    earlier.force_login(editor)
    UserSession.objects.exclude(session_key=here.cookies["sessionid"].value).delete()
    assert here.post("/desk/account/sessions/end").status_code == 302
    assert [client.get("/desk/").status_code for client in (here, there, earlier)] == [200, 302, 302]


def test_the_last_use_is_written_every_five_minutes_only(editor: User) -> None:
    now = clock.now()
    for minutes in (0, 4, 6):
        sessions.note(
            editor, "k" * 32, address="192.0.2.1", agent="a" * 400, now=now + timedelta(minutes=minutes)
        )
        row = UserSession.objects.get()
        assert row.last_seen_at == now + timedelta(minutes=0 if minutes < 5 else minutes)
    assert row.created_at == now


def test_a_session_without_a_known_address_is_noted_too(editor: User) -> None:
    sessions.note(editor, "k" * 32, address="", agent="", now=clock.now())
    assert UserSession.objects.get().ip == sessions.NOWHERE


def test_language_and_zone_come_along_to_another_browser(editor: User) -> None:
    here = signed_in()
    sent = {"language": "zh-hans", "zone": "Asia/Shanghai"}
    assert here.post("/desk/account/preferences", sent).status_code == 302
    there = signed_in()
    page = there.get("/desk/account").content.decode()
    assert '<html lang="zh-hans">' in page
    assert "Asia/Shanghai" in page
    assert Profile.objects.get(user=editor).zone == "Asia/Shanghai"


def test_a_chosen_zone_goes_before_that_of_the_browser(editor: User) -> None:
    client = signed_in()
    client.post("/desk/account/preferences", {"language": "", "zone": "Asia/Shanghai"})
    client.cookies["desk_zone"] = "Europe/Berlin"
    assert (
        "Times are in CST" in client.get("/desk/").content.decode()
        or "Asia/Shanghai" in client.get("/desk/").content.decode()
    )


@pytest.mark.parametrize("sent", [{"language": "xx", "zone": ""}, {"language": "", "zone": "Mars/Base\0"}])
def test_a_language_or_zone_that_is_unknown_is_refused_and_what_was_typed_stays(
    editor: User, sent: dict[str, str]
) -> None:
    answer = signed_in().post("/desk/account/preferences", sent)
    assert answer.status_code == 422
    assert sent["zone"].replace("\0", "") in answer.content.decode()


def test_sessions_that_ended_by_themselves_are_forgotten_and_living_ones_stay(editor: User) -> None:
    here, there = signed_in(), signed_in()
    for client in (here, there):
        client.get("/desk/")
    over = clock.now() + timedelta(days=15)
    Session.objects.filter(session_key=here.session.session_key).update(expire_date=over + timedelta(days=1))
    assert sessions.forget(now=clock.now()) == 0
    assert sessions.forget(now=over) == 1
    assert [row.session_key for row in Session.objects.all()] == [here.session.session_key]
    assert [row.session_key for row in UserSession.objects.all()] == [here.session.session_key]
    assert here.get("/desk/").status_code == 200
