"""Takes the pictures of docs/screenshots from the running demo. `make screenshots` calls it; a person looks at them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from publisher.demo import runner
from publisher.demo.world import World

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = {
    "desk": "/desk/",
    "items": "/desk/items",
    "item": "/desk/items/1",
    "posts": "/desk/posts",
    "edition": "/desk/editions/1",
    "deliveries": "/desk/deliveries",
    "delivery": "/desk/deliveries/1",
}


def main() -> int:
    """0 when the demo went well and the pictures were taken."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="publisher-pictures-"))
    return runner.run(folder / "demo", once=True, console=Console(), then=take)


def take(world: World) -> None:
    """Every picture, from the running demo."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        _log_in(page, world)
        for name, path in PAGES.items():
            page.goto(
                world.desk_url + path, wait_until="networkidle"
            )  # a mail stands in a frame that loads later
            page.screenshot(path=FOLDER / f"{name}.png")
        page.goto(world.mailbox_url)
        page.screenshot(path=FOLDER / "mailbox.png")
        page.goto(world.sandbox_url)
        page.screenshot(path=FOLDER / "timeline.png")
        browser.close()


def _log_in(page: Page, world: World) -> None:
    page.goto(f"{world.desk_url}/desk/")
    page.get_by_label("Name").fill("demo")
    page.get_by_label("Password").fill(world.password)
    page.get_by_role("button").first.click()
    page.wait_for_url("**/desk/")


if __name__ == "__main__":
    sys.exit(main())
