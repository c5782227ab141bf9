"""Logging in and out: where it leads, what it never tells, and when it makes people wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from publisher.core.visitor import Visitor
from publisher.desk.models import LoginTry
from publisher.desk.signin import throttle
from tests.builders import NOON
from tests.desk.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/desk/login"


def try_in(
    name: str = "mira", password: str = PASSWORD, client: Client | None = None, **more: str
) -> tuple[int, str]:
    """Status, and where it leads or what it says."""
    response = (client or Client()).post(LOGIN, {"username": name, "password": password, **more})
    return response.status_code, response.get("Location") or response.content.decode()


def test_the_right_name_and_password_lead_to_today(editor: User) -> None:
    assert try_in() == (302, reverse("desk:home"))


def test_a_page_that_was_asked_for_is_opened_after_the_login(editor: User) -> None:
    client = Client()
    asked = client.get("/desk/items?kind=story")
    assert client.get(asked["Location"]).status_code == 200
    assert try_in(client=client, next="/desk/items?kind=story") == (302, "/desk/items?kind=story")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "\x00//evil",
    ],
)
def test_nobody_is_led_to_another_site(editor: User, elsewhere: str) -> None:
    assert try_in(next=elsewhere) == (302, reverse("desk:home"))


@pytest.mark.parametrize("name", ["items", "desk", "x y", "?next=/desk/"])
def test_a_target_that_is_no_path_leads_to_the_start_and_is_no_fault_of_ours(editor: User, name: str) -> None:
    """Django takes a word without a slash for the name of a view, and fails when there is none."""
    assert Client().post("/desk/language", {"language": "en", "next": name}).status_code == 302
    client = Client()
    assert try_in(client=client, next=name) == (302, reverse("desk:home"))
    assert client.get(LOGIN, {"next": name})["Location"] == reverse("desk:home")


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(editor: User) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_staff=True, is_active=False)
    answers = [try_in("mira", "wrong"), try_in("nobody", "wrong"), try_in("gone", PASSWORD)]
    assert {status for status, _ in answers} == {422}
    assert all("do not belong together" in text for _, text in answers)


def test_after_ten_failures_even_the_right_password_must_wait(editor: User) -> None:
    for _ in range(throttle.MOST_FAILURES):
        assert try_in(password="wrong")[0] == 422
    status, text = try_in()
    assert status == 429
    assert "Wait a quarter of an hour" in text


def test_an_unknown_name_is_made_to_wait_like_a_known_one(db: None) -> None:
    for _ in range(throttle.MOST_FAILURES):
        try_in("nobody", "wrong")
    assert try_in("NOBODY ", "wrong")[0] == 429


def test_failures_for_one_name_hold_up_neither_another_name_nor_another_address(editor: User) -> None:
    for _ in range(throttle.MOST_FAILURES + 1):
        try_in("nobody", "wrong")
    assert try_in()[0] == 302
    for _ in range(throttle.MOST_FAILURES + 1):
        try_in(password="wrong")
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert try_in(client=elsewhere)[0] == 302


def test_the_wait_ends_after_a_quarter_of_an_hour_whoever_goes_on_trying(db: None) -> None:
    guesser = Visitor("192.0.2.1", known=True)
    for _ in range(throttle.MOST_FAILURES):
        assert throttle.begin("mira", guesser, now=NOON)
    for minute in range(15):
        assert not throttle.begin("mira", guesser, now=NOON + timedelta(minutes=minute))
    assert throttle.begin("mira", guesser, now=NOON + timedelta(minutes=16))
    assert LoginTry.objects.count() == 2


def test_many_names_from_one_place_are_held_up_together(db: None) -> None:
    guesser = Visitor("2001:db8::1", known=True)
    for n in range(throttle.MOST_FROM_ONE_PLACE):
        assert throttle.begin(f"name{n}", guesser, now=NOON)
    assert not throttle.begin("mira", Visitor("2001:db8::2", known=True), now=NOON)
    assert throttle.begin("mira", Visitor("2001:db8:0:1::2", known=True), now=NOON)


def test_ipv4_addresses_written_as_ipv6_are_places_of_their_own(db: None) -> None:
    """A server that listens on both writes them so: all of IPv4 would be one place."""
    for n in range(throttle.MOST_FROM_ONE_PLACE):
        assert throttle.begin(f"name{n}", Visitor("::ffff:192.0.2.1", known=True), now=NOON)
    assert not throttle.begin("mira", Visitor("192.0.2.1", known=True), now=NOON)
    assert throttle.begin("mira", Visitor("::ffff:192.0.2.2", known=True), now=NOON)


def test_behind_a_proxy_that_is_not_known_a_guesser_keeps_no_other_name_out(db: None) -> None:
    proxy = Visitor("10.0.0.1", known=False)
    for n in range(throttle.MOST_FROM_ONE_PLACE + 1):
        throttle.begin(f"name{n}", proxy, now=NOON)
    assert throttle.begin("mira", proxy, now=NOON)


def test_nobody_tries_names_without_end_by_pretending_to_come_through_a_proxy(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "MOST_BEHIND_A_PROXY", 5)
    guesser = Client(headers={"X-Forwarded-For": "192.0.2.77"})
    tries = [try_in(f"name{n}", "wrong", client=guesser)[0] for n in range(6)]
    assert tries == [422] * 5 + [429]


def test_behind_a_known_proxy_the_visitor_counts_and_not_the_proxy(editor: User, settings: Any) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, proxies=1)
    guesser = Client(headers={"X-Forwarded-For": "198.51.100.9, 192.0.2.66"})
    for _ in range(throttle.MOST_FAILURES):
        assert try_in(password="wrong", client=guesser)[0] == 422
    assert try_in(client=guesser)[0] == 429
    assert try_in(client=Client(headers={"X-Forwarded-For": "192.0.2.66, 192.0.2.8"}))[0] == 302


def test_a_success_forgets_the_failures(editor: User) -> None:
    for _ in range(2):
        for _ in range(throttle.MOST_FAILURES - 1):
            assert try_in(password="wrong")[0] == 422
        assert try_in()[0] == 302


def test_a_login_gets_a_new_session(editor: User) -> None:
    client = Client()
    client.get(LOGIN)
    client.cookies["sessionid"] = "given-by-somebody-else"
    try_in(client=client)
    assert client.cookies["sessionid"].value != "given-by-somebody-else"


def test_logging_out_ends_the_session(desk: Client) -> None:
    assert desk.post("/desk/logout").status_code == 302
    assert desk.get("/desk/").status_code == 302


def test_an_account_without_access_is_told_so_and_can_log_out(outsider: Client) -> None:
    response = outsider.get("/desk/")
    assert response.status_code == 403
    assert "/desk/logout" in response.content.decode()
