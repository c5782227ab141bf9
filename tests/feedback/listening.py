"""The listener in a thread, on the test's own database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from publisher.core.errors import UserError
from publisher.feedback.ways.listener import Listener, Ours, Taker, place_of


@contextmanager
def a_listener(text: str, take_it: Taker | None = None) -> Iterator[str]:
    """Gives its address."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    address: list[str] = []
    wrong: list[UserError] = []
    stop = asyncio.Event()
    listener = Listener(place_of(text), Ours.of_settings(), take_it)

    def told(said: str) -> None:
        address.append(said)
        ready.set()

    def run() -> None:
        try:
            loop.run_until_complete(listener.serve(stop, told))
        except UserError as error:
            wrong.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(30)
    try:
        for error in wrong:
            raise error
        yield address[0]
    finally:
        if not wrong:
            loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
