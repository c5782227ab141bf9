"""Logging in and out: where it leads, what it never tells, and when it makes people wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from publisher.desk import throttle
from publisher.desk.models import LoginTry
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


def test_the_wait_ends_after_a_quarter_of_an_hour_and_leaves_nothing_behind(db: None) -> None:
    for _ in range(throttle.MOST_FAILURES + 1):
        throttle.begin("mira", "192.0.2.1", now=NOON)
    assert not throttle.begin("mira", "192.0.2.1", now=NOON + timedelta(minutes=14))
    assert throttle.begin("mira", "192.0.2.1", now=NOON + timedelta(minutes=30))
    assert LoginTry.objects.count() == 1


def test_a_success_forgets_the_failures(editor: User) -> None:
    for _ in range(throttle.MOST_FAILURES - 1):
        try_in(password="wrong")
    assert try_in()[0] == 302
    assert LoginTry.objects.count() == 0


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
