"""`python -m publisher.demo.mailbox`: the mail server and its page, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time
from pathlib import Path

from publisher.demo.mailbox.smtp import SmtpProtocol
from publisher.demo.mailbox.store import Store
from publisher.demo.mailbox.web import Web

FLUSH_SECONDS = 0.1
QUIET_SECONDS = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m publisher.demo.mailbox", description=__doc__)
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--smtp-port", type=int, default=1025, help="0: any free one (default: %(default)s)")
    parser.add_argument("--http-port", type=int, default=8025, help="0: any free one (default: %(default)s)")
    parser.add_argument("--folder", type=Path, required=True, help="where the mail is kept")
    parser.add_argument("--announce", type=Path, help="file to write the ports to, as JSON")
    asyncio.run(run(parser.parse_args()))


async def run(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    store = Store(options.folder)
    smtp = await loop.create_server(
        lambda: SmtpProtocol(store.keep), options.bind, options.smtp_port, backlog=500
    )
    smtp_port = smtp.sockets[0].getsockname()[1]
    http = await asyncio.start_server(Web(store, smtp_port).serve, options.bind, options.http_port)
    if options.announce:
        _announce(options.announce, smtp_port, http.sockets[0].getsockname()[1])
    housekeeping = asyncio.create_task(_keep_house(store))
    await stop.wait()
    housekeeping.cancel()
    smtp.close()
    http.close()
    store.close()


async def _keep_house(store: Store) -> None:
    """Write what came in, and read it when nothing comes."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        store.flush()
        while time.monotonic() - store.last_kept > QUIET_SECONDS and store.read_some(50):
            await asyncio.sleep(0)


def _announce(path: Path, smtp_port: int, http_port: int) -> None:
    """The file appears whole: whoever waits for it may read it at once."""
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_text(
        json.dumps({"smtp_port": smtp_port, "http_port": http_port}) + "\n", encoding="utf-8"
    )
    unfinished.replace(path)


if __name__ == "__main__":
    main()
