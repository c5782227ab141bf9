"""What several connections of one process cost: lanes that share a thread (`core/strands.py`) against a thread for each.

Each connection sends as many messages to Postfix's smtp-sink, and writes to a pipe after each as a lane writes its notes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from publisher.core.strands import SharedThread
from publisher.delivery.email.smtp import MailServer, Outgoing, Session
from tests.bench.email import sink
from tests.bench.progress import say
from tests.bench.smtp import a_template, values

MESSAGES, LANES, ROUNDS = 4000, 4, 3

Work = Callable[[], None]


def measure() -> dict[str, float]:
    """µs of this process's CPU a message, with the lanes in one thread and in a thread each: the best of some rounds, in
    turn."""
    shared, threads = [], []
    with sink() as port:
        for number in range(ROUNDS):
            say(f"round {number + 1} of {ROUNDS}")
            shared.append(_cost(port, _in_one_thread))
            threads.append(_cost(port, _in_threads))
    return {"lanes_shared_cpu_us": min(shared), "lanes_threads_cpu_us": min(threads)}


def _cost(port: int, run: Callable[[list[Work]], None]) -> float:
    template = a_template()
    reading, writing = os.pipe()

    def work() -> None:
        messages = (
            Outgoing(n, "b@office.example", f"r{n}@example.org", template.join(values(n)), checked=True)
            for n in range(MESSAGES)
        )
        with Session(MailServer("127.0.0.1", port)) as session:
            for _ in session.send(messages):
                os.write(writing, b"!")
                os.read(reading, 1)

    started = time.process_time()
    run([work] * LANES)
    used = time.process_time() - started
    os.close(reading)
    os.close(writing)
    return used / MESSAGES / LANES * 1e6


def _in_one_thread(works: list[Work]) -> None:
    with SharedThread("lanes") as thread:
        for future in thread.start(works):
            future.result()


def _in_threads(works: list[Work]) -> None:
    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(work) for work in works]:
            future.result()
