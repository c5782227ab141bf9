"""The mailbox's pages in a real browser: accessible, nothing sticks out, nothing is asked of other hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import WIDTHS, wrong_with
from tests.demo.mailbox.test_mailbox import Mailbox, a_mail, outgoing, start

HTML = '<!doctype html><html lang="en"><title>News</title><main><h1>Wells</h1><p>Twelve <b>opened</b>.</p></main></html>'

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    process, running = start(tmp_path_factory.mktemp("mailbox"))
    running.send(
        outgoing(1, a_mail(html=HTML)),
        outgoing(2, a_mail("每周新闻：十二口水井在山谷中开放", "国家办事处", HTML)),
        outgoing(3, a_mail("Long " + "unbroken" * 40, html=HTML)),
        outgoing(4, a_mail("أخبار الأسبوع من المكتب القطري", "المكتب", HTML)),
    )
    yield running
    process.terminate()
    process.wait(timeout=10)


PAGES = {
    "list": "/",
    "found": "/?q=wells",
    "nothing": "/?q=zebra",
    "html": "/messages/1",
    "text": "/messages/2/text",
    "headers": "/messages/3/headers",
    "source": "/messages/3/source",
    "missing": "/messages/99",
}


@pytest.mark.parametrize("scheme", WIDTHS)
def test_every_page_of_the_mailbox_is_accessible_and_fits(
    mailbox: Mailbox, window: OpenWindow, keep: Keep, scheme: str
) -> None:
    page = window(width=WIDTHS[scheme][-1], scheme=scheme)
    wrong = {}
    for name, path in PAGES.items():
        page.goto(mailbox.url + path, wait_until="load")
        if found := wrong_with(page, f"mailbox-{name}", scheme, keep):
            wrong[name] = found
    assert wrong == {}


def test_a_message_is_found_and_read_by_keyboard_alone(mailbox: Mailbox, window: OpenWindow) -> None:
    page = window(scripts=False)
    page.goto(mailbox.url)
    page.get_by_label("Search subject, name or address").fill("水井")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="每周新闻").focus()
    page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    frame.get_by_text("opened").wait_for()
    page.get_by_role("link", name="Text").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Twelve wells opened.").wait_for()
