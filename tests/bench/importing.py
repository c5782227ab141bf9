"""Seconds to import 1,000,000 subscribers from CSV, and 100,000, each into a database of its own that goes away again."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from publisher.audience.importing.given import offer
from publisher.audience.importing.outcome import Plan
from publisher.audience.importing.run import import_file
from publisher.audience.models import Consent, Selection, Subscription
from publisher.core import clock

ROWS = {"import_100k_seconds": 100_000, "import_1m_seconds": 1_000_000}
GOALS = [f"sdg-{n}" for n in range(1, 18)]
KINDS = ["story", "press_release", "speech", "video"]
LANGUAGES = ["en", "zh"]
DATABASE = "bench_importing"
DIGEST = 1


def measure() -> dict[str, float]:
    """From the first byte read to the last row committed. Durable, as in production."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for figure, rows in ROWS.items():
            file = Path(folder) / f"{rows}.csv"
            write_file(file, rows)
            with a_database():
                figures[figure] = _seconds(file, rows)
            file.unlink()
    return figures


def write_file(path: Path, rows: int) -> None:
    """People with different addresses, in no order: one to three goals of 17, one to four kinds, one of two languages."""
    chance = random.Random(rows)
    with path.open("w", encoding="utf-8") as file:
        file.write("email,name,language,topics,kinds,zone\n")
        for n in range(rows):
            goals = ";".join(chance.sample(GOALS, chance.randint(1, 3)))
            kinds = ";".join(chance.sample(KINDS, chance.randint(1, 4)))
            address = f"{chance.getrandbits(48):x}.{n}@example{chance.randrange(5_000)}.org"
            file.write(f"{address},Lin Wei,{chance.choice(LANGUAGES)},{goals},{kinds},Asia/Shanghai\n")


@contextmanager
def a_database() -> Iterator[None]:
    """An empty, migrated database for the block."""
    usual = connection.settings_dict["NAME"]
    _become(usual, f'DROP DATABASE IF EXISTS "{DATABASE}"', f'CREATE DATABASE "{DATABASE}"')
    try:
        _become(DATABASE)
        call_command("migrate", verbosity=0)
        yield
    finally:
        _become(usual, f'DROP DATABASE "{DATABASE}"')


def _become(name: str, *statements: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute(statement)


def _seconds(file: Path, rows: int) -> float:
    plan = Plan(offer(DIGEST, LANGUAGES), "en", consent="signed up at the open day")
    started = time.perf_counter()
    outcome = import_file(file, plan, now=clock.now(), progress=_say)
    spent = time.perf_counter() - started
    print(file=sys.stderr)  # noqa: T201 - the end of the line of progress
    written = (outcome.counts()["added"], Subscription.objects.count(), Consent.objects.count())
    if written != (rows, rows, rows) or Selection.objects.count() < 1_000:
        raise AssertionError(f"{rows} rows became {written}")
    return spent


def _say(what: str, done: int, total: int) -> None:
    print(f"\r  {what} {done / total:5.0%} ", end="", file=sys.stderr, flush=True)  # noqa: T201 - progress for a person
