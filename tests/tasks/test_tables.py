"""The tables of ticks and nudges: every task they name exists, on the queue of its stage, and is safe to lose."""

from __future__ import annotations

import pytest
import redis

from publisher.core import events
from publisher.core.queues import STAGES
from tasks.beat import BEAT
from tasks.nudges import MOST_WAITING, NUDGES, nudge
from worker import app

TASKS = {name for name in app.tasks if name.startswith("tasks.")}


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    app.loader.import_default_modules()
    TASKS.update(name for name in app.tasks if name.startswith("tasks."))


@pytest.mark.parametrize("tick", BEAT)
def test_every_tick_names_a_task_and_is_dropped_before_it_piles_up(tick: str) -> None:
    entry = BEAT[tick]
    assert entry["task"] in TASKS
    assert entry["options"]["expires"] >= entry["schedule"]


@pytest.mark.parametrize("event", NUDGES)
def test_every_event_nudges_tasks_that_exist(event: str) -> None:
    assert set(NUDGES[event]) <= TASKS


def test_every_task_has_the_queue_of_its_stage() -> None:
    for task in TASKS:
        stage = task.split(".")[1]
        assert stage in STAGES
        assert app.amqp.router.route({}, task)["queue"].name == stage


def test_every_task_that_an_event_nudges_is_reached_by_a_tick_too() -> None:
    """Losing every nudge loses seconds: what an event starts, a tick finds."""
    found_by_tick = {
        "tasks.editorial.draft": "tasks.editorial.draft_waiting",
        "tasks.editorial.retract": "tasks.editorial.draft_waiting",
        "tasks.schedule.assemble": "tasks.schedule.tick",
    }
    ticked = {entry["task"] for entry in BEAT.values()}
    for tasks in NUDGES.values():
        for task in tasks:
            assert found_by_tick.get(task, task) in ticked


def test_nudges_do_not_pile_up_without_end_while_no_worker_takes_them(inbox: redis.Redis) -> None:
    inbox.rpush("intake", *["waiting"] * (MOST_WAITING - 1))
    for _ in range(3):
        nudge("entry.added", {})
    assert inbox.llen("intake") == MOST_WAITING
    inbox.delete("intake")


def test_a_broker_that_is_away_fails_nobody(settings: object) -> None:
    settings.EVENT_NUDGE = "tasks.nudges.nudge"  # type: ignore[attr-defined]  # pytest-django's wrapper
    events._nudge.cache_clear()
    nudge("item.accepted", {"item_id": 1})
