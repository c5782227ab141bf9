"""Takes the pictures of docs/screenshots from the running demo. `make screenshots` calls it; a person looks at them."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from publisher.core import clock
from publisher.demo import runner
from publisher.demo.sample import load
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
    "channels": "/desk/channels",
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
    pages = PAGES | _pages_of_posts(
        world
    )  # asked before Playwright's loop runs, in which the database may not be
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(
            viewport={"width": 1280, "height": 860}, timezone_id="Asia/Shanghai", locale="en-GB"
        )
        _log_in(page, world)
        for name, path in pages.items():
            page.goto(
                world.desk_url + path, wait_until="networkidle"
            )  # a mail stands in a frame that loads later
            page.screenshot(path=FOLDER / f"{name}.png")
        _pause_a_topic(page, world)
        page.screenshot(path=FOLDER / "pauses.png")
        page.goto(world.mailbox_url)
        page.screenshot(path=FOLDER / "mailbox.png")
        page.goto(world.sandbox_url, wait_until="networkidle")
        page.screenshot(path=FOLDER / "timeline.png")
        browser.close()


def _pages_of_posts(world: World) -> dict[str, str]:
    """The posts that were sent about an item that has changed since, and the one that a person is to post.

    Each channel is checked on the way, as it would be within a minute.
    """
    from publisher.items import stream
    from publisher.social import health
    from publisher.social.models import Channel, Post

    for channel_id in Channel.objects.values_list("pk", flat=True):
        health.check(channel_id, now=clock.now())

    sent = Post.objects.filter(state=Post.State.SENT, language__startswith="en").latest("pk")
    events = (json.loads(event) for event in load.events(clock.now(), world.site_url))
    event = next(each for each in events if each["data"]["title"] == sent.item.title)
    event["id"] += "-corrected"
    event["time"] = clock.now().isoformat()
    event["data"]["title"] += ", ten years on"
    stream.add(json.dumps(event).encode())
    while sent.item.revision == 1:  # the demo ends when it is interrupted
        time.sleep(0.2)
        sent.item.refresh_from_db()
    handed = Post.objects.get(state=Post.State.HANDED)
    return {"correct": f"/desk/items/{sent.item_id}/correct", "hand": f"/desk/posts/{handed.pk}/hand"}


def _pause_a_topic(page: Page, world: World) -> None:
    page.goto(f"{world.desk_url}/desk/pauses")
    page.get_by_text("Goals (").click()
    page.get_by_label("Goal 14: Life below water").check()
    page.get_by_label("Why").fill("A tanker has run aground; the ministry speaks first")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Yes, pause it").click()
    page.wait_for_url("**/desk/pauses")


def _log_in(page: Page, world: World) -> None:
    page.goto(f"{world.desk_url}/desk/")
    page.get_by_label("Name").fill("demo")
    page.get_by_label("Password").fill(world.password)
    page.get_by_role("button").first.click()
    page.wait_for_url("**/desk/")


if __name__ == "__main__":
    sys.exit(main())
