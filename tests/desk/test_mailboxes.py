"""The pages of mailboxes: added, changed by two people, verified, paused, removed; no secret is ever shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from publisher.core import clock
from publisher.core.crypto import opened
from publisher.core.models import AuditEntry
from publisher.feedback import health
from publisher.feedback.models import Mailbox
from publisher.people.permissions import ADMIN
from tests.desk.builders import a_mailbox
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db
SECRET = "open sesame"
GIVEN = {
    "name": "Bounces",
    "way": "imap",
    "host": "IMAP.example.org",
    "security": "tls",
    "login": "password",
    "username": "bounces@office.example.org",
    "password": SECRET,
}
OAUTH = {
    "login": "oauth",
    "token_url": "https://login.example.org/token",
    "client_id": "publisher",
    "client_secret": "application secret",
    "password": "",
}


@pytest.fixture
def desk() -> Client:
    browser = Client()
    browser.force_login(a_person("ada", ADMIN))
    return browser


def form_of(row: Mailbox, **given: str) -> dict[str, str]:
    names = (
        "name",
        "way",
        "host",
        "port",
        "security",
        "login",
        "username",
        "folder",
        "after",
        "taken_folder",
    )
    return {name: str(getattr(row, name)) for name in names} | {"version": str(row.version), **given}


def text(browser: Client, name: str, *args: object) -> str:
    return browser.get(reverse(f"desk:{name}", args=args)).content.decode()


def test_one_is_added_with_what_is_usual_and_its_password_is_never_shown(desk: Client) -> None:
    assert "No mailbox yet" in text(desk, "mailboxes")
    assert desk.post(reverse("desk:mailbox-new"), GIVEN).status_code == 302
    row = Mailbox.objects.get()
    assert (row.host, row.port, row.after, row.folder) == ("imap.example.org", 993, "move", "INBOX")
    assert opened(row.secret) == {"password": SECRET}
    assert SECRET not in Mailbox.objects.values_list("secret", flat=True)[0].token
    assert SECRET not in text(desk, "mailboxes") + text(desk, "mailbox-edit", row.pk)
    assert SECRET not in str(list(AuditEntry.objects.values_list("before", "after")))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "needs a name"),
        ({"host": "imap://x"}, "no host name"),
        ({"host": ""}, "no host name"),
        ({"security": "none"}, "without TLS"),
        ({"port": "70000"}, "The port is"),
        ({"port": "x"}, "The port is"),
        ({"username": ""}, "needs a user"),
        ({"way": "smoke"}, "no way to read"),
        ({"way": "pop3", "after": "move"}, "cannot do that"),
        ({"password": ""}, "has no password"),
        ({"folder": "A", "taken_folder": "A", "after": "move"}, "cannot be moved"),
        ({"certificate": "x"}, "cannot be read"),
        ({"security": "x"}, "Security or login"),
        (OAUTH | {"token_url": "http://login.example.org/"}, "https address"),
        (OAUTH | {"client_id": ""}, "id of the application"),
        (OAUTH | {"client_secret": ""}, "neither a refresh token"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    desk: Client, wrong: dict[str, str], said: str
) -> None:
    answer = desk.post(reverse("desk:mailbox-new"), GIVEN | {"scope": "what was typed"} | wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert "what was typed" in page
    assert SECRET not in page
    assert not Mailbox.objects.exists()


def test_two_with_one_name_are_refused(desk: Client) -> None:
    desk.post(reverse("desk:mailbox-new"), GIVEN)
    assert desk.post(reverse("desk:mailbox-new"), GIVEN).status_code == 422


def test_of_two_people_the_second_is_shown_what_the_first_did(desk: Client) -> None:
    row = a_mailbox()
    form = form_of(row)
    address = reverse("desk:mailbox-edit", args=[row.pk])
    assert desk.post(address, form | {"name": "First"}).status_code == 302
    answer = desk.post(address, form | {"name": "Second"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "First" in page
    assert "Second" in page
    row.refresh_from_db()
    assert row.name == "First"
    assert desk.post(address, form_of(row, name="Second")).status_code == 302


def test_an_empty_password_keeps_the_stored_one_and_a_new_one_takes_its_place(desk: Client) -> None:
    row = a_mailbox()
    address = reverse("desk:mailbox-edit", args=[row.pk])
    desk.post(address, form_of(row, folder="Bounces"))
    row.refresh_from_db()
    assert (row.folder, opened(row.secret)) == ("Bounces", {"password": "a-pass-word"})
    desk.post(address, form_of(row, password=SECRET))
    row.refresh_from_db()
    assert opened(row.secret) == {"password": SECRET}
    assert AuditEntry.objects.filter(action="mailbox.rotated").count() == 1


@pytest.mark.parametrize("moved", [{"host": "127.0.0.2"}, {"username": "x"}, {"port": "10"}])
def test_a_stored_password_goes_to_no_other_server(desk: Client, moved: dict[str, str]) -> None:
    row = a_mailbox()
    address = reverse("desk:mailbox-edit", args=[row.pk])
    assert desk.post(address, form_of(row) | moved).status_code == 422
    assert desk.post(address, form_of(row) | moved | {"password": SECRET}).status_code == 302


def test_another_folder_is_read_from_its_beginning(desk: Client) -> None:
    row = a_mailbox(memory={"marks": {"last": 7}})
    address = reverse("desk:mailbox-edit", args=[row.pk])
    desk.post(address, form_of(row, name="Other"))
    row.refresh_from_db()
    assert row.memory
    desk.post(address, form_of(row, folder="Other"))
    row.refresh_from_db()
    assert row.memory == {}


def test_verifying_says_in_plain_words_what_is_wrong(desk: Client) -> None:
    row = a_mailbox()
    answer = desk.post(reverse("desk:mailbox-deed", args=[row.pk, "verify"]))
    assert answer.status_code == 422
    assert "cannot be reached" in answer.content.decode()


def test_pause_go_on_and_remove(desk: Client) -> None:
    row = a_mailbox()

    def act(deed: str, **sent: str) -> str:
        address = reverse("desk:mailbox-deed", args=[row.pk, deed])
        return desk.post(address, sent, follow=True).content.decode()

    assert "is paused" in act("pause")
    assert not Mailbox.objects.get().active
    assert "is read again" in act("on")
    assert Mailbox.objects.get().active
    assert "Remove Bounces 1?" in act("remove")
    assert Mailbox.objects.exists()
    assert "was removed" in act("remove", sure="yes")
    assert not Mailbox.objects.exists()
    assert desk.post(reverse("desk:mailbox-deed", args=[row.pk, "verify"])).status_code == 404


def test_the_system_page_says_what_fails_and_what_nobody_reads(desk: Client) -> None:
    now = clock.now()
    a_mailbox(name="good", looked_at=now, next_at=now)
    a_mailbox(name="nobody")
    a_mailbox(name="refused", failures=2, said="It said no.", next_at=now)
    a_mailbox(name="paused", active=False)
    told = {part.name: part.health.value for part in health.parts(now)}
    assert told == {"good": "good", "nobody": "bad", "refused": "bad"}
    page = text(desk, "system")
    assert "It said no." in page
    assert "Nobody reads it." in page


def test_the_doctor_logs_in_and_says_where_nothing_comes_in(settings: object) -> None:
    now = clock.now()
    settings.RETURN_DOMAIN = "bounces.office.example.org"  # type: ignore[attr-defined]  # pytest-django's wrapper
    assert [each.level.value for each in health.findings(now)] == ["warning"]
    settings.FEEDBACK_LISTEN = "lmtp://127.0.0.1:2424"  # type: ignore[attr-defined]
    assert health.findings(now) == []
    a_mailbox(looked_at=now)
    a_mailbox(looked_at=now - timedelta(hours=1))
    found = {each.about: each.found for each in health.findings(now)}
    assert "cannot be reached" in found["Mailbox Bounces 1"]
    assert found["Mailbox Bounces 2"] == "nobody reads it."


def test_who_may_not_set_up_sees_nothing(db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("otto"))
    assert browser.get(reverse("desk:mailboxes")).status_code in (302, 403)
