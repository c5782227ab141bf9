"""A reader's own page in a real Chromium, without scripts and on a phone: choosing, moving, leaving, another address, erasing."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from publisher.audience import tokens
from publisher.audience.models import Subscriber, Subscription, Suppression
from publisher.core import clock
from publisher.delivery import reader_letters
from publisher.digests.models import Digest
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import faults, sticks_out
from tests.builders import a_digest, a_subscriber
from tests.fakes.smtp_sink import SmtpSink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("inbox")]

TITLES = {"en": "The week in Almaria", "ar": "الأسبوع في ألماريا"}


@pytest.fixture
def family(transactional_db: None) -> tuple[Digest, Digest]:
    """Weekly and monthly, and another newsletter that is open to all."""
    a_digest(title={"en": "Press releases", "ar": "بيانات صحفية"}, languages=["en", "ar"], open_to_all=True)
    weekly, monthly = (
        a_digest(family="news", rhythm=rhythm, title=TITLES, languages=["en", "ar"])
        for rhythm in ("weekly", "monthly")
    )
    return weekly, monthly


def open_page(page: Page, live_server: LiveServer, subscription: Subscription) -> None:
    link = tokens.write(tokens.Purpose.PREFERENCES, subscription.subscriber_id, subscription.digest_id)
    page.goto(f"{live_server.url}/p/{link}")


def test_a_reader_changes_everything_with_one_press(
    family: tuple[Digest, Digest], live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    weekly, monthly = family
    subscription = a_subscriber(weekly, "lin@example.net")
    page = window(width=360, scripts=False)
    open_page(page, live_server, subscription)
    keep(page, "choices/preferences")
    page.get_by_label("Monthly").check()
    page.get_by_label("Speech").first.check()
    page.get_by_label("Country").first.select_option(label="Kenya")
    page.get_by_text("Press releases", exact=True).click()
    page.get_by_label("Send me this, too").check()
    page.get_by_label("Time zone").select_option("Africa/Nairobi")
    page.get_by_label("Pause").select_option(label="2 weeks")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved. Your next mail follows these choices.")
    expect(page.get_by_label("Monthly").first).to_be_checked()
    assert sticks_out(page) <= 0
    mine = Subscription.objects.get(digest_id=monthly.pk)
    assert (mine.state, mine.selection.kinds, mine.selection.region) == ("paused", ["speech"], "KE")
    assert Subscription.objects.filter(state="paused").count() == 2
    assert Subscriber.objects.get().zone == "Africa/Nairobi"
    page.get_by_label("Pause").select_option(label="Go on now")
    page.get_by_role("button", name="Save").click()
    assert Subscription.objects.filter(state="active").count() == 2


def test_the_page_reads_from_right_to_left_in_arabic_and_is_accessible(
    family: tuple[Digest, Digest], live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    subscription = a_subscriber(family[0], language="ar")
    for width, scheme in ((360, "light"), (1280, "dark")):
        page = window(width=width, scheme=scheme)
        open_page(page, live_server, subscription)
        for summary in page.locator("details:not([open]) > summary").all():
            summary.click()
        assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
        assert faults(page) == []
        assert sticks_out(page) <= 0
        keep(page, f"choices/preferences-ar-{width}")


def test_all_newsletters_are_left_in_two_presses_from_a_mail(
    family: tuple[Digest, Digest], live_server: LiveServer, window: OpenWindow
) -> None:
    subscription = a_subscriber(family[0], "lin@example.net")
    a_subscriber(a_digest(), "lin@example.net")
    page = window(width=360, scripts=False)
    link = tokens.write(tokens.Purpose.UNSUBSCRIBE, subscription.subscriber_id, subscription.digest_id)
    page.goto(f"{live_server.url}/u/{link}")
    page.get_by_role("button", name="Unsubscribe from all our newsletters").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert Subscriber.objects.get().state == "left"


@pytest.fixture
def sink(settings: Any, live_server: LiveServer) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.MAIL, settings.BASE_URL = sink.url, live_server.url
        yield sink


def link_in(sink: SmtpSink, address: str, place: str = "a") -> str:
    """The link in the last mail to an address."""
    taken = [message for message in sink.messages if message.rcpt_to == address][-1]
    message = email.message_from_bytes(taken.data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(rf"http://\S+/{place}/\S+", str(body.get_content()))
    assert found
    return found[0]


def test_mail_goes_to_another_address_once_both_mailboxes_have_said_yes(
    family: tuple[Digest, Digest], sink: SmtpSink, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    subscription = a_subscriber(family[0], "lin@example.net")
    page = window(width=360, scripts=False)
    open_page(page, live_server, subscription)
    page.get_by_label("New e-mail address").fill("lin@nonsense")
    page.get_by_role("button", name="Write to both addresses").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no e-mail address")
    expect(page.get_by_label("New e-mail address")).to_have_value("lin@nonsense")
    page.get_by_label("New e-mail address").fill("lin@example.org")
    page.get_by_role("button", name="Write to both addresses").click()
    expect(page.get_by_role("status")).to_contain_text("writing to both addresses")

    assert reader_letters.send_due(now=clock.now()) == {"sent": 2}
    page.goto(link_in(sink, "lin@example.org"))
    expect(page.get_by_text("Send the mail of l…@example.net to this address from now on?")).to_be_visible()
    keep(page, "choices/address-change")
    page.get_by_role("button", name="Yes, change it").click()
    expect(page.get_by_text("Now the other address has to say yes")).to_be_visible()
    page.goto(link_in(sink, "lin@example.net"))
    page.get_by_role("button", name="Yes, change it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your address is changed")
    assert Subscriber.objects.get().email == "lin@example.org"


def test_the_data_are_downloaded_and_then_everything_is_erased_by_letters_to_the_reader(
    family: tuple[Digest, Digest],
    sink: SmtpSink,
    live_server: LiveServer,
    window: OpenWindow,
    keep: Keep,
    *,
    tmp_path: Path,
) -> None:
    subscription = a_subscriber(family[0], "lin@example.net", name="Lin")
    page = window(width=360, scripts=False)
    open_page(page, live_server, subscription)
    page.get_by_role("button", name="Download my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A mail is on its way")
    expect(page.get_by_role("status")).to_contain_text("l…@example.net")
    assert sticks_out(page) <= 0
    keep(page, "choices/rights-written")
    page.go_back()
    page.get_by_role("button", name="Download my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have written to you already")

    assert reader_letters.send_due(now=clock.now()) == {"sent": 1}
    page.goto(link_in(sink, "lin@example.net", "d"))
    with page.expect_download() as begun:
        page.get_by_role("button", name="Download the file").click()
    begun.value.save_as(tmp_path / "data.json")
    assert begun.value.suggested_filename == "my-data.json"
    assert json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))["person"]["name"] == "Lin"

    open_page(page, live_server, subscription)
    page.get_by_role("button", name="Erase everything about me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A mail is on its way")
    assert reader_letters.send_due(now=clock.now()) == {"sent": 1}
    page.goto(link_in(sink, "lin@example.net", "x"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Erase everything about you?")
    assert Subscriber.objects.exists()
    page.get_by_role("button", name="Erase everything").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything about you is erased")
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("suppressed", [False, True])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_asking_is_answered_is_accessible_on_a_phone(
    family: tuple[Digest, Digest],
    live_server: LiveServer,
    window: OpenWindow,
    keep: Keep,
    *,
    language: str,
    suppressed: bool,
) -> None:
    subscription = a_subscriber(family[0], language=language)
    if suppressed:
        key = subscription.subscriber.email_key
        Suppression.objects.create(email_key=key, reason="bounced", at=clock.now())
    page = window(width=360, scheme="dark" if suppressed else "light")
    open_page(page, live_server, subscription)
    for times in ("", "-again"):
        page.locator('form[action$="/erase"] button').click()
        expect(page.get_by_role("status")).to_be_visible()
        assert faults(page) == []
        assert sticks_out(page) <= 0
        keep(page, f"choices/rights-{'unreachable' if suppressed else 'answer'}-{language}{times}")
        page.go_back()
