"""The demo's story, told as it happens. The service's own processes do the work; this only feeds them, approves and watches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import django
from rich.console import Console
from rich.table import Table

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.demo.sample import load, pictures
from publisher.demo.world import World

if TYPE_CHECKING:
    from publisher.demo.checks import Report
    from publisher.digests.models import Edition
    from publisher.social.models import Channel

READERS = 300
APPROVED = 2
HANDED = 1
"""Posts that are approved for a network whose posts a person publishes."""
PATIENCE = 60.0
DUE_IN = timedelta(seconds=1)


def run(folder: Path, *, once: bool, console: Console, then: Callable[[World], None] | None = None) -> int:
    """Play the demo in `folder`; 0 when everything was as it should be, else 1. Without `once` it stays until Ctrl-C.

    `then` is called with the running world after the summary (the pictures of the documentation are taken so).
    """
    started = time.monotonic()
    with World(folder) as world:
        console.print("[bold]Publisher[/bold]: from a new item to a delivered digest and a published post\n")
        with console.status("Starting PostgreSQL, Valkey, web, worker and beat …"):
            world.start_service()
        _said(console, "The service runs", f"{time.monotonic() - started:.1f} s")
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        report = _Story(world, console).play()
        _summary(console, report, time.monotonic() - started)
        _addresses(console, world)
        if then:
            then(world)
        if once:
            return 0 if report.ok else 1
        console.print("\nEverything stays up until you press Ctrl-C.")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            console.print("\nStopping.")
        return 0 if report.ok else 1


class _Story:
    """The steps in order. Models are imported here, since Django is ready only once the demo's settings are chosen."""

    def __init__(self, world: World, console: Console) -> None:
        self.world = world
        self.console = console

    def play(self) -> Report:
        from publisher.demo import checks, publication  # noqa: PLC0415 - after django.setup()

        now = clock.now()
        publication.create_admin(self.world.password)
        channels = publication.create_channels(
            now=now, sandbox_url=self.world.sandbox_url, token=self.world.sandbox_token
        )
        self._bring_items_in(now)
        self._drafts(channels)
        self._approve()
        digest = publication.create_digest(now=now)
        readers = publication.create_readers(digest, count=READERS, now=now)
        self._said(f"{readers} readers with different choices have subscribed to “{digest}”")
        publication.switch_on(digest, due=clock.now() + DUE_IN)
        edition = self._edition(digest.pk)
        self._wait_for_posts()
        return checks.report(
            edition,
            readers=readers,
            mailbox_url=self.world.mailbox_url,
            sandbox_url=self.world.sandbox_url,
            approved=APPROVED,
            handed=HANDED,
        )

    def _bring_items_in(self, now: datetime) -> None:
        """The three ways that the demo shows: the stream, a feed on loopback, a listing page."""
        from publisher.items import importing, stream  # noqa: PLC0415 - after django.setup()
        from publisher.items.models import Item, Rejection  # noqa: PLC0415

        site = self.world.folder / "site"
        for name, paint in (("terraces", pictures.terraces), ("lighthouse", pictures.lighthouse)):
            (site / f"{name}.png").write_bytes(pictures.png(paint))
        entries = [*load.events(now, self.world.site_url), *load.BROKEN]
        for entry in entries:
            stream.add(entry)
        self._until(
            "the stream is read", lambda: Item.objects.count() + Rejection.objects.count() >= len(entries)
        )
        self._said(f"{len(entries)} entries went onto the Redis stream")
        (site / "feed.xml").write_text(load.feed(now, self.world.site_url), encoding="utf-8")
        (site / "latest.txt").write_text(load.page(now), encoding="utf-8")
        feed = importing.import_feed(
            f"{self.world.site_url}/feed.xml", source="island-radio", now=clock.now()
        )
        self._said(f"a feed was read over HTTP: {feed}")
        page = importing.import_page(f"{self.world.site_url}/latest.txt", source="provinces", now=clock.now())
        self._said(f"a listing page was read: {page}")

    def _drafts(self, channels: list[Channel]) -> None:
        from publisher.items.models import Item  # noqa: PLC0415 - after django.setup()
        from publisher.social.models import Post  # noqa: PLC0415

        visible = Item.objects.filter(embargo_until__isnull=True)
        expected = sum(visible.filter(language__startswith=channel.language).count() for channel in channels)
        self._until("posts are drafted", lambda: Post.objects.count() >= expected)
        self._said(f"{expected} posts were drafted for {len(channels)} channels")

    def _approve(self) -> None:
        """An editor approves one English and one Chinese post that go out by themselves, and one to be posted by hand."""
        from django.contrib.auth.models import User  # noqa: PLC0415 - after django.setup()

        from publisher.social import approval  # noqa: PLC0415
        from publisher.social.models import Post  # noqa: PLC0415

        editor = User.objects.get(username="demo")
        for network, language in (("sandbox", "en"), ("sandbox", "zh"), ("weibo", "zh")):
            post = Post.objects.filter(
                channel__network=network, language__startswith=language, state=Post.State.DRAFT
            ).earliest("id")
            approval.approve(post.pk, user=editor, version=post.version, now=clock.now())
        given = Post.objects.filter(slot_at__isnull=False)
        self._until("slots are given", lambda: given.count() >= APPROVED + HANDED)
        self._said(f"{APPROVED + HANDED} posts were approved and given their slots")

    def _edition(self, digest_id: int) -> Edition:
        from publisher.delivery import tally  # noqa: PLC0415 - after django.setup()
        from publisher.digests.models import Edition  # noqa: PLC0415

        self._until("the edition is due", lambda: Edition.objects.filter(digest_id=digest_id).exists())
        edition = Edition.objects.get(digest_id=digest_id)
        self._until(
            "the edition is assembled", lambda: edition.variants.filter(rendered_at__isnull=False).exists()
        )

        def finished() -> bool:
            edition.refresh_from_db()
            return edition.state not in ("assembling", "sending")

        self._until(
            "the edition is sent",
            finished,
            lambda: ", ".join(f"{n} {state}" for state, n in tally.by_state(edition_id=edition.pk).items()),
        )
        self._said(f"the weekly digest went out in English and Chinese: {edition.get_state_display()}")
        return edition

    def _wait_for_posts(self) -> None:
        from publisher.social.models import Post  # noqa: PLC0415 - after django.setup()

        self._until("the posts' slots come", lambda: Post.objects.filter(state="sent").count() >= APPROVED)
        self._said("the approved posts appeared on the sandbox network")
        self._until("a post is handed over", lambda: Post.objects.filter(state="handed").count() >= HANDED)
        self._said("a post for Weibo waits in the desk for you to post it")

    def _until(self, what: str, done: Callable[[], bool], progress: Callable[[], str] = str) -> None:
        deadline = time.monotonic() + PATIENCE
        with self.console.status(f"Waiting until {what} …") as status:
            while not done():
                if time.monotonic() > deadline:
                    raise UserError(
                        f"The demo waited {PATIENCE:.0f} s in vain until {what}.",
                        f"The service's log is {self.world.folder / 'up.log'}.",
                    )
                status.update(f"Waiting until {what} … {progress()}")
                time.sleep(0.1)

    def _said(self, what: str) -> None:
        _said(self.console, what)


