"""From the form to the first choice, in a real Chromium and over real SMTP: with scripts, without, when forms come fast."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from publisher.audience.models import Selection, SignUp, Subscription
from publisher.audience.signing_up import challenge, stamps
from publisher.audience.signing_up.rates import parse_rates
from publisher.core import clock
from publisher.delivery import reader_letters
from publisher.digests.models import Digest, EditionItem, Variant
from publisher.digests.signing_up import snippet
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import wrong_with
from tests.builders import a_digest, a_sending_edition, an_item
from tests.fakes.smtp_sink import SmtpSink

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("inbox", "sink", "digest"),
]


@pytest.fixture
def sink(settings: Any, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpSink]:
    monkeypatch.setattr(stamps, "QUICKEST", timedelta(0))  # a test types faster than a person
    with SmtpSink() as sink:
        settings.MAIL, settings.BASE_URL = sink.url, live_server.url
        yield sink


@pytest.fixture
def digest(transactional_db: None) -> Digest:
    """Open to all, with an edition that was sent."""
    made = a_digest(
        slug="weekly",
        open_to_all=True,
        title={"en": "The week in Almaria", "ar": "أسبوع ألماريا"},
        languages=["en", "ar"],
    )
    edition = a_sending_edition(made, mails=0)
    edition.state = "sent"
    edition.save()
    EditionItem.objects.create(edition=edition, item=an_item(), revision=1, position=0)
    for language, html in (("en", "<h1>Terraces carry water</h1>"), ("ar", "<h1>المدرجات تحمل الماء</h1>")):
        Variant.objects.create(edition=edition, mask=1, language=language, html=html, text="x")
    return made


def read(sink: SmtpSink) -> tuple[str, list[str]]:
    """The subject of the last mail and the addresses in it."""
    assert reader_letters.send_due(now=clock.now()) == {"sent": 1}
    message = email.message_from_bytes(sink.messages[-1].data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return str(message["Subject"]), re.findall(r"http://\S+/[a-z]/\S+", str(body.get_content()))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_reader_signs_up_confirms_reads_and_chooses(
    sink: SmtpSink, live_server: LiveServer, window: OpenWindow, keep: Keep, scripts: bool
) -> None:
    page = window(width=360, scripts=scripts)
    page.goto(live_server.url)
    page.get_by_role("link", name="Subscribe to our newsletters").click()
    page.get_by_label("E-mail address").fill("ilse+news@example.net")
    page.get_by_text("Only some topics or kinds of content").click()
    page.get_by_label("Story").check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    if scripts:
        assert wrong_with(page, "subscribe-done", "light", keep) == []
        assert SignUp.objects.get().zone == "Europe/Berlin"
    subject, links = read(sink)
    assert subject == "Please confirm: “The week in Almaria”"
    page.goto(links[0])
    page.get_by_role("button", name="Yes, subscribe me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have confirmed it")
    expect(page.get_by_role("link", name="Read the latest edition")).to_be_visible()
    subject, links = read(sink)
    assert subject == "Welcome to “The week in Almaria”"
    latest, preferences, _unsubscribe = links
    page.goto(latest)
    expect(page.get_by_role("heading", name="Terraces carry water")).to_be_visible()
    page.goto(preferences)
    expect(page.get_by_label("Story")).to_be_checked()
    page.get_by_label("Video").check()
    page.get_by_role("button", name="Save").click()
    assert Selection.objects.get(subscription__subscriber__email="ilse+news@example.net").kinds == [
        "story",
        "video",
    ]
    assert page.context.cookies() == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_mistyped_provider_is_asked_about_and_one_press_mends_it(
    live_server: LiveServer, window: OpenWindow, keep: Keep, scripts: bool
) -> None:
    page = window(width=360, scripts=scripts)
    page.goto(f"{live_server.url}/subscribe/weekly")
    page.get_by_label("E-mail address").fill("mira@gmial.com")
    page.get_by_label("Name (optional)").fill("Mira")
    page.get_by_role("button", name="Subscribe").click()
    question = page.get_by_role("group", name="Did you mean mira@gmail.com?")
    expect(question).to_be_visible()
    expect(page.get_by_label("Name (optional)")).to_have_value("Mira")
    if scripts:
        assert wrong_with(page, "subscribe-mistyped", "light", keep) == []
    question.get_by_label("Use mira@gmail.com").check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    assert SignUp.objects.get().email == "mira@gmail.com"


def test_when_the_right_address_is_typed_in_place_of_an_answer_it_counts(
    live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    page.goto(f"{live_server.url}/subscribe/weekly?lang=ar")
    page.get_by_label("عنوان البريد الإلكتروني").fill("mira@gmial.com")
    page.get_by_role("button", name="اشترك", exact=True).click()
    page.get_by_role("group", name="mira@gmail.com").get_by_role("radio").first.check()
    page.get_by_label("عنوان البريد الإلكتروني").fill("mira@gmx.net")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("انظر في صندوق بريدك")
    assert SignUp.objects.get().email == "mira@gmx.net"


def test_the_way_in_arabic(sink: SmtpSink, live_server: LiveServer, window: OpenWindow, keep: Keep) -> None:
    page = window(width=360)
    page.goto(f"{live_server.url}/subscribe/weekly")
    page.get_by_role("link", name="العربية").click()
    page.get_by_label("عنوان البريد الإلكتروني").fill("ilse@example.net")
    page.get_by_label("العربية", exact=True).check()
    page.get_by_role("button", name="اشترك", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("انظر في صندوق بريدك")
    assert wrong_with(page, "subscribe-done-ar", "light", keep) == []
    subject, links = read(sink)
    assert "أسبوع ألماريا" in subject
    page.goto(links[0])
    assert page.locator("html").get_attribute("dir") == "rtl"
    page.get_by_role("button", name="نعم، أريد الاشتراك").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("تم التأكيد")
    assert Subscription.objects.select_related("selection").get().selection.language == "ar"


def test_a_form_that_was_copied_into_a_page_of_another_site_works_there_without_scripts(
    digest: Digest, live_server: LiveServer, window: OpenWindow
) -> None:
    copied = snippet(digest, "ar", base_url=live_server.url)
    page = window(scripts=False, plays="site.example.org")
    there = "http://site.example.org/news?reader=7"
    html = f"<!doctype html><title>News</title>{copied}"
    page.route(there, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    page.goto(there)
    page.get_by_label("عنوان البريد الإلكتروني").fill("ilse@example.net")
    page.get_by_role("button", name="اشترك").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("انظر في صندوق بريدك")
    assert page.url == f"{live_server.url}/subscribe/weekly"
    assert page.context.cookies() == []
    assert SignUp.objects.get().page == "http://site.example.org/"


def test_when_forms_come_fast_the_browser_works_for_it(
    live_server: LiveServer, window: OpenWindow, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenge, "COST", 50)
    settings.SIGN_UP_LIMITS = parse_rates("proof=1/h")
    page = window()
    for name in ("one", "two"):
        page.goto(f"{live_server.url}/subscribe/weekly")
        assert bool(page.locator("form").get_attribute("data-task")) is (name == "two")
        page.get_by_label("E-mail address").fill(f"{name}@example.net")
        page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    assert SignUp.objects.count() == 2
    page = window(scripts=False)
    page.goto(f"{live_server.url}/subscribe/weekly")
    expect(
        page.get_by_text("Please try again in an hour, or write to news@office.example.org.")
    ).to_be_visible()
    page.get_by_label("E-mail address").fill("three@example.net")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("alert")).to_contain_text("your browser does not run the script")
    expect(page.get_by_text("press the button once more")).to_be_hidden()
    expect(page.get_by_label("E-mail address")).to_have_value("three@example.net")
    assert SignUp.objects.count() == 2


def test_what_is_wrong_is_marked_and_the_page_stays_whole(
    live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    page = window()
    page.goto(f"{live_server.url}/subscribe/weekly?lang=zh")
    page.get_by_label("电子邮箱").fill("noreply@example.net")
    page.get_by_role("button", name="订阅", exact=True).click()
    expect(page.get_by_text("这是系统邮箱")).to_be_visible()
    assert wrong_with(page, "subscribe-refused", "light", keep) == []
