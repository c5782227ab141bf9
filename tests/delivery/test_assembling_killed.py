"""Assembling may be cut off anywhere, between steps and inside each: the next run ends with the same rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from publisher.audience.models import Subscriber
from publisher.delivery import copies, enqueue, tally
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.digests import assembling, rendering
from publisher.digests.models import Edition, EditionItem, EditionSelection
from tests.builders import NOON, a_digest, a_subscriber, an_item

pytestmark = pytest.mark.django_db

KINDS = ("story", "speech", "video")


class Killed(Exception):
    """The process ends here."""


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is of one, so that each step has a middle."""
    monkeypatch.setattr(rendering, "BATCH", 1)
    monkeypatch.setattr(enqueue, "AT_ONCE", 1)


def a_due_edition() -> Edition:
    """Three kinds of items in two languages, seven readers in two zones, two seeds, by local time."""
    digest = a_digest(seeds=["boss@office.example.org", "box@monitor.example"])
    for language in ("en", "zh"):
        for kind in KINDS:
            an_item(at=NOON - timedelta(days=1), language=language, kind=kind, title=f"{kind} {language}")
        for kind in KINDS:
            a_subscriber(digest, f"{kind}-{language}@example.net", language=language, kinds=[kind])
    a_subscriber(digest, "all@example.net")
    Subscriber.objects.filter(email__startswith="s").update(zone="Europe/Berlin")
    return Edition.objects.create(
        digest=digest,
        due_at=NOON,
        window_from=NOON - timedelta(days=7),
        window_to=NOON,
        local_day=NOON.date(),
        local_at=digest.at,
        created_at=NOON,
        trace_id="e" * 32,
    )


def end_state(edition: Edition) -> dict[str, Any]:
    """Everything that assembling writes, without ids and times of writing."""
    edition.refresh_from_db()
    variants = edition.variants.order_by("language", "mask")
    rows = Delivery.objects.filter(edition=edition).order_by("address", "variant__language")
    return {
        "state": (edition.state, edition.number, edition.problem),
        "items": list(edition.edition_items.values_list("position", "item__title", "revision")),
        "variants": list(
            variants.values_list("language", "mask", "subject", "content_hash", "selections", "recipients")
        ),
        "messages": [bytes(each.message or b"") for each in variants],
        "map": EditionSelection.objects.filter(edition=edition).count(),
        "deliveries": list(
            rows.values_list("address", "purpose", "variant__mask", "variant__language", "state", "due_at")
        ),
        "tally": tally.by_state(edition_id=edition.pk),
        "waves": tally.by_wave(edition.pk),
    }


def killed_after(calls: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose process is killed right after its n-th call has done its work."""
    done = iter(range(1, 1000))

    def run(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if next(done) == calls:
            raise Killed
        return result

    return run


PLACES: list[tuple[str, object, str, int]] = [
    ("while items are fixed", EditionItem.objects, "bulk_create", 1),
    ("after the items", enqueue, "choose_items", 1),
    ("while selections are grouped", assembling, "_grouping", 1),
    ("after grouping", enqueue, "group_selections", 1),
    ("while the first variant is rendered", rendering, "_render", 1),
    ("while a later variant is rendered", rendering, "_render", 4),
    ("after a batch was stored", rendering, "_store", 3),
    ("after rendering", enqueue, "render_variants", 1),
    ("while seeds are written", copies, "write_seeds", 1),
    ("after the seeds", enqueue, "_begin", 1),
    ("after the first portion of deliveries", enqueue, "_write", 1),
    ("after a later portion", enqueue, "_write", 4),
    ("before it is let go", enqueue, "_write_all", 1),
    ("while it is let go", enqueue, "_is_outdated", 2),
]


@pytest.mark.parametrize(("place", "module", "name", "calls"), PLACES, ids=[place[0] for place in PLACES])
def test_a_run_that_was_killed_is_finished_by_the_next(
    monkeypatch: pytest.MonkeyPatch, place: str, module: object, name: str, calls: int
) -> None:
    edition = a_due_edition()
    with transaction.atomic():
        assemble(edition.pk, now=NOON)
        expected = end_state(edition)
        transaction.set_rollback(True)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, killed_after(calls, getattr(module, name)))
        with pytest.raises(Killed):
            assemble(edition.pk, now=NOON)
    edition.refresh_from_db()
    assert edition.state == "assembling"
    assemble(edition.pk, now=NOON)
    assert end_state(edition) == expected


def test_a_portion_that_was_cut_off_in_the_middle_leaves_nothing_of_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = a_due_edition()
    last = "(SELECT max(id) FROM audience_subscriber)"
    broken = enqueue.ADD_DELIVERIES.replace("s.email,", f"s.email || 1 / (s.id - {last}),", 1)
    monkeypatch.setattr(enqueue, "AT_ONCE", 100)
    with monkeypatch.context() as patch:
        patch.setattr(enqueue, "ADD_DELIVERIES", broken)
        with pytest.raises(Exception, match="division by zero"):
            assemble(edition.pk, now=NOON)
    whole_portions = Delivery.objects.filter(purpose="reader").count()
    assert whole_portions < 7
    assert sum(sum(states.values()) for states in tally.by_wave(edition.pk).values()) == whole_portions
    assert assemble(edition.pk, now=NOON).state == "sending"
    assert Delivery.objects.filter(purpose="reader").count() == 7


def test_an_edition_cancelled_while_its_deliveries_are_written_leaves_none_waiting() -> None:
    from publisher.delivery.closing import clear_away
    from publisher.digests import editions

    edition = a_due_edition()
    write = enqueue._write

    def cancel_first(*args: Any) -> int:
        editions.cancel(edition.pk, user=None, now=NOON)
        return write(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(enqueue, "_write", killed_after(1, cancel_first))
        with pytest.raises(Killed):
            assemble(edition.pk, now=NOON)
    clear_away(now=NOON)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}


@pytest.mark.django_db(transaction=True)
def test_several_sessions_that_write_at_once_write_each_reader_once() -> None:
    edition = a_due_edition()
    for n in range(30):
        a_subscriber(edition.digest, f"more{n}@example.net", kinds=[KINDS[n % 3], KINDS[(n + 1) % 3]])
    assert assemble(edition.pk, now=NOON).state == "sending"
    rows = Delivery.objects.filter(purpose="reader")
    assert (rows.count(), rows.values("subscriber").distinct().count()) == (37, 37)
    Edition.objects.update(state="assembling")
    assert assemble(edition.pk, now=NOON).state == "sending"
    assert rows.count() == 37