def _said(console: Console, what: str, figure: str = "") -> None:
    console.print(
        f"  [green]✓[/green] {what[0].upper()}{what[1:]}" + (f"  [dim]{figure}[/dim]" if figure else "")
    )


def _summary(console: Console, report: Report, seconds: float) -> None:
    table = Table(title=f"\nSummary after {seconds:.1f} s", title_justify="left", show_header=True)
    table.add_column("What")
    table.add_column("Figure")
    table.add_row("Items accepted, by way in", _pairs(report.items))
    table.add_row("Entries rejected, by way in", _pairs(report.rejected))
    table.add_row("Posts by state", _pairs(report.posts))
    table.add_row("Deliveries by state", _pairs(report.deliveries))
    table.add_row("Readers whose choice matched nothing", str(report.subscribers_without_match))
    table.add_row("Variants rendered", str(report.variants))
    table.add_row("Mails in the mailbox", str(report.mails))
    table.add_row("Posts on the timeline", str(report.timeline))
    table.add_row("Messages per second", str(report.messages_per_second))
    console.print(table)
    for check in report.checks:
        mark = "[green]✓[/green]" if check.held else "[red]✗[/red]"
        console.print(f"  {mark} {check.statement}: {check.seen}")


def _pairs(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items()) or "none"


def _addresses(console: Console, world: World) -> None:
    console.print("\n[bold]Open[/bold]")
    console.print(
        f"  Desk              {world.desk_url}/desk/    login demo, password {world.password}", soft_wrap=True
    )
    console.print(f"  Sign-up page      {world.desk_url}/subscribe", soft_wrap=True)
    console.print(f"  Public archive    {world.desk_url}/archive", soft_wrap=True)
    console.print(f"  Mailbox           {world.mailbox_url}/", soft_wrap=True)
    console.print(f"  Sandbox timeline  {world.sandbox_url}/", soft_wrap=True)
