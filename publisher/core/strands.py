"""Several pieces of work in one thread, each of which lets the others go on while it waits for its socket.

Python runs one thread at a time. With a thread for each lane, they and the thread that claims and settles take it from each
other: a whole run then costs from as much to a third more (docs/benchmarks.md). Here they change places only where one has
to wait. The work looks as if it blocked; whoever waits calls `ready`, `elsewhere` or `Inbox.get`, which also work in a thread
of their own.

Called by the sender (`delivery/sender.py`) and by the SMTP client's sockets (`email/smtp/wire.py`).
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")

LOOK_MS = 100
"""How often it is looked whose time to wait is over; nobody waits exactly."""


class Strand(greenlet):  # type: ignore[misc]  # untyped: greenlet is a C extension
    """One piece of work of a shared thread."""

    def __init__(self, work: Callable[[], None], thread: SharedThread) -> None:
        super().__init__(self._work)
        self.thread = thread
        self.future: Future[None] = Future()
        self._function = work

    def _work(self, *_: object) -> None:
        try:
            self._function()
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result, as threads of a pool do
            self.future.set_exception(error)
        else:
            self.future.set_result(None)


class SharedThread:
    """Runs pieces of work in one thread, until all have ended. A context manager: leaving it waits for them."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._elsewhere = ThreadPoolExecutor(4, thread_name_prefix=f"{name}-waits")
        self._wake_up, self._woken = socket.socketpair()
        self._wake_up.setblocking(False)
        self._woken.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._woken, select.POLLIN)
        self._waiting: dict[int, tuple[Strand, float]] = {}
        self._parked: list[Strand] = []
        self._look_at = 0.0
        self._woken_fd = self._woken.fileno()

    def __enter__(self) -> SharedThread:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self._elsewhere.shutdown()
        self._wake_up.close()
        self._woken.close()

    def start(self, works: Sequence[Callable[[], None]]) -> list[Future[None]]:
        """Begin the work; a future for each piece. Once only."""
        begun: SimpleQueue[list[Future[None]]] = SimpleQueue()

        def run() -> None:
            strands = [Strand(work, self) for work in works]  # a strand belongs to the thread that makes it
            begun.put([strand.future for strand in strands])
            try:
                self._run(strands)
            except BaseException as error:  # an error of this file's: nobody may wait for ever
                for strand in strands:
                    if not strand.future.done():
                        strand.future.set_exception(error)
                raise

        self._pool.submit(run)
        return begun.get()

    def wake(self) -> None:
        """Have those that wait for something other than a socket look again. From any thread."""
        with suppress(BlockingIOError):  # it has been told often enough
            self._wake_up.send(b"!")

    def wait_for(self, descriptor: int, event: int, seconds: float) -> bool:
        """Let others go on until the socket is ready; False when it was not in time. One strand for each socket."""
        strand: Strand = getcurrent()
        self._waiting[descriptor] = strand, time.monotonic() + seconds
        self._poll.register(descriptor, event)
        return bool(self._main.switch())

    def park(self) -> None:
        """Let others go on until somebody calls `wake`."""
        self._parked.append(getcurrent())
        self._main.switch()

    def elsewhere(self, work: Callable[[], T]) -> T:
        """The result of work that blocks, done in another thread while others go on here."""
        future = self._elsewhere.submit(work)
        future.add_done_callback(lambda _: self.wake())
        while not future.done():
            self.park()
        return future.result()

    def _run(self, strands: Sequence[Strand]) -> None:
        self._main = getcurrent()
        able = [(strand, True) for strand in strands]
        while able or self._waiting or self._parked:
            for strand, in_time in able:
                strand.switch(in_time)
            able = self._next() if self._waiting or self._parked else []

    def _next(self) -> list[tuple[Strand, bool]]:
        """Wait for the first that can go on; all that can, with whether it was in time."""
        able: list[tuple[Strand, bool]] = []
        for descriptor, _ in self._poll.poll(LOOK_MS if self._waiting else None):
            if descriptor == self._woken_fd:
                self._woken.recv(4096)
                able += [(strand, True) for strand in self._parked]
                self._parked.clear()
            else:
                able.append((self._forget(descriptor), True))
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_MS / 1000
            late = [descriptor for descriptor, (_, until) in self._waiting.items() if until <= now]
            able += [(self._forget(descriptor), False) for descriptor in late]
        return able

    def _forget(self, descriptor: int) -> Strand:
        self._poll.unregister(descriptor)
        return self._waiting.pop(descriptor)[0]


class Inbox(Generic[T]):
    """A queue from which strands and threads take."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[T] = SimpleQueue()
        self.thread: SharedThread | None = None
        """Whose strands take from it."""

    def put(self, thing: T) -> None:
        self._queue.put(thing)
        if self.thread:
            self.thread.wake()

    def get(self) -> T:
        """The next thing; waits for it."""
        strand = getcurrent()
        if not isinstance(strand, Strand):
            return self._queue.get()
        while True:
            try:
                return self._queue.get_nowait()
            except Empty:
                strand.thread.park()

    def clear(self) -> list[T]:
        """Take all that is there."""
        found: list[T] = []
        try:
            while True:
                found.append(self._queue.get_nowait())
        except Empty:
            return found


def ready(descriptor: int, event: int, seconds: float) -> bool:
    """Wait until a socket is ready for `event` (of `select.poll`), at most so long; whether it is."""
    strand = getcurrent()
    if isinstance(strand, Strand) and seconds > 0:
        return strand.thread.wait_for(descriptor, event, seconds)
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(seconds * 1000))


def elsewhere(work: Callable[[], T]) -> T:
    """Do work that blocks without keeping other strands; in a thread of one's own, just do it."""
    strand = getcurrent()
    return strand.thread.elsewhere(work) if isinstance(strand, Strand) else work()
