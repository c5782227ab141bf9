"""How far an edition is, read from what it has written."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from publisher.delivery import enqueue
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.delivery.progress import (
    Assembling,
    assembling,
    counted,
    sending,
    variants_of,
    waits_for_hours,
)
from publisher.delivery.states import State
from publisher.digests import rendering
from publisher.digests.assembling import choose_items, group_selections
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber
from tests.delivery.test_assembling_killed import Killed, a_due_edition, killed_after

pytestmark = pytest.mark.django_db


def stopped(edition: Edition, module: object, name: str, calls: int) -> Assembling | None:
    """How far it is when its process is killed there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "BATCH", 1)
        patch.setattr(enqueue, "AT_ONCE", 1)
        patch.setattr(module, name, killed_after(calls, getattr(module, name)))
        with pytest.raises(Killed):
            assemble(edition.pk, now=NOON)
    edition.refresh_from_db()
    return assembling(edition)


def test_each_step_of_assembling_is_told_with_what_is_done_of_it() -> None:
    edition = a_due_edition()
    assert str(assembling(edition)) == "Choosing its items"
    choose_items(edition.pk, now=NOON)
    assert str(assembling(edition)) == "Grouping what readers chose"
    group_selections(edition.pk)
    assert str(assembling(edition)) == "Rendering variants: 0 of 7"
    assert str(stopped(edition, rendering, "_store", 3)) == "Rendering variants: 3 of 7"
    assert str(stopped(edition, enqueue, "_write", 2)) == "Writing deliveries: 2 of 7"
    assemble(edition.pk, now=NOON)
    edition.refresh_from_db()
    assert assembling(edition) is None


def test_what_is_sending_is_counted_by_state_without_copies() -> None:
    edition = a_due_edition()
    assemble(edition.pk, now=NOON)
    ids = list(Delivery.objects.filter(purpose="reader").order_by("id").values_list("pk", flat=True))
    Delivery.objects.filter(pk=ids[0]).update(state="sent")
    Delivery.objects.filter(pk=ids[1]).update(state="failed")
    seen = sending(edition)
    assert (seen.total, seen.left, seen.done) == (7, 1, 2)
    assert seen.counts == {"queued": 5, "sent": 1, "failed": 1}


OF_MAIL = [state for state in State if state is not State.HANDED]  # only posts go to a person


def test_every_delivery_is_in_one_heap_whatever_its_state() -> None:
    for state in OF_MAIL:
        heaps = counted({state.value: 3})
        assert (heaps.total, sum((heaps.left, heaps.waits, heaps.unclear, heaps.nothing))) == (3, 3)
    every = counted({state.value: 1 for state in OF_MAIL})
    assert str(every) == "4 of 11 sent, 2 wait, 1 unclear, 4 get nothing"
    assert every.done == 8
    assert str(counted({"sent": 1, "queued": 1, "failed": 1})) == "1 of 3 sent, 1 waits, 1 gets nothing"


def test_what_is_queued_of_an_edition_that_is_over_counts_as_cancelled() -> None:
    over = counted({"sent": 2, "queued": 3, "cancelled": 1}, over=True)
    assert (over.waits, over.nothing, over.counts) == (0, 4, {"sent": 2, "cancelled": 4})


def test_an_edition_outside_its_hours_says_until_when_in_its_zone() -> None:
    edition = a_sending_edition(a_digest(send_from=time(8), send_until=time(11)), mails=1)
    waits = waits_for_hours(edition, NOON)
    assert waits is not None
    assert waits.until == NOON + timedelta(hours=12)
    assert str(waits) == (
        "It waits for its hours (08:00–11:00 Asia/Shanghai). Mail leaves again from 2 June, 08:00 in that zone."
    )
    assert waits_for_hours(edition, waits.until) is None
    edition.state = "paused"
    assert waits_for_hours(edition, NOON) is None
    assert waits_for_hours(a_sending_edition(mails=1), NOON) is None


def test_variants_tell_their_size_and_readers_those_of_most_readers_first() -> None:
    edition = a_due_edition()
    for _ in range(2):
        a_subscriber(edition.digest, kinds=["speech"])
    assemble(edition.pk, now=NOON + timedelta(minutes=1))
    first, *others = variants_of(edition)
    assert (first.language, first.items, first.recipients, first.selections) == ("en", 1, 3, 1)
    stored = edition.variants.get(pk=first.id)
    assert (first.html_bytes, first.text_bytes) == (len(stored.html.encode()), len(stored.text.encode()))
    assert sum(each.recipients for each in others) == 6


def test_a_step_without_a_measure_is_told_by_its_name() -> None:
    assert (str(Assembling("Choosing its items")), str(Assembling("Rendering", 3, 1200))) == (
        "Choosing its items",
        "Rendering: 3 of 1,200",
    )
