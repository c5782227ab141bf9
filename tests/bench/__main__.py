"""Runs every measurement on servers of its own, prints a table, and writes it for machines with `--json FILE`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

MODULES = {
    "slots": "choosing a slot",
    "render": "rendering a digest",
    "smtp": "joining and sending over SMTP",
    "lanes": "several connections of one process",
    "assembling": "assembling an edition",
    "email": "a whole edition against smtp-source",
    "dkim": "signing with DKIM",
    "intake": "intake through the stream",
    "journey": "from XADD to the drafted post",
    "drafting": "drafting posts",
    "posts": "a thousand posts in a minute",
    "log": "pages of the delivery log",
    "settling": "where results go first",
    "hooks": "what webhooks cost the sender",
    "retention": "forgetting old deliveries",
    "importing": "importing subscribers from CSV",
    "audience": "the desk’s audience at a million",
    "archive": "the sitemap of an archive",
    "leaving": "ten thousand who leave while an edition goes out",
}


def main() -> int:
    """0 when every measurement ran to its end."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--json", metavar="FILE", help="write the figures here, too")
    parser.add_argument("--only", choices=MODULES, action="append", help="run this one only; may be repeated")
    given = parser.parse_args()
    figures: dict[str, float] = {}
    with _Servers():
        for name in given.only or MODULES:
            print(f"Measuring {MODULES[name]} …", file=sys.stderr, flush=True)  # noqa: T201 - progress for a person
            figures |= importlib.import_module(f"tests.bench.{name}").measure()
    width = max(map(len, figures))
    for figure, value in figures.items():
        print(f"{figure:{width}}  {value:12,.3f}")  # noqa: T201 - the result
    if given.json:
        Path(given.json).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


class _Servers:
    """An embedded PostgreSQL and Valkey, durable as in production, with an empty migrated database."""

    def __enter__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="publisher-bench-"))
        for name in [name for name in os.environ if name.startswith("PUBLISHER_")]:
            del os.environ[name]
        os.environ |= {
            "PUBLISHER_DATA_DIR": str(self.folder),
            "PUBLISHER_LOG_LEVEL": "error",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        django = importlib.import_module("django")
        postgres = importlib.import_module("publisher.core.embedded.postgres")
        valkey = importlib.import_module("publisher.core.embedded.valkey")
        self.servers = [postgres.EmbeddedPostgres(self.folder), valkey.EmbeddedValkey(self.folder)]
        for server in self.servers:
            server.start()
        django.setup()
        importlib.import_module("django.core.management").call_command("migrate", verbosity=0)

    def __exit__(self, *_: object) -> None:
        importlib.import_module("django.db").connections.close_all()
        for server in reversed(self.servers):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
