"""Publishing what is due for a while, on several channels at once: a slow network holds up its own channel and no other.

`posts.py` sends one part; here it is decided how many at once, each in a thread with a connection of its own to the database.
Called by the task `deliver.send_posts`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread

from django.db import connections

from publisher.core import clock
from publisher.delivery import posts

log = logging.getLogger(__name__)

LANES = 6
"""Posts at once in one process. Each lane is a connection to the database while it works."""
LOOK_SECONDS = 0.25
"""How often it is looked for what became due while requests are under way."""


def send_due(*, seconds: float, most: int = LANES) -> int:
    """Publish what is due and becomes due for about `seconds`, then wait for what is under way; how many were tried.

    Each lease runs from its own moment. A part that could not be claimed is another's, and not asked about again here.
    """
    stop_at = time.monotonic() + seconds
    under_way: dict[Future[bool], int] = {}
    left_alone: set[int] = set()
    tried = 0
    with _Lanes(most) as lanes:
        while True:
            if time.monotonic() < stop_at and len(under_way) < most:
                taken = {*under_way.values(), *left_alone}
                free = [each for each in posts.heads(now=clock.now()) if each not in taken]
                for delivery_id in free[: most - len(under_way)]:
                    under_way[lanes.begin(delivery_id)] = delivery_id
            if not under_way:
                return tried
            done, _ = wait(under_way, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                delivery_id = under_way.pop(future)
                if error := future.exception():
                    # A fault of ours: its claim stays until the lease ends, since it may be out, and the others go on.
                    log.error("post.failed", exc_info=error, extra={"delivery_id": delivery_id})
                elif future.result():
                    tried += 1
                    continue
                left_alone.add(delivery_id)


@dataclass
class _Lanes:
    """Threads that send, begun when they are needed. Leaving waits for them."""

    most: int
    threads: list[Thread] = field(default_factory=list)
    jobs: SimpleQueue[tuple[int, Future[bool]] | None] = field(default_factory=SimpleQueue)
    open: int = 0

    def __enter__(self) -> _Lanes:
        return self

    def __exit__(self, *_: object) -> None:
        for _thread in self.threads:
            self.jobs.put(None)
        for thread in self.threads:
            thread.join()

    def begin(self, delivery_id: int) -> Future[bool]:
        """Have a lane send it. The future's result is what `posts.send` answers, or its error."""
        future: Future[bool] = Future()
        self.open += 1
        future.add_done_callback(self._closed)
        self.jobs.put((delivery_id, future))
        if len(self.threads) < min(self.open, self.most):
            self.threads.append(Thread(target=_work, args=(self.jobs.get,), name="post", daemon=True))
            self.threads[-1].start()
        return future

    def _closed(self, _future: Future[bool]) -> None:
        self.open -= 1


def _work(next_job: Callable[[], tuple[int, Future[bool]] | None]) -> None:
    try:
        while job := next_job():
            delivery_id, future = job
            try:
                future.set_result(posts.send(delivery_id, now=clock.now()))
            except BaseException as error:  # noqa: BLE001 - handed to the thread that takes the result
                future.set_exception(error)
    finally:
        connections.close_all()
