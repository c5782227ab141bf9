"""`publisher feedback watch`: a thread for each mailbox that is due. Several may run; each mailbox has one reader at a time."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, connection

from publisher.core import clock
from publisher.feedback.reader import Reader, due

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
REST_SECONDS = 10.0
"""After the database was away."""


class Watch:
    """Reads all mailboxes until `stop` is set. `alive` is called every few seconds."""

    def __init__(self, stop: threading.Event, alive: Callable[[], None]) -> None:
        self._stop, self._alive = stop, alive
        self._threads: dict[int, threading.Thread] = {}
        self._name = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"

    def run(self) -> None:
        """Until it is stopped; then waits for its readers, which stop within seconds."""
        while not self._stop.is_set():
            self._alive()
            try:
                self.begin_due()
                rest = LOOK_SECONDS
            except DatabaseError as error:
                log.warning("watch.database_away", extra={"error": str(error).strip()[:300]})
                connection.close()
                rest = REST_SECONDS
            self._stop.wait(rest)
        until = time.monotonic() + 8.0
        for thread in self._threads.values():
            thread.join(max(until - time.monotonic(), 0.0))
        connection.close()

    def begin_due(self) -> None:
        """A thread for each mailbox that is due and has none."""
        self._threads = {key: thread for key, thread in self._threads.items() if thread.is_alive()}
        for mailbox_id in due(clock.database_now()):
            if mailbox_id not in self._threads:
                thread = threading.Thread(
                    target=self._read, args=(mailbox_id,), name=f"mailbox-{mailbox_id}", daemon=True
                )
                self._threads[mailbox_id] = thread
                thread.start()

    def _read(self, mailbox_id: int) -> None:
        try:
            Reader(mailbox_id, f"{self._name}:{mailbox_id}", self._stop.is_set).run()
        except DatabaseError as error:
            log.warning("watch.database_away", extra={"error": str(error).strip()[:300]})
        finally:
            connection.close()
