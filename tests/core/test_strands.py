"""Strands: work in one thread that gives way while it waits, and loses nothing by it."""

from __future__ import annotations

import select
import socket
import threading
import time

import pytest

from publisher.core import strands
from publisher.core.strands import Inbox, SharedThread


def test_one_that_waits_for_its_socket_lets_the_others_go_on() -> None:
    ours, theirs = socket.socketpair()
    seen: list[str] = []

    def waits() -> None:
        assert strands.ready(ours.fileno(), select.POLLIN, 10)
        seen.append(ours.recv(10).decode())

    def speaks() -> None:
        seen.append("spoke")
        theirs.send(b"heard")

    with SharedThread("test") as thread:
        for future in thread.start([waits, speaks]):
            future.result(10)
    assert seen == ["spoke", "heard"]


def test_all_run_in_one_thread() -> None:
    names: set[str] = set()
    with SharedThread("test") as thread:
        thread.start([lambda: names.add(threading.current_thread().name)] * 3)
    assert len(names) == 1
    assert threading.current_thread().name not in names


def test_waiting_in_vain_ends_in_time_and_does_not_keep_the_others() -> None:
    ours, _theirs = socket.socketpair()
    answers: list[object] = []

    def waits() -> None:
        answers.append(strands.ready(ours.fileno(), select.POLLIN, 0.05))

    with SharedThread("test") as thread:
        for future in thread.start([waits, lambda: answers.append("other")]):
            future.result(10)
    assert answers == ["other", False]


def test_a_hang_up_wakes_who_waits() -> None:
    ours, theirs = socket.socketpair()

    def waits() -> None:
        assert strands.ready(ours.fileno(), select.POLLIN, 10)
        assert ours.recv(10) == b""

    with SharedThread("test") as thread:
        (future,) = thread.start([waits])
        theirs.close()
        future.result(10)


def test_an_error_is_its_own_works_and_no_others() -> None:
    def fails() -> None:
        raise ValueError("broken")

    done: list[int] = []
    with SharedThread("test") as thread:
        first, second = thread.start([fails, lambda: done.append(1)])
    with pytest.raises(ValueError, match="broken"):
        first.result(10)
    assert second.result(10) is None
    assert done == [1]


def test_what_blocks_is_done_elsewhere_while_others_go_on() -> None:
    begun, go = threading.Event(), threading.Event()
    seen: list[str] = []

    def blocks() -> None:
        def work() -> str:
            begun.set()
            assert go.wait(10)
            return threading.current_thread().name

        seen.append(strands.elsewhere(work))

    def other() -> None:
        assert begun.wait(10)
        seen.append(threading.current_thread().name)
        go.set()

    with SharedThread("test") as thread:
        for future in thread.start([blocks, other]):
            future.result(10)
    assert len(set(seen)) == 2


def test_an_error_elsewhere_comes_back() -> None:
    caught: list[str] = []

    def work() -> None:
        try:
            strands.elsewhere(lambda: int("no number"))
        except ValueError as error:
            caught.append(str(error))

    with SharedThread("test") as thread:
        thread.start([work])
    assert "no number" in caught[0]


def test_each_thing_of_an_inbox_is_taken_once() -> None:
    inbox: Inbox[int | None] = Inbox()
    taken: list[int] = []

    def takes() -> None:
        while (thing := inbox.get()) is not None:
            taken.append(thing)

    with SharedThread("test") as thread:
        inbox.thread = thread
        futures = thread.start([takes] * 3)
        for number in range(50):
            inbox.put(number)
            if number % 10 == 0:
                time.sleep(0.002)
        for _ in futures:
            inbox.put(None)
        for future in futures:
            future.result(10)
    assert sorted(taken) == list(range(50))


def test_outside_a_strand_the_same_calls_block() -> None:
    ours, theirs = socket.socketpair()
    assert not strands.ready(ours.fileno(), select.POLLIN, 0.01)
    theirs.send(b"x")
    assert strands.ready(ours.fileno(), select.POLLIN, 10)
    assert strands.elsewhere(lambda: 7) == 7
    inbox: Inbox[int] = Inbox()
    inbox.put(1)
    assert inbox.get() == 1
    assert inbox.clear() == []


def test_what_waits_in_an_inbox_can_be_taken_back() -> None:
    inbox: Inbox[int] = Inbox()
    inbox.put(1)
    inbox.put(2)
    assert inbox.clear() == [1, 2]
