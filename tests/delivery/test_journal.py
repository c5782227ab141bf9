"""Notes of results: they outlive the process that wrote them, and say when some may be missing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.redis import client
from publisher.delivery import journal
from publisher.delivery.journal import Journal, JournalLost, notes_of
from publisher.delivery.settle import ACCEPTED, Outcome, Settlement, Try
from publisher.delivery.states import State
from tests.builders import NOON
from tests.processes import environment, until

ROOT = Path(__file__).resolve().parent.parent.parent
FENCE = 4711

NOTES_AND_DIES = """
import os, signal
import django; django.setup()
from datetime import UTC, datetime
from publisher.delivery import journal
from publisher.delivery.settle import ACCEPTED, Settlement, Try
assert journal.begin(4711)
writer = journal.Journal()
for n in range(500):
    tried = Try("here:1", datetime(2026, 6, 1, tzinfo=UTC), 1.5, 250, "2.0.0", f"queued as {n}")
    writer.note(Settlement.of(n, 4711, ACCEPTED, tried))
os.kill(os.getpid(), signal.SIGKILL)
"""


def noted(number: int, text: str = "queued") -> Settlement:
    return Settlement.of(number, FENCE, ACCEPTED, Try("here:1", NOON, 1.5, 250, "2.0.0", text))


def has_notes(count: int) -> bool:
    return len(journal.read([FENCE])[FENCE].settlements) == count


@pytest.mark.django_db(transaction=True)
def test_every_note_outlives_a_process_that_is_killed_in_the_next_instant() -> None:
    env = environment(DJANGO_SETTINGS_MODULE="config.settings")
    done = subprocess.run([sys.executable, "-c", NOTES_AND_DIES], cwd=ROOT, env=env, check=False)
    assert done.returncode == -signal.SIGKILL
    until(lambda: has_notes(500), seconds=20, what="all notes are there")
    notes = journal.read([FENCE])[FENCE]
    assert notes.complete
    assert [each.delivery_id for each in notes.settlements] == list(range(500))


def test_notes_end_with_their_claim() -> None:
    journal.begin(FENCE)
    writer = Journal()
    writer.note(noted(1))
    writer.forget(FENCE)
    writer.note(noted(2))
    until(lambda: has_notes(1), what="the note after the end")
    assert not journal.read([FENCE])[FENCE].complete
    writer.close()


def test_whether_a_lane_has_begun_is_noted() -> None:
    journal.begin(FENCE)
    assert not journal.read([FENCE])[FENCE].begun
    writer = Journal()
    writer.begun(FENCE)
    until(lambda: journal.read([FENCE])[FENCE].begun, what="the note")
    writer.close()


def test_a_claim_without_a_header_may_have_lost_notes() -> None:
    assert not journal.read([FENCE])[FENCE].complete


def test_after_a_restart_of_redis_notes_may_be_missing() -> None:
    lines = [b"claim run1 1", noted(1).line.encode()]
    assert notes_of(lines, run="run1").complete
    assert not notes_of(lines, run="run2").complete
    assert len(notes_of(lines, run="run2").settlements) == 1


def test_a_broken_note_counts_as_missing() -> None:
    notes = notes_of([b"claim run1 1", b'{"id": 1', noted(2).line.encode()], run="run1")
    assert not notes.complete
    assert [each.delivery_id for each in notes.settlements] == [2]


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_nothing_that_may_stand_in_redis_breaks_the_reading(lines: list[bytes]) -> None:
    notes_of(lines, run="run1")


def test_how_many_may_be_in_flight_is_told_by_the_header() -> None:
    journal.begin(FENCE, flight=50)
    assert journal.read([FENCE])[FENCE].flight == 50


def test_a_broken_connection_is_said_so_that_the_claim_ends() -> None:
    journal.begin(FENCE)
    writer = Journal()
    writer.note(noted(1))
    until(lambda: has_notes(1), what="the first note")
    client().client_kill_filter(_type="normal", skipme=True)
    until(lambda: _is_lost(writer), what="the loss shows")
    writer.close()


def _is_lost(writer: Journal) -> bool:
    try:
        writer.note(noted(2))
    except JournalLost:
        return True
    return False


def test_redis_that_is_away_begins_no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(redis.Redis, "eval", away)
    assert not journal.begin(FENCE)


TEXTS = st.text(st.characters(exclude_categories=()), max_size=80)


@given(TEXTS, TEXTS, st.sampled_from([250, None]))
def test_what_is_noted_is_what_is_read(said: str, reason: str, code: int | None) -> None:
    outcome = Outcome(State.QUEUED, reason, NOON, spends_try=False)
    settlement = Settlement.of(7, FENCE, outcome, Try("here:1", NOON, 0.5, code, "4.2.1", said))
    assert Settlement.read(settlement.line.encode().decode()) == settlement
