"""Looking names up: within the time, however long the system's call takes, and never in ever more threads."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from publisher.core import fetch, names
from publisher.core.errors import Retry


class Resolver:
    """A name server that answers only when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = threading.Event()
        self.lock = threading.Lock()

    def __call__(self, host: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        with self.lock:
            self.asked.append(host)
        self.answers.wait(60)
        if host == "nobody.example":
            raise socket.gaierror(-2, "Name or service not known")
        return [
            (0, 0, 0, "", ("192.0.2.7", 443)),
            (0, 0, 0, "", ("192.0.2.7", 443)),
            (0, 0, 0, "", ("2001:db8::7", 443)),
        ]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    found = Resolver()
    monkeypatch.setattr(names, "_free", threading.BoundedSemaphore(names.MOST_LEFT_BEHIND))
    monkeypatch.setattr(socket, "getaddrinfo", found)
    yield found
    found.answers.set()


def soon() -> float:
    return time.monotonic() + 0.2


def test_a_name_has_its_addresses_each_once_in_their_order(resolver: Resolver) -> None:
    resolver.answers.set()
    assert names.addresses("office.example", 443, until=time.monotonic() + 30) == ["192.0.2.7", "2001:db8::7"]


def test_an_address_written_out_is_not_looked_up(resolver: Resolver) -> None:
    assert names.addresses("192.0.2.1", 443, until=0.0) == ["192.0.2.1"]
    assert names.addresses("2001:db8::1", 443, until=0.0) == ["2001:db8::1"]
    assert resolver.asked == []


def test_a_name_server_that_does_not_answer_is_given_up_when_the_time_is_over(resolver: Resolver) -> None:
    with pytest.raises(Retry, match=r"office\.example was not found in time"):
        names.addresses("office.example", 443, until=soon())
    assert not resolver.answers.is_set()


def test_a_fetch_ends_in_its_time_though_the_name_server_does_not_answer(resolver: Resolver) -> None:
    with pytest.raises(Retry, match="in time"):
        fetch.get("https://office.example/feed", max_bytes=100, seconds=0.2)
    assert resolver.asked == ["office.example"]


def test_a_name_that_nobody_has_is_told(resolver: Resolver) -> None:
    resolver.answers.set()
    with pytest.raises(Retry, match="Name or service not known"):
        names.addresses("nobody.example", 443, until=time.monotonic() + 30)


def test_what_can_be_no_name_is_told_as_that() -> None:
    with pytest.raises(UnicodeError):
        names.addresses("a" * 70 + ".example", 443, until=time.monotonic() + 30)


def test_a_dead_name_server_is_asked_by_so_many_threads_and_no_more(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "_free", threading.BoundedSemaphore(2))
    for number in range(4):
        with pytest.raises(Retry):
            names.addresses(f"host{number}.example", 443, until=soon())
    assert len(resolver.asked) == 2
    resolver.answers.set()
    assert names.addresses("office.example", 443, until=time.monotonic() + 30)
