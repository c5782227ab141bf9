"""Waiting for an edition (`publisher edition send --wait`): shows how far it is until everything is settled.

It asks the database only, so the workers may be on any host. Decisions are in `verdict`.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import click
from django.conf import settings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from publisher.cli import edition_report
from publisher.cli.report import Report
from publisher.cli.sending import sentences
from publisher.core import alive, clock, standstill
from publisher.core.models import Heartbeat
from publisher.core.words import counted
from publisher.delivery import copies, outage, progress, unclear
from publisher.delivery.email import setting
from publisher.delivery.hindrances import outage_of, pace
from publisher.delivery.models import Delivery
from publisher.delivery.progress import Assembling
from publisher.delivery.states import UNFINISHED, State
from publisher.digests.models import Edition

EVERY_SECONDS = 0.5
LINE_SECONDS = 10.0
"""How often a line is written where no bar can be shown."""
RATE_OVER_SECONDS = 10.0
SILENT = timedelta(seconds=30)
"""So long without a tick, no worker is at work."""

TIMED_OUT = 124
"""The exit code when the time ran out, as of timeout(1)."""

S = Edition.State
NO_MAIL = "PUBLISHER_MAIL is not set here. Unless the workers have it, no mail leaves."
NO_WORKER = (
    "No worker seems to be at work: the last tick was {ago}. Start `publisher up`, or a worker and a beat."
)


@dataclass(frozen=True)
class Seen:
    """An edition as it was when it was looked at. `stuck`: unclear mails that only a person can settle; `unclear`: why, and
    what that person may do; `copies`: those for the office that are not settled; `down`: why the mail
    server cannot be used."""

    name: str
    state: str
    problem: str
    left: int
    done: int
    total: int
    counts: dict[str, int]
    assembling: Assembling | None = None
    stuck: int = 0
    unclear: str = ""
    waits: str = ""
    down: str = ""
    copies: int = 0
    next_due: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """How the waiting ended."""

    ok: bool
    said: str
    code: int = 1


def verdict(seen: Seen) -> Verdict | None:
    """Whether there is nothing more to wait for, and how it went. Pure."""
    failed = seen.counts.get(State.FAILED, 0)
    if seen.state == S.SENT:
        if failed:
            return Verdict(
                False, f"{seen.name} is sent, but {failed:,} mails failed: the delivery log says why."
            )
        return Verdict(True, f"{seen.name} is sent: {seen.left:,} mails.")
    if seen.state == S.EMPTY:
        return Verdict(True, f"{seen.name}: nothing new came in, so nobody gets a mail.")
    if seen.state in (S.PAUSED, S.BLOCKED, S.WAITING, S.CANCELLED):
        why = {S.PAUSED: "is paused", S.BLOCKED: "cannot be assembled", S.WAITING: "waits for approval"}
        told = f"{seen.name} {why.get(S(seen.state), 'was cancelled')}."
        return Verdict(False, f"{told} {seen.problem}".strip())
    moving = seen.counts.get(State.QUEUED, 0) + seen.counts.get(State.SENDING, 0)
    if seen.state == S.SENDING and seen.stuck and not moving:
        return Verdict(
            False,
            f"{counted(seen.stuck, 'mail')} of {seen.name} cannot be settled without a person.\n"
            + seen.unclear,
        )
    return None


def awaited(seen: Seen) -> str:
    """What it is that has not happened yet, for people. Pure."""
    if seen.state == S.ASSEMBLING:
        return f"it is assembled ({seen.assembling})" if seen.assembling else "it is assembled"
    waiting = [
        (seen.counts.get(State.QUEUED, 0), "queued"),
        (seen.counts.get(State.SENDING, 0), "being sent"),
        (seen.counts.get(State.UNKNOWN, 0), "unclear"),
    ]
    parts = [f"{counted(n, 'mail')} {what}" for n, what in waiting if n]
    parts += (
        [f"{seen.copies:,} {'copy' if seen.copies == 1 else 'copies'} for the office"] if seen.copies else []
    )
    due = f", the next due at {seen.next_due:%Y-%m-%d %H:%M} UTC" if seen.next_due else ""
    return ", ".join(parts) + due if parts else "the edition is closed by the next tick"


def out_of_time(seen: Seen, seconds: int) -> Verdict:
    """What is said when nobody wants to wait any longer. Pure."""
    told = f"{seen.name} is not settled after {seconds:,} s: {seen.done:,} of {seen.total:,} done."
    told += f" Still to come: {awaited(seen)}. "
    told += f"{seen.down} " if seen.down else ""
    return Verdict(False, f"{told}It goes on; `publisher edition show` tells how far it is.", TIMED_OUT)


def until_settled(edition_id: int, *, seconds: int | None = None) -> Report:
    """Wait, for `seconds` at most if given, showing progress on standard error; then report."""
    ends_at = time.monotonic() + seconds if seconds else float("inf")
    with _shown() as view:
        told: set[str] = set()
        while True:
            now = clock.now()
            seen = look(edition_id, now)
            ended = verdict(seen)
            if ended is None and seconds and time.monotonic() >= ends_at:
                ended = out_of_time(seen, seconds)
            if ended:
                break
            for note in [*hindrances(now), *filter(None, [seen.problem, seen.waits])]:
                if note not in told:
                    view.note(note)
                    told.add(note)
            view.show(seen)
            time.sleep(EVERY_SECONDS)
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    report = edition_report.of(edition, said=ended.said)
    data = {**report.data, "ok": ended.ok, "timed_out": ended.code == TIMED_OUT, "said": ended.said}
    return replace(report, ok=ended.ok, code=ended.code, data=data)


def look(edition_id: int, now: datetime) -> Seen:
    """The edition now."""
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    sending = progress.sending(edition)
    down = outage_of(edition)
    groups = [group for group in unclear.groups_of(edition) if not group.fate.by_itself]
    return Seen(
        name=str(edition),
        state=edition.state,
        problem=edition.problem,
        left=sending.left,
        done=sending.done,
        total=sending.total,
        counts=sending.counts,
        assembling=progress.assembling(edition),
        waits=str(progress.waits_for_hours(edition, now) or ""),
        down=down.text(now) if down else "",
        stuck=sum(group.mails for group in groups),
        unclear="\n".join([*unclear.sentences(groups), edition_report.settled_by(edition.short_name)]),
        copies=copies.copies_of(edition, Delivery.Purpose.SEED).filter(state__in=UNFINISHED).count(),
        next_due=_next_due(edition, now),
    )


def hindrances(now: datetime) -> list[str]:
    """What may keep mail from leaving, as far as it can be seen from here."""
    notes = sentences(stands) if (stands := standstill.current()) else []
    down = outage.current()
    notes += [] if settings.MAIL or down else [NO_MAIL]
    if wrong := setting.problem(settings.MAIL):
        notes.append(f"{wrong.message} {wrong.hint}")
    if down:
        notes.append(down.text(now))
    elif paced := pace(now):
        notes.append(paced)
    tick = Heartbeat.objects.filter(name="schedule.tick").first()
    if (tick is None or now - tick.at > SILENT) and not alive.is_alive(
        settings.ENVIRONMENT.data_dir, "worker"
    ):
        ago = f"at {tick.at:%Y-%m-%d %H:%M} UTC" if tick else "never"
        notes.append(NO_WORKER.format(ago=ago))
    return notes


def _next_due(edition: Edition, now: datetime) -> datetime | None:
    """When the next queued mail is due, if none is now: one look at the queue's index."""
    first = Delivery.objects.filter(edition=edition, state=State.QUEUED).order_by("due_at", "id")
    at = first.values_list("due_at", flat=True).first()
    return at if at and at > now else None


