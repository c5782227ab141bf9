"""Turns at sending: one process of a host is kept free, and a killed holder stands in nobody's way."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from publisher.core.redis import client
from publisher.delivery.turns import places_for_mail, turn


def test_a_second_process_of_the_host_gets_no_turn() -> None:
    with turn("mail", seconds=5) as mine, turn("mail", seconds=5) as other:
        assert (mine, other) == (True, False)
    with turn("mail", seconds=5) as again:
        assert again


@pytest.mark.parametrize(("processes", "for_mail"), [(1, 1), (2, 1), (3, 1), (4, 2), (8, 6)])
def test_mail_leaves_two_processes_free_where_there_are_so_many(
    processes: int, for_mail: int, settings: Any
) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, concurrency=processes)
    assert places_for_mail() == for_mail


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
