"""Coming in, in a real Chromium: an app for codes, a passkey, an invitation from a mail, a session ended from elsewhere."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from publisher.delivery import people_letters
from publisher.people import roles
from publisher.people.permissions import ADMIN, EDITOR
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import PASSWORD, log_in, wrong_with
from tests.desk.second_steps import an_app, code_of
from tests.fakes.smtp_sink import SmtpSink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mira(transactional_db: None) -> User:
    user = User.objects.create_user("mira", "mira@example.org", PASSWORD)
    roles.give(user, ADMIN)
    return user


@pytest.fixture
def sink(settings: Any, live_server: LiveServer) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.MAIL, settings.NOTICES_FROM = sink.url, "publisher@office.example.org"
        settings.BASE_URL = live_server.url
        yield sink


def first_step(page: Page, base: str, name: str = "mira") -> None:
    page.goto(f"{base}/desk/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def link_in(sink: SmtpSink) -> str:
    message = email.message_from_bytes(sink.messages[-1].data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://\S+/desk/\S+", str(body.get_content()))
    assert found
    return found[0]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_an_app_for_codes_is_connected_and_asked_for_at_the_next_login(
    mira: User, live_server: LiveServer, window: OpenWindow, keep: Keep, scripts: bool
) -> None:
    page = window(scripts=scripts)
    log_in(page, live_server.url)
    page.get_by_role("link", name="mira").click()
    page.get_by_role("link", name="Connect an app").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    page.get_by_text("I cannot scan it").click()
    secret = page.locator("code.command").inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(code_of(secret))
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    codes = page.locator("#codes").inner_text().split()
    assert len(codes) == 10
    if scripts:
        assert wrong_with(page, "account-codes", "light", keep) == []
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Log out").click()
    first_step(page, live_server.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    if scripts:
        assert wrong_with(page, "second-step", "light", keep) == []
    page.get_by_label("Code from your app").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/desk/")
    page.get_by_role("link", name="mira").click()
    expect(page.get_by_text("9 codes are left.")).to_be_visible()


def authenticator(page: Page) -> Any:
    """A device of Chromium's own that makes passkeys and knows its person."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def test_a_passkey_is_added_renamed_used_alone_and_as_the_second_step(
    mira: User, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    page = window()
    authenticator(page)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/account")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Office laptop")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Office laptop").click()
    assert wrong_with(page, "account-passkey", "light", keep) == []
    page.get_by_label("Name").fill("Grey laptop")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("link", name="Grey laptop")).to_be_visible()

    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Use a passkey instead").click()
    page.wait_for_url("**/desk/")

    page.get_by_role("button", name="Log out").click()
    first_step(page, live_server.url)
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("**/desk/")

    page.goto(f"{live_server.url}/desk/account")
    page.get_by_role("link", name="Grey laptop").click()
    page.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_role("status").filter(has_text="removed")).to_be_visible()
    assert not Authenticator.objects.exists()


def test_a_browser_without_the_passkey_says_so_and_keeps_the_other_ways(
    mira: User, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    session = authenticator(page)
    session.send("WebAuthn.disable")
    page.goto(f"{live_server.url}/desk/login")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('cancelled')) }")
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")
    expect(page.get_by_role("button", name="Use a passkey instead")).to_be_enabled()


def test_an_invited_person_comes_in_by_the_link_of_the_mail(
    mira: User, live_server: LiveServer, window: OpenWindow, sink: SmtpSink, keep: Keep
) -> None:
    page = window()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/people")
    page.get_by_label("Mail address").fill("ilse@example.org")
    page.get_by_role("combobox", name="Role").select_option("editor")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("status").filter(has_text="gets a mail")).to_be_visible()
    assert people_letters.send_due(now=clock.now()) == {"sent": 1}

    guest = window(width=360)
    guest.goto(link_in(sink))
    guest.get_by_label("Name").fill("ilse")
    guest.get_by_label("New password").fill("three words and rain")
    guest.get_by_label("The same again").fill("three words and rain")
    guest.get_by_role("button", name="Make my account").click()
    guest.wait_for_url("**/desk/")
    assert roles.role_of(User.objects.get(username="ilse")) == EDITOR
    guest.goto(link_in(sink))
    expect(guest.get_by_role("heading", level=1)).to_have_text("This link is dead")


def test_a_session_that_is_ended_in_one_browser_is_over_in_the_other(
    mira: User, live_server: LiveServer, window: OpenWindow
) -> None:
    here, there = window(), window()
    log_in(here, live_server.url)
    log_in(there, live_server.url)
    here.goto(f"{live_server.url}/desk/account")
    here.get_by_role("button", name=re.compile(r"^End\s*:")).click()
    expect(here.get_by_role("status").filter(has_text="The session is over")).to_be_visible()
    there.goto(f"{live_server.url}/desk/items")
    expect(there.get_by_role("heading", level=1)).to_have_text("Log in to the desk")


def test_who_must_have_a_second_step_sees_that_first(
    mira: User, live_server: LiveServer, window: OpenWindow, settings: Any, keep: Keep
) -> None:
    settings.REQUIRE_MFA = ("admin",)
    page = window(width=360, scheme="dark")
    first_step(page, live_server.url)
    expect(page.get_by_role("alert")).to_contain_text("Set up a second step first")
    page.goto(f"{live_server.url}/desk/items")
    expect(page.get_by_role("alert")).to_contain_text("Set up a second step first")
    assert wrong_with(page, "account-must", "dark", keep) == []
    an_app(mira)
    page.goto(f"{live_server.url}/desk/items")
    expect(page.get_by_role("heading", level=1)).to_have_text("Items")


def test_a_key_is_made_and_shown_once(
    mira: User, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    page = window()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/api-keys")
    page.get_by_label("Name").fill("Newsroom robot")
    page.get_by_label("Open the desk and read").check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("textbox", name="The key")).to_have_value(re.compile(r"^pub_[0-9a-f]{8}_"))
    assert wrong_with(page, "api-key-made", "light", keep) == []
    page.get_by_role("link", name="I have kept it").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked").first).to_be_visible()
