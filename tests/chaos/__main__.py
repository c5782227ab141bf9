"""`make chaos`: every scenario in turn, a table of what arrived, and with `--json FILE` the same for machines.

The exit code is 1 when a promise was broken: something lost, something twice beyond the connections that were broken off,
or anything twice of a digest that holds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

from tests.chaos.world import world

SCENARIOS = {
    "kills": "kill -9 of random worker processes",
    "redis_lost": "Redis killed and emptied",
    "postgres_restarted": "PostgreSQL restarted in immediate mode",
    "worker_stopped": "workers stopped beyond their lease, then woken",
    "two_workers": "two workers on the same editions",
    "clock_set_back": "the workers' clock set back by an hour",
    "database_restored": "a database restored from a backup of before",
    "server_421": "the server says 421 at every 7th message",
    "server_resets": "the server resets after every 23rd dot",
    "server_refuses": "4xx and 5xx by pattern",
    "server_slow": "a byte a second",
    "server_splits": "replies split and merged",
    "server_closes": "the server closes after each message",
}
COLUMNS = (
    "kills",
    "recipients",
    "messages",
    "lost",
    "doubled",
    "unknown",
    "failed",
    "in_flight_killed",
    "seconds",
)
TOTALS = ("kills", "recipients", "messages", "lost", "doubled", "unknown", "in_flight_killed")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--json", metavar="FILE", help="write the figures here, too")
    parser.add_argument("--kills", type=int, default=200, help="how often a process is killed (200)")
    parser.add_argument(
        "--only", choices=SCENARIOS, action="append", help="run this one only; may be repeated"
    )
    given = parser.parse_args()
    found = {}
    with world() as made:
        scenarios = importlib.import_module("tests.chaos.scenarios")  # models exist only inside the world
        for name in given.only or SCENARIOS:
            print(f"{name}: {SCENARIOS[name]} …", file=sys.stderr, flush=True)  # noqa: T201 - progress for a person
            figures = getattr(scenarios, name)(made, given.kills)
            found[name] = figures
            kept = "kept" if figures.promise_kept else "BROKEN"
            print(f"  {_row(figures.as_json())}  promise {kept}", file=sys.stderr, flush=True)  # noqa: T201
    width = max(map(len, found))
    print(" " * width, *(f"{column:>10.10}" for column in COLUMNS))  # noqa: T201 - the result
    for name, figures in found.items():
        print(f"{name:{width}}", *(f"{figures.as_json()[column]!s:>10}" for column in COLUMNS))  # noqa: T201
    if given.json:
        scenarios = {name: figures.as_json() for name, figures in found.items()}
        totals = {key: sum(int(str(each[key])) for each in scenarios.values()) for key in TOTALS}
        Path(given.json).write_text(
            json.dumps({**totals, "scenarios": scenarios}, indent=2) + "\n", encoding="utf-8"
        )
    return 0 if all(figures.promise_kept for figures in found.values()) else 1


def _row(figures: object) -> str:
    assert isinstance(figures, dict)
    return ", ".join(f"{figures[column]} {column}" for column in COLUMNS)


if __name__ == "__main__":
    sys.exit(main())
