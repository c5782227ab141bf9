"""A million subscribers, an edition on its way, and ten thousand of them leave at once by the header of their mail (RFC 8058).

Real processes: gunicorn takes the clicks, a worker sends, PostgreSQL and Valkey serve both. What is proved on the way, or the
measurement fails: nobody receives a mail that was claimed after their click was answered. The database itself notes when each
claim began; the sink notes when each message was there; all on one clock. BENCH_LEAVING_READERS makes it smaller.
"""

from __future__ import annotations

import http.client
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

from publisher.audience import tokens
from publisher.audience.importing.given import offer
from publisher.audience.importing.outcome import Plan
from publisher.audience.importing.run import import_file
from publisher.core import clock, events
from publisher.core.base36 import base36
from publisher.delivery import tally
from publisher.delivery.enqueue import assemble
from publisher.digests.models import Digest, Edition
from tests.bench.email import ROOT, workers
from tests.bench.progress import say
from tests.builders import a_digest, an_item

READERS = int(os.environ.get("BENCH_LEAVING_READERS", "1000000"))
CLICKS = min(10_000, max(1, READERS // 20))
CLICKERS = 32
"""Connections over which the clicks come, as from a provider's machines."""
BODY = b"List-Unsubscribe=One-Click"

# The moment at which the database was handed the statement of a claim: what it read is not older.
WATCH = """
CREATE TABLE bench_claim (fence bigint PRIMARY KEY, began timestamptz NOT NULL);
CREATE FUNCTION bench_note_claims() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bench_claim SELECT DISTINCT fence, statement_timestamp() FROM changed WHERE state = 'sending'
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER bench_claims AFTER UPDATE ON delivery_delivery
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bench_note_claims();
"""
UNWATCH = (
    "DROP TRIGGER bench_claims ON delivery_delivery; DROP FUNCTION bench_note_claims; DROP TABLE bench_claim"
)

LEAVERS = """
SELECT d.subscriber_id, d.address, d.state, extract(epoch FROM c.began)::float8
FROM delivery_delivery d LEFT JOIN bench_claim c ON c.fence = d.fence
WHERE d.edition_id = %s AND d.subscriber_id = ANY(%s)
"""
OPEN = """
SELECT count(*) FROM delivery_delivery
WHERE edition_id = %s AND subscriber_id = ANY(%s) AND state IN ('queued', 'sending')
"""


@dataclass(frozen=True)
class Click:
    """Seconds since 1970 at which it was posted and answered, and with which status."""

    posted: float
    answered: float
    status: int


@dataclass(frozen=True)
class Outcome:
    """Of those who left: how many got no mail; how many had theirs before the answer; how many got one that was claimed before
    it, and how many seconds after it at most; who got one that was claimed after it."""

    spared: int
    before: int
    in_flight: int
    longest: float
    wrong: tuple[str, ...]


def measure() -> dict[str, float]:
    """Clicks a second and how long one takes while an edition goes out, and what became of the mails of those who left."""
    digest = a_digest(needs_approval=True, languages=["en"], most_items=5)
    import_seconds = _import(digest)
    edition = _edition(digest)
    leavers = _leavers(edition)
    with connection.cursor() as cursor:
        cursor.execute(WATCH)
    with tempfile.TemporaryDirectory() as folder, sink(Path(folder) / "taken") as (port, taken):
        with web(Path(folder)) as url, workers(port):
            sent, clicks, seconds = _leave_while_it_goes_out(edition, leavers, url)
            _wait(edition, leavers)
        outcome = judge(edition, clicks, taken())
    with connection.cursor() as cursor:
        cursor.execute(UNWATCH)
    if outcome.wrong or {click.status for click in clicks.values()} != {200}:
        raise AssertionError(f"claimed after the click: {outcome.wrong[:5]}")
    waits = sorted(click.answered - click.posted for click in clicks.values())
    return {
        "leaving_readers": float(READERS),
        "leaving_clicks": float(len(clicks)),
        "leaving_import_seconds": import_seconds,
        "leaving_clicks_per_s": len(clicks) / seconds,
        "leaving_click_p50_ms": waits[len(waits) // 2] * 1e3,
        "leaving_click_p99_ms": waits[len(waits) * 99 // 100] * 1e3,
        "leaving_mails_per_s_meanwhile": sent / seconds,
        "leaving_spared": float(outcome.spared),
        "leaving_sent_before": float(outcome.before),
        "leaving_in_flight": float(outcome.in_flight),
        "leaving_longest_after_click_s": outcome.longest,
        "leaving_claimed_after_click": float(len(outcome.wrong)),
    }


def _import(digest: Digest) -> float:
    """Seconds until all of them are subscribed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readers.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("email,name,language\n")
            file.writelines(f"reader{n}@example{n % 5_000}.org,Lin Wei,en\n" for n in range(READERS))
        say(f"{READERS:,} subscribers are imported")
        started = time.perf_counter()
        plan = Plan(offer(digest.pk, ["en"]), "en", consent="signed up at the open day")
        import_file(path, plan, now=clock.now(), progress=lambda *_: None)
    return time.perf_counter() - started


def _edition(digest: Digest) -> Edition:
    """Assembled, and waiting for its start signal; a message has about 28 KB."""
    now = clock.now()
    for n in range(5):
        an_item(
            at=now - timedelta(hours=1), title=f"Valley {n} counts its springs again", body_text="Families met. " * 80
        )  # fmt: skip
    edition = Edition.objects.create(
        digest=digest,
        due_at=now,
        window_from=now - timedelta(days=7),
        window_to=now,
        after_assembly="waiting",
        created_at=now,
        trace_id="b" * 32,
    )
    say("an edition for them is assembled")
    edition = assemble(edition.pk, now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE delivery_delivery")
    return edition


def _leavers(edition: Edition) -> list[int]:
    """Subscribers whose turn comes in the first part of the edition, so that many clicks meet mails that are being claimed."""
    queue = edition.delivery_set.order_by("due_at", "id").values_list("subscriber_id", flat=True)
    first = [pk for pk in queue[: CLICKS * 12] if pk]
    return random.Random(8058).sample(first, CLICKS)


def _leave_while_it_goes_out(
    edition: Edition, leavers: Sequence[int], url: str
) -> tuple[int, dict[int, Click], float]:
    """How many mails left while the clicks came, the clicks by subscriber, and how many seconds that took."""
    write = tokens.writer(tokens.Purpose.UNSUBSCRIBE, edition.digest_id)
    paths = {pk: f"/u/{write(base36(pk))}" for pk in leavers}
    Edition.objects.filter(pk=edition.pk).update(state="sending")
    events.emit("delivery.due")
    while _sent(edition) < CLICKS // 2:
        time.sleep(0.05)
    say(f"{len(leavers):,} leave while it goes out")
    before, started = _sent(edition), time.perf_counter()
    clicks = click_all(url, paths)
    seconds = time.perf_counter() - started
    return _sent(edition) - before, clicks, seconds


def _sent(edition: Edition) -> int:
    return tally.by_state(edition_id=edition.pk).get("sent", 0)


def _wait(edition: Edition, leavers: Sequence[int]) -> None:
    """Until nothing is open of those who left."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(OPEN, [edition.pk, list(leavers)])
            if not (count := cursor.fetchone()[0]):
                break
            say(f"{count:,} of their mails are open", again=True)
            time.sleep(2)
    Edition.objects.filter(pk=edition.pk).update(state="paused")
    time.sleep(3)  # what was claimed of others


def click_all(url: str, paths: Mapping[int, str]) -> dict[int, Click]:
    """Post to every path as a mailbox provider does, over `CLICKERS` connections at once; the clicks by the same keys."""
    rest, done = list(paths.items()), {}
    host = urlsplit(url).netloc
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    def work() -> None:
        line = http.client.HTTPConnection(host, timeout=60)
        while rest:
            try:
                key, path = rest.pop()
            except IndexError:
                break
            posted = time.time()
            try:
                line.request("POST", path, BODY, headers)
                answer = line.getresponse()
                answer.read()
            except (http.client.RemoteDisconnected, ConnectionResetError):  # kept alive for too long
                line.close()
                line.request("POST", path, BODY, headers)
                answer = line.getresponse()
                answer.read()
            done[key] = Click(posted, time.time(), answer.status)
        line.close()

    threads = [threading.Thread(target=work) for _ in range(min(CLICKERS, len(rest)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def judge(edition: Edition, clicks: Mapping[int, Click], taken: Mapping[str, float]) -> Outcome:
    """What became of the mails of those who left: `taken` says by address when a message was there."""
    with connection.cursor() as cursor:
        cursor.execute(LEAVERS, [edition.pk, list(clicks)])
        rows = cursor.fetchall()
    spared = before = 0
    in_flight: list[float] = []
    wrong: list[str] = []
    for subscriber, address, state, claimed in rows:
        answered, at = clicks[subscriber].answered, taken.get(address)
        if at is None:
            spared += 1
            if state == "sent":
                raise AssertionError(f"{address} was sent, and never came")
        elif at <= answered:
            before += 1
        elif claimed is None or claimed > answered:
            wrong.append(address)
        else:
            in_flight.append(at - answered)
    return Outcome(spared, before, len(in_flight), max(in_flight, default=0.0), tuple(wrong))


@contextmanager
def sink(file: Path) -> Iterator[tuple[int, Callable[[], dict[str, float]]]]:
    """A sink in a process of its own: its port, and a function that ends it and says when which address got its message."""
    command = [sys.executable, "-m", "tests.fakes.timed_sink", str(file)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout

    def taken() -> dict[str, float]:
        process.terminate()
        process.wait(30)
        lines = (line.split(" ", 1) for line in file.read_text(encoding="utf-8").splitlines())
        return {address: float(at) for at, address in lines}

    try:
        yield int(process.stdout.readline()), taken
    finally:
        process.terminate()
        process.wait(30)


def _warm_up(port: int) -> None:
    """Until both processes have loaded the application and answered: starting is no part of a click."""
    quick = 0
    while quick < 40:
        started = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            line.request("GET", "/personal-links")
            line.getresponse().read()
        except OSError:
            time.sleep(0.2)
            continue
        finally:
            line.close()
        quick = quick + 1 if time.monotonic() - started < 1 else 0


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """The web process as `publisher up` starts it, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [
        *(sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "8", "--log-level", "warning"),
    ]
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        _warm_up(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        shutil.copyfileobj((folder / "web.log").open("rb"), sys.stderr.buffer)
