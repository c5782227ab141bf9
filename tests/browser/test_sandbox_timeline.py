"""The sandbox timeline in a real browser, wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings

from publisher.demo.sample import pictures
from publisher.social.media import store
from publisher.social.networks.base import Account, Card, Part, Picture
from publisher.social.networks.sandbox.network import SANDBOX
from publisher.social.networks.sandbox.server import Server
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import WIDTHS, wrong_with
from tests.fakes.sandbox import sandbox

pytestmark = pytest.mark.browser

RAIN = "https://office.example.org/rain"
POSTS = [
    ("Almaria Office", "en", "Forty families share what they learned.\n\n#ZeroHunger #ClimateAction", RAIN),
    ("阿尔马里亚办公室", "zh", "北部河谷的四十户农家分享他们学到的经验。\n\n#零饥饿 #气候行动", RAIN),
    ("مكتب ألماريا", "ar", "أربعون أسرة في الوادي الشمالي تتبادل ما تعلمته.", RAIN),
    ("Almaria Office", "en", "a" * 300, ""),
    ("Almaria Office", "en", "Read on: https://office.example.org/" + "long-" * 40, ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sandbox")
    with override_settings(MEDIA_ROOT=folder / "media"), sandbox(folder) as server:
        drawn = [store.put(pictures.png(paint)) for paint in (pictures.terraces, pictures.lighthouse)]
        for number, (name, language, text, link) in enumerate(POSTS):
            account = Account(number, name, {"token": "t"}, {"url": server.url})
            card = Card(
                "Farmers of the valley share what they learned", "Seeds, soil and rain: " + "notes. " * 40
            )
            shown = tuple(
                Picture(digest, "A striped lighthouse above grey waves") for digest in drawn[:number]
            )
            part = Part(f"{text}\n{link}".strip(), link, language, card if link else None, pictures=shown)
            SANDBOX.publish(account, SANDBOX.prepare(part, account, f"key-{number}"))
        yield server


@pytest.mark.parametrize("path", ["/", "/posts/2", "/accounts/Almaria%20Office", "/nowhere"])
@pytest.mark.parametrize("scheme", WIDTHS)
def test_every_page_is_accessible_and_fits(
    window: OpenWindow, keep: Keep, network: Server, path: str, scheme: str
) -> None:
    page = window(width=WIDTHS[scheme][-1], scheme=scheme)
    page.goto(network.url + path)
    assert wrong_with(page, f"sandbox{path.replace('/', '-')}", scheme, keep) == []


def test_the_timeline_reads_without_scripts_and_leads_to_the_post(
    window: OpenWindow, network: Server
) -> None:
    page = window(scripts=False)
    page.goto(network.url)
    assert page.locator("article").count() == len(POSTS)
    page.locator("article a.when").last.click()
    assert page.url == f"{network.url}/posts/1"
    assert page.locator("article").count() == 1


def test_an_empty_network_is_accessible_too(window: OpenWindow, tmp_path: Path) -> None:
    with sandbox(tmp_path) as server:
        page = window(width=360)
        page.goto(server.url)
        assert Axe().run(page).response["violations"] == []
