"""Takes the pictures of docs/screenshots from the running demo. `make screenshots` calls it; a person looks at them."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from publisher.core import clock
from publisher.delivery.statistics import counting
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
    "dashboard": "/desk/dashboard?days=7",
    "deliveries": "/desk/deliveries",
    "delivery": "/desk/deliveries/1",
    "system": "/desk/system",
}
COLOURS = 128
"""A picture of the desk has few, so that a palette makes it a third as large and looks the same."""


def main() -> int:
    """0 when the demo went well and the pictures were taken."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="publisher-pictures-"))
    return runner.run(folder / "demo", once=True, console=Console(), then=take)


def take(world: World) -> None:
    """Every picture, from the running demo. The database is asked before Playwright's loop runs, in which it may not be."""
    counting.count(now=clock.now())
    pages = PAGES | _pages_of_posts(world)
    with _a_window(world) as page:
        _visit(page, world, pages)
        page.goto(world.mailbox_url)
        _keep(page, "mailbox")
        page.goto(world.sandbox_url, wait_until="networkidle")
        _keep(page, "timeline")
    later = _pages_of_drafts()
    with _a_window(world) as page:
        _visit(page, world, later)
        _pause_a_topic(page, world)
        _keep(page, "pauses")


@contextmanager
def _a_window(world: World) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(
            viewport={"width": 1280, "height": 860}, timezone_id="Asia/Shanghai", locale="en-GB"
        )
        _log_in(page, world)
        yield page
        browser.close()


def _visit(page: Page, world: World, pages: dict[str, str]) -> None:
    for name, path in pages.items():
        # a mail stands in a frame that loads later
        page.goto(world.desk_url + path, wait_until="networkidle")
        _keep(page, name)


def _keep(page: Page, name: str) -> None:
    """The picture of what the window shows."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


def _pages_of_drafts() -> dict[str, str]:
    """The composer of an item with a picture, a post that one of two has approved, and a calendar of posts with times."""
    from django.contrib.auth.models import User
    from django.db import transaction

    from publisher.people import roles
    from publisher.people.permissions import EDITOR
    from publisher.review import comments
    from publisher.review.models import Kind
    from publisher.social import approval, saving
    from publisher.social.models import Channel, Post

    colleague = User.objects.create_user("ilse.marrow", "ilse.marrow@office.example.org")
    roles.give(colleague, EDITOR)
    now = clock.now()
    drafts = Post.objects.filter(state=Post.State.DRAFT, language="en").exclude(link="").order_by("pk")
    post = next(each for each in drafts.filter(channel__network="sandbox") if each.pictures)
    morning = now.astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=9, minute=30, second=0, microsecond=0)
    for number, each in enumerate(drafts.exclude(item=post.item)[:14]):
        at = morning + timedelta(days=1 + number % 12, hours=number % 5)
        saving.approve_at(each.pk, user=colleague, version=each.version, at=at, override="", now=now)
    Channel.objects.filter(pk=post.channel_id).update(approvals=2)
    with transaction.atomic():
        approval.approve(post.pk, user=colleague, version=post.version, now=now)
        said = "The figures are right. Please look at the name of the island once more."
        comments.say(Kind.POST, post.pk, user=colleague, text=said, now=now)
    return {
        "approval": f"/desk/posts/{post.pk}",
        "composer": f"/desk/items/{post.item_id}/compose",
        "calendar": f"/desk/calendar?date={morning + timedelta(days=8):%Y-%m-%d}",
    }


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
