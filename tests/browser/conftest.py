"""A real Chromium, as Debian packages it, and a window of the size and colours that a test asks for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from django.core.servers.basehttp import WSGIRequestHandler
from playwright.sync_api import Browser, Page, Request, Route, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",  # nothing leaves this machine
]
SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
PICTURES = "https://office.example.org/img/"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="320"><rect width="600" height="320" fill="#8fb3a3"/></svg>'
HERE = ("localhost", "127.0.0.1")
OpenWindow = Callable[..., Page]
HIDDEN_UNTIL_LOADED = """
if (window === top) {
    const hidden = new CSSStyleSheet()
    hidden.replaceSync("html { visibility: hidden }")
    document.adoptedStyleSheets = [hidden]
    addEventListener("load", () => { document.adoptedStyleSheets = [] })
}
"""
"""What is typed or pressed before a page's scripts are there is lost to them. Playwright types into what it sees, and then waits.
It does not for `keyboard.press` and `focus`: these need `page.wait_for_load_state()` after a click that led to another page."""
expect.set_options(timeout=30_000)  # milliseconds: the machine may be busy; no test asserts a time


class Keep(Protocol):
    """Keeps a picture of a page under a name; a `detail` only when all are wanted."""

    def __call__(self, page: Page, name: str, *, detail: bool = False) -> None: ...


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Keep:
    """Keeps a picture of a page as `screenshots/NAME.jpeg`, with `--write-screenshots` only: each takes a third of a second."""
    wanted = request.config.getoption("--write-screenshots")

    def picture(page: Page, name: str, *, detail: bool = False) -> None:
        if wanted == "all" or (wanted == "some" and not detail):
            page.screenshot(path=SCREENSHOTS / f"{name}.jpeg", type="jpeg", quality=80, full_page=True)

    return picture


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Lets `window` know, when it is closed, that the test failed."""
    report = yield
    if call.when == "call":
        item.stash[_FAILED] = report.failed
    return report


def slow_down(page: Page, times: int) -> None:
    """Let a page think this many times slower, and keep no script between two pages."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})


@pytest.fixture(autouse=True)
def _late_scripts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--slow-browser` a page can be seen long before its scripts are there."""
    if not request.config.getoption("--slow-browser"):
        return
    environ = WSGIRequestHandler.get_environ

    def late(handler: WSGIRequestHandler) -> dict[str, Any]:
        if handler.path.partition("?")[0].endswith(".js"):
            time.sleep(1)
        return environ(handler)

    monkeypatch.setattr(WSGIRequestHandler, "get_environ", late)


@pytest.fixture
def window(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenWindow]:
    """Opens a window: `window(width=360, scheme="dark", scripts=False)`. Whatever the page complains about fails the test.

    `plays`: a host that the test answers for. `pictures`: those of a mail are there. Only where they are wanted: Chromium then
    keeps no style or script between two pages.

    Of a test that fails each window is kept as `screenshots/failed/TEST-n.png`, as it was then.
    """
    contexts = []
    complaints: list[str] = []

    def draw(route: Route) -> None:
        route.fulfill(body=PICTURE, content_type="image/svg+xml")

    def watch(request: Request, here: Sequence[str]) -> None:
        """Only pictures of a mail may be asked of other hosts, and none from a page of the desk."""
        address = urlsplit(request.url)
        wanted = request.url.startswith(PICTURES) and "/desk" not in request.frame.page.url
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in here and not wanted:
            complaints.append(f"asked another host: {request.url}")

    def open_window(
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        scripts: bool = True,
        locale: str = "en-GB",
        pictures: bool = False,
        plays: str = "",
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
            timezone_id="Europe/Berlin",
            locale=locale,
        )
        contexts.append(context)
        context.on("request", lambda request: watch(request, (*HERE, plays)))
        if pictures:
            context.route(f"{PICTURES}**", draw)
        if scripts:
            context.add_init_script(HIDDEN_UNTIL_LOADED)
        page = context.new_page()
        if slow := request.config.getoption("--slow-browser"):
            slow_down(page, slow)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_window
    for number, context in enumerate(contexts):
        if request.node.stash.get(_FAILED, False) and context.pages:
            name = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
            context.pages[-1].screenshot(path=SCREENSHOTS / "failed" / f"{name}-{number}.png")
        context.close()
    assert [text for text in complaints if "the server responded with a status of 4" not in text] == []
