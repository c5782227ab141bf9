"""Turns at sending: one process of a host is kept free, and a killed holder stands in nobody's way."""

from __future__ import annotations

import subprocess
import sys

import pytest

from publisher.core.redis import client
from publisher.delivery.turns import turn


def test_a_second_process_of_the_host_gets_no_turn() -> None:
    with turn("mail", seconds=5) as mine, turn("mail", seconds=5) as other:
        assert (mine, other) == (True, False)
    with turn("mail", seconds=5) as again:
        assert again


def test_the_turn_of_a_killed_process_is_free_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with monkeypatch.context() as patched:
        patched.setattr("os.getpid", lambda: ended.pid)
        holding = turn("mail", seconds=60)
        assert holding.__enter__()
    with turn("mail", seconds=5) as mine:
        assert mine
    assert client().keys("publisher:turn:*") == []
