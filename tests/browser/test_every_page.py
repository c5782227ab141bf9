"""Each page of the desk and the site, in each colour scheme and width: no accessibility fault, nothing sticks out."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import Keep, OpenWindow
from tests.browser.world import PASSWORD, World, build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WITH_COLOUR_OR_SIZE = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
"""The rules that a page can break in one colour scheme or window and keep in another."""
WIDTHS = {"light": (768, 1280, 1920, 360), "dark": (768, 360, 1280)}
"""The windows of each colour scheme; axe looks in the last one. It takes a second a page."""
LANGUAGES = {"light": "en", "dark": "zh-hans"}
"""In which the desk is looked at: words are as long as they are."""
MAILS = {"web-version"}
"""The mail itself: its own templates and tests answer for what is in it."""


def log_in(page: Page, base: str, name: str = "mira") -> None:
    page.goto(f"{base}/desk/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/desk/")


def speak(page: Page, language: str, base: str) -> None:
    """Choose the language of the desk, as its foot does."""
    page.context.add_cookies([{"name": "desk_language", "value": language, "url": base}])


def sticks_out(page: Page) -> int:
    """By how many pixels the page is wider than its window, once its styles are there.

    A click is over as soon as the next page begins to arrive. Expect something of that page first: else it may be the page before
    that is measured here, or none.
    """
    page.wait_for_load_state("load")
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def faults(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds, by all rules or only by these."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    options = {"runOnly": only, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    return [
        f"{fault['id']}: {node['target']} {node.get('failureSummary', '')[:300]}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]


def wrong_with(page: Page, name: str, scheme: str, keep: Keep, *, examined: bool = True) -> list[str]:
    """What is wrong with a loaded page in the windows of a scheme; by all rules in the light one. Leaves the page in the last."""
    wrong: list[str] = []
    for width in WIDTHS[scheme]:
        page.set_viewport_size({"width": width, "height": 900})
        keep(page, f"{width}-{scheme}/{name}", detail=(scheme, width) != ("light", 360))
        over = sticks_out(page)
        if over > 0:
            wrong.append(f"sticks out by {over} px of {width}")
    return wrong + (faults(page, WITH_COLOUR_OR_SIZE if scheme == "dark" else None) if examined else [])


@pytest.mark.timeout(1200)  # about a hundred pages, in three windows each
@pytest.mark.parametrize("scheme", WIDTHS)
def test_every_page_is_accessible_and_fits(
    scheme: str, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    world: World = build()
    page = window(width=WIDTHS[scheme][-1], scheme=scheme, pictures=True)
    wrong: dict[str, list[str]] = {}

    def look(name: str) -> None:
        if found := wrong_with(page, name, scheme, keep, examined=name not in MAILS):
            wrong[name] = found

    def visit(pages: dict[str, str]) -> None:
        for name, address in pages.items():
            page.goto(live_server.url + address, wait_until="load")
            look(name)

    visit(world.site_pages)
    page = window(width=WIDTHS[scheme][-1], scheme=scheme)
    log_in(page, live_server.url)
    speak(page, LANGUAGES[scheme], live_server.url)
    visit(world.desk_pages)
    page.goto(live_server.url + world.desk_pages["edition-waiting"])
    with page.expect_navigation(wait_until="load"):  # styles included: a click alone waits for less
        page.locator("button.primary[formaction$='/approve']").click()
    look("edition-asks")
    assert wrong == {}


def fonts_of(page: Page, selector: str) -> set[str]:
    """The fonts that draw the text of an element."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    found = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})
    return {font["familyName"] for font in found["fonts"]}


def test_quotes_in_latin_text_are_not_drawn_by_a_font_for_chinese(
    live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    page.goto(f"{live_server.url}/desk/login")
    page.evaluate(
        """() => {
            const main = document.querySelector("main")
            for (const [id, tag, text] of [["latin", "p", "“Rain” – it’s…"], ["code", "code", "“250”"], ["chinese", "p", "雨"]]) {
                main.append(Object.assign(document.createElement(tag), {id, textContent: text}))
            }
        }"""
    )
    assert not any("CJK" in name for name in fonts_of(page, "#latin") | fonts_of(page, "#code"))
    assert any("CJK" in name for name in fonts_of(page, "#chinese"))
