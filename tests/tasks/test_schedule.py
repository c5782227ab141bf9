"""The tick of the schedule: what fails stops nothing behind it and is told, and long work leaves a process free."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
from celery.exceptions import SoftTimeLimitExceeded

from publisher.core import clock
from publisher.core.models import Heartbeat
from publisher.delivery import retention, trouble
from publisher.delivery.enqueue import assemble as really_assemble
from publisher.delivery.turns import LONG, turn
from publisher.digests import due
from publisher.digests.models import Digest, Edition
from tasks import edge, schedule, upkeep
from tests.builders import a_digest, a_subscriber, an_item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox")]


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks give their connection up; here it holds the test's transaction."""
    monkeypatch.setattr(edge, "close_old_connections", lambda: None)


def an_edition(*, items: bool = False, problem: str = "", **given: Any) -> Edition:
    """Made by hand, of its own digest with one reader; about to be assembled."""
    now = clock.now()
    digest = a_digest(created_at=now, **given)
    a_subscriber(digest)
    item = an_item(at=now - timedelta(hours=1))
    chosen = [item.pk] if items else []
    made = due.create_now(digest, window_from=now - timedelta(days=1), now=now, item_ids=chosen)
    Edition.objects.filter(pk=made.pk).update(problem=problem)
    return made


def state(edition: Edition) -> str:
    edition.refresh_from_db()
    return edition.state


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Ids of editions whose assembling fails in a way that nobody foresaw."""
    ids: set[int] = set()

    def assemble(edition_id: int, **given: Any) -> Edition:
        if edition_id in ids:
            raise ZeroDivisionError("division by zero")
        return really_assemble(edition_id, **given)

    monkeypatch.setattr(schedule, "assemble_edition", assemble)
    return ids


def test_an_edition_that_fails_unforeseen_stops_none_behind_it_and_says_so(
    broken: set[int], caplog: pytest.LogCaptureFixture
) -> None:
    fails, behind = an_edition(priority=5), an_edition()
    broken.add(fails.pk)
    schedule.tick()
    assert (state(fails), state(behind)) == ("assembling", "sending")
    assert "Assembling failed unexpectedly (ZeroDivisionError)" in fails.problem
    (record,) = [each for each in caplog.records if each.message == "edition.failed"]
    assert record.edition_id == fails.pk  # type: ignore[attr-defined]  # an extra of ours
    assert record.exc_info
    assert Heartbeat.objects.filter(name="schedule.tick").exists()


def test_it_rests_a_while_then_is_tried_again_and_takes_back_what_was_said(
    broken: set[int], inbox: redis.Redis
) -> None:
    edition = an_edition(problem="Its time passed long ago; look at it before it is sent.")
    broken.add(edition.pk)
    schedule.tick()
    broken.clear()
    schedule.tick()
    assert state(edition) == "assembling"
    inbox.delete(*inbox.keys("publisher:edition:rests:*"))
    schedule.tick()
    assert state(edition) == "sending"
    assert edition.problem == "Its time passed long ago; look at it before it is sent."


def test_failing_again_is_said_once(broken: set[int]) -> None:
    edition = an_edition(problem="Late.")
    broken.add(edition.pk)
    for _ in range(3):
        schedule.assemble(edition_id=edition.pk)
    edition.refresh_from_db()
    assert edition.problem.count(trouble.MARK) == 1
    assert edition.problem.startswith("Late. ")


def test_posts_or_a_digest_that_fail_stop_no_edition(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = clock.now()
    long_ago = {"created_at": now - timedelta(days=60), "window_days": 7}
    bad, good = a_digest(**long_ago), a_digest(**long_ago)
    Digest.objects.filter(pk=bad.pk).update(zone="Nowhere/At_All")
    waiting = an_edition()

    def fail(**_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(schedule, "enqueue_due", fail)
    schedule.tick()
    assert state(waiting) == "sending"
    assert Edition.objects.filter(digest=good).exists()
    assert {each.message for each in caplog.records} >= {"posts.failed", "digest.failed"}


def test_the_end_of_the_tasks_time_is_no_failure_of_an_edition(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_long(*_: object, **__: object) -> Edition:
        raise SoftTimeLimitExceeded

    edition = an_edition()
    monkeypatch.setattr(schedule, "assemble_edition", too_long)
    schedule.tick()
    assert (state(edition), edition.problem) == ("assembling", "")


def test_while_a_process_of_this_host_is_at_long_work_editions_wait_and_an_alert_does_not() -> None:
    large, alert = an_edition(), an_edition(items=True)
    with turn(LONG, seconds=5):
        schedule.tick()
        schedule.assemble(edition_id=large.pk)
    assert (state(large), state(alert)) == ("assembling", "sending")
    schedule.tick()
    assert state(large) == "sending"


def test_forgetting_waits_for_its_turn_and_takes_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def prune(*, seconds: float, **_: object) -> int:
        given.append(seconds)
        return 0

    monkeypatch.setattr(retention, "prune", prune)
    with turn(LONG, seconds=5):
        upkeep.prune()
    assert given == []
    upkeep.prune()
    assert given == [upkeep.PRUNE_SECONDS]
    assert upkeep.PRUNE_SECONDS <= 5
