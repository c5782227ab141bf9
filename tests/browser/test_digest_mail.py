"""The mails in a real browser: no accessibility violation, no sideways scrolling, readable when dark and bare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from publisher.render.digest import render_alert, render_digest
from publisher.render.letter import render_letter
from publisher.render.slots import cut, join
from publisher.render.views import DigestView
from publisher.render.words import greeting
from tests.render.samples import a_digest, an_item

pytestmark = pytest.mark.browser

LANGUAGES = ["en", "zh-Hans", "ar"]
# A mail is one article, which its wrapper declares; landmarks around it are the mail program's.
NOT_FOR_MAILS = {"region", "landmark-one-main"}


@dataclass(frozen=True)
class Screen:
    """One page of the browser, cut off from any network, used for one mail after the other."""

    page: Page

    def show(self, html: str, *, width: int = 640, dark: bool = False) -> Page:
        """The page with the mail on it."""
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.set_content(html)
        return self.page


@pytest.fixture(scope="module")
def screen(browser: Browser) -> Iterator[Screen]:
    page = browser.new_page()
    page.route("**/*", _refuse)
    yield Screen(page)
    page.close()


def html_of(view: DigestView, name: str = "Sofia") -> str:
    return _joined(render_digest(view).html, view.language, name)


def alert_of(view: DigestView) -> str:
    return _joined(render_alert(view).html, view.language, "Sofia")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_a_digest(screen: Screen, language: str, dark: bool) -> None:
    page = screen.show(html_of(a_digest(language)), dark=dark)
    assert violations(page) == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_an_alert(screen: Screen, language: str, dark: bool) -> None:
    assert violations(screen.show(alert_of(a_digest(language)), dark=dark)) == []


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_in_a_letter_and_it_fits(screen: Screen, dark: bool) -> None:
    text = f"تحية طيبة،\n\nغيّر ما يصلك: https://news.office.example.org/p/{'x~A-' * 20}\n\n1 Harbour Road, Almaria"
    page = screen.show(render_letter("مرحبا", text, language="ar", links=True), width=320, dark=dark)
    # a letter's only heading is its subject, above it in the mail program
    assert [each for each in violations(page) if not each.startswith("page-has-heading-one")] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_axe_finds_nothing_with_an_unlucky_accent_and_other_languages(screen: Screen) -> None:
    view = a_digest(accent="#ffee00", items=(an_item(0, "ar"), an_item(3, "zh-Hans"), an_item(4)))
    assert violations(screen.show(html_of(view))) == []
    assert violations(screen.show(alert_of(view), dark=True)) == []


@pytest.mark.parametrize("width", [320, 375, 480, 640])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_scrolls_sideways(screen: Screen, language: str, width: int) -> None:
    for html in (html_of(a_digest(language)), alert_of(a_digest(language))):
        page = screen.show(html, width=width)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_long_words_and_addresses_do_not_scroll_sideways(screen: Screen) -> None:
    item = an_item(title="Donaudampfschiff" * 8, summary="https://e.org/" + "a" * 300, topics=("b" * 120,))
    for html in (html_of(a_digest(items=(item, item))), alert_of(a_digest(items=(item,)))):
        assert screen.show(html, width=320).evaluate("document.documentElement.scrollWidth") == 320


def test_pictures_stand_beside_the_text_and_above_it_on_a_phone(screen: Screen) -> None:
    html = html_of(a_digest())
    picture, heading = "img >> nth=1", "h2 >> nth=3"
    page = screen.show(html, width=640)
    assert abs(top(page, heading) - top(page, picture)) < 60
    assert left(page, picture) + 150 < left(page, heading)
    page = screen.show(html, width=320)
    assert top(page, picture) + 100 < top(page, heading)
    assert left(page, picture) == left(page, heading)


def test_right_to_left_begins_at_the_right(screen: Screen) -> None:
    page = screen.show(html_of(a_digest("ar")))
    aligned = page.eval_on_selector_all(
        "h1, h2, .ink p",
        "nodes => nodes.map(node => getComputedStyle(node).textAlign + getComputedStyle(node).direction)",
    )
    assert set(aligned) <= {"rightrtl", "startrtl"}
    assert left(page, "img >> nth=1") > left(page, "h2 >> nth=3")


def test_without_pictures_their_texts_are_shown(screen: Screen) -> None:
    items = tuple(
        replace(item, image_url="https://pictures.invalid/a.jpg") if item.image_url else item
        for item in a_digest().items
    )
    page = screen.show(html_of(a_digest(items=items)))
    assert page.locator("img").first.get_attribute("alt") == "Children walk over the new stone embankment"
    assert page.locator("img").first.evaluate("node => node.getBoundingClientRect().height") > 12


def test_the_preheader_is_hidden_from_readers(screen: Screen) -> None:
    page = screen.show(html_of(a_digest(intro="")))
    assert not page.get_by_text(
        "Almaria and eleven partners agree on a plan for clean city air ·"
    ).is_visible()


def test_the_sender_greets_by_name(screen: Screen) -> None:
    assert (
        screen.show(html_of(a_digest(), name="O'Neil & <co>")).get_by_text("Dear O'Neil & <co>,").is_visible()
    )


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["id"] not in NOT_FOR_MAILS
        for node in one["nodes"]
    ]


def top(page: Page, selector: str) -> float:
    return float(page.locator(selector).evaluate("node => node.getBoundingClientRect().top"))


def left(page: Page, selector: str) -> float:
    return float(page.locator(selector).evaluate("node => node.getBoundingClientRect().left"))


def _joined(html: str, language: str, name: str) -> str:
    links = dict.fromkeys(("preferences_url", "unsubscribe_url", "web_url"), "https://almaria.example.org/p")
    return join(cut(html, "html"), {**links, "greeting": greeting(language, name)})


def _refuse(route: Route) -> None:
    if route.request.url.startswith(("data:", "about:")):
        route.continue_()
    else:
        route.abort()
