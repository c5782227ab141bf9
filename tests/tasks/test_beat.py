"""Beat's clock: what is due when the machine's clock is set back."""

from __future__ import annotations

import time
from typing import Any

import pytest
from celery import Celery

from publisher.delivery.pulse.jobs import NAMES
from tasks import alive
from tasks.beat import BEAT


def test_each_job_has_a_name_for_people() -> None:
    assert {entry["task"].removeprefix("tasks.") for entry in BEAT.values()} == set(NAMES)


class Silent(alive.Scheduler):
    """Notes what it would send."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sent: list[str] = []
        super().__init__(*args, **kwargs)

    def apply_entry(self, entry: Any, **_producer: Any) -> None:
        self.sent.append(entry.name)


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> Silent:
    monkeypatch.setattr(alive.alive, "touch", lambda *_: None)
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.update(timezone="UTC", beat_schedule={"tick": {"task": "tick", "schedule": 1.0}})
    return Silent(app=app)


def run(scheduler: Silent, seconds: float) -> int:
    """Tick like beat does; how often something was sent."""
    before, until = len(scheduler.sent), time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(max(scheduler.tick(), 0.01), 0.1))
    return len(scheduler.sent) - before


def test_a_clock_that_is_set_back_by_an_hour_stops_nothing(
    scheduler: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(scheduler, 2.5) >= 1
    for entry in scheduler.schedule.values():
        entry.last_run_at = entry.default_now().replace(year=entry.default_now().year + 1)
    scheduler._seen = time.time() + 3600
    assert run(scheduler, 2.5) >= 1
