"""The public pages in the languages of readers, Chinese and Arabic: no accessibility fault, nothing sticks out, light and dark.

`test_every_page.py` looks at them in English.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from publisher.audience.models import AddressChange, ReaderLetter, Selection, SignUp
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import MAILS, WIDTHS, wrong_with
from tests.browser.world import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OF_STAFF = ("login", "invitation", "invitation-dead", "reset-ask", "reset", "reset-done", "not-found")
"""In the languages of the desk, which are others."""
NAMED_BY_ADDRESS = ("archive",)
"""Their language stands in their address: all are looked at in English's turn."""
DIRECTIONS = {"zh-Hans": "ltr", "ar": "rtl"}


def speaks(page: Page) -> tuple[str, str]:
    """The language and direction that the page says of itself."""
    found = page.evaluate("[document.documentElement.lang, getComputedStyle(document.body).direction]")
    return found[0], found[1]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("language", DIRECTIONS)
def test_public_pages_are_accessible_and_fit_in_a_readers_language(
    language: str, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    world = build()
    for rows in (
        Selection,
        SignUp,
        AddressChange,
        ReaderLetter,
    ):  # each page is in the language of what its link names
        rows.objects.update(language=language)
    addresses = {
        name: address
        for name, address in world.site_pages.items()
        if name not in OF_STAFF and not name.startswith(NAMED_BY_ADDRESS) and "lang=" not in address
    }
    assert len(addresses) >= 7
    wrong: dict[str, object] = {}
    for scheme in WIDTHS:
        page = window(width=WIDTHS[scheme][-1], scheme=scheme, locale=language, pictures=True)
        for name, address in addresses.items():
            page.goto(live_server.url + address, wait_until="load")
            examined = name not in MAILS and scheme == "light"  # the colours are those of the English pages
            if found := wrong_with(page, f"{language}-{name}", scheme, keep, examined=examined):
                wrong[f"{name} {scheme}"] = found
            if name not in MAILS and speaks(page) != (language, DIRECTIONS[language]):
                wrong[f"{name} {scheme} speaks"] = speaks(page)
    assert wrong == {}