class View(Protocol):
    """Shows an edition that is waited for."""

    def show(self, seen: Seen) -> None: ...
    def note(self, text: str) -> None: ...


@contextmanager
def _shown() -> Iterator[View]:
    if not sys.stderr.isatty():
        yield Lines()
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        yield Bar(bar)


class Bar:
    """A bar on a terminal, with counts, rate and the time that is left."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("…", total=None, speed="")
        self._rate = Rate()

    def show(self, seen: Seen) -> None:
        speed = _speed(seen, self._rate.after(seen.done, time.monotonic()))
        step = seen.assembling or Assembling("Sending", seen.done, seen.total)
        self._bar.update(
            self._task, description=step.step, completed=step.done, total=step.of or None, speed=speed
        )

    def note(self, text: str) -> None:
        self._bar.console.print(f"Note: {text}", highlight=False, markup=False)


class Lines:
    """A line every ten seconds, and one at each change of step, for logs and scripts."""

    def __init__(self) -> None:
        self._step = ""
        self._at = float("-inf")
        self._rate = Rate()

    def show(self, seen: Seen) -> None:
        rate = self._rate.after(seen.done, time.monotonic())
        step = seen.assembling.step if seen.assembling else seen.state
        if step == self._step and time.monotonic() - self._at < LINE_SECONDS:
            return
        self._step, self._at = step, time.monotonic()
        more = _speed(seen, rate)
        line = str(seen.assembling or f"{seen.done:,} of {seen.total:,} done")
        click.echo(f"{line}, {more}" if more else line, err=True)

    def note(self, text: str) -> None:
        click.echo(f"Note: {text}", err=True)


class Rate:
    """Mails a second over the last ten seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def after(self, done: int, at: float) -> float:
        """`done` mails at the monotonic time `at`."""
        self._seen.append((at, done))
        while at - self._seen[0][0] > RATE_OVER_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        return (done - before) / (at - since) if at > since else 0.0


def _speed(seen: Seen, rate: float) -> str:
    if seen.assembling:
        return ""
    if rate <= 0 or seen.next_due:
        return f"waits for: {awaited(seen)}"
    left = timedelta(seconds=round((seen.total - seen.done) / rate))
    return f"{rate:,.0f} a second, {left} left"
