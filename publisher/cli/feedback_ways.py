"""`publisher feedback watch` and `publisher feedback listen`: the two that go on until they are stopped."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import threading
from importlib.metadata import version
from typing import Any

import click

WATCH, LISTEN = "watch", "listen"
"""As programs and signs of life name them."""


@click.command()
def watch() -> None:
    """Read the mailboxes that are set up in the desk, until it is stopped.

    Several may run; each mailbox has one reader at a time. `publisher up` runs it.
    """
    with _servers("feedback watch"):
        watching = importlib.import_module("publisher.feedback.watching")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        watching.Watch(stop, _sign(WATCH)).run()


@click.command()
@click.option(
    "--at",
    default="",
    help="Where, instead of PUBLISHER_FEEDBACK_LISTEN: lmtp://127.0.0.1:2424, lmtp:///run/publisher/lmtp.sock, smtp://….",
)
def listen(at: str) -> None:
    """Take answers from a mail server on this machine, by LMTP or SMTP, until it is stopped.

    It takes mail to PUBLISHER_RETURN_DOMAIN and PUBLISHER_UNSUBSCRIBE_ADDRESS, and passes nothing on.
    """
    _set_up()
    settings = importlib.import_module("django.conf").settings
    listener = importlib.import_module("publisher.feedback.ways.listener")
    errors = importlib.import_module("publisher.core.errors")
    text = at or settings.FEEDBACK_LISTEN
    if not text:
        raise errors.UserError(
            "There is no place to listen at.", f"Set PUBLISHER_FEEDBACK_LISTEN, such as {listener.EXAMPLE}."
        )
    place, ours = listener.place_of(text), listener.Ours.of_settings()
    with _servers("feedback listen"):
        asyncio.run(_listen(listener.Listener(place, ours)))


async def _listen(listener: Any) -> None:
    stop, alive = asyncio.Event(), _sign(LISTEN)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    pulse = asyncio.create_task(_pulse(alive))
    try:
        await listener.serve(stop, lambda address: click.echo(f"Listening at {address}."))
    finally:
        pulse.cancel()


async def _pulse(alive: Any) -> None:
    while True:
        await asyncio.to_thread(alive)
        await asyncio.sleep(2.0)


def _sign(name: str) -> Any:
    """Gives the signs of life of this process."""
    core = importlib.import_module("publisher.core.alive")
    workers = importlib.import_module("publisher.core.workers")
    data_dir = importlib.import_module("django.conf").settings.ENVIRONMENT.data_dir
    sign = workers.Sign(name, version("publisher"))

    def give() -> None:
        core.touch(data_dir, name)
        sign.give()

    return give


def _servers(command: str) -> Any:
    _set_up()
    return importlib.import_module("publisher.cli.database").servers(command, migrated=True)


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PUBLISHER_LOG_LEVEL", "info")
    if not importlib.import_module("django.apps").apps.ready:
        importlib.import_module("django").setup()
