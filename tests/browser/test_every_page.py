"""Each page of the desk and the site, in each colour scheme and width: no accessibility fault, nothing sticks out."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import SCREENSHOTS, OpenWindow
from tests.browser.world import PASSWORD, World, build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MAILS = {"web-version"}
"""The mail itself: its own templates and tests answer for what is in it."""


def log_in(page: Page, base: str, name: str = "mira") -> None:
    page.goto(f"{base}/desk/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/desk/")


def sticks_out(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [
        f"{fault['id']}: {node['target']} {node.get('failureSummary', '')[:300]}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_page_is_accessible_and_fits(
    width: int, scheme: str, live_server: LiveServer, window: OpenWindow
) -> None:
    world: World = build()
    page = window(width=width, scheme=scheme)
    wrong: dict[str, list[str]] = {}

    def visit(pages: dict[str, str]) -> None:
        for name, address in pages.items():
            page.goto(live_server.url + address, wait_until="load")
            folder = SCREENSHOTS / f"{width}-{scheme}"
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name}.png", full_page=True)
            found = [] if name in MAILS else faults(page)
            over = sticks_out(page)
            if over > 0:
                found.append(f"sticks out by {over} px")
            if found:
                wrong[name] = found

    visit(world.site_pages)
    log_in(page, live_server.url)
    visit(world.desk_pages)
    assert wrong == {}
