"""A correction that arrives before an edition goes out is in it; one that arrives later does not change what was approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.core.alone import EDITION
from publisher.core.errors import UserError
from publisher.delivery.corrections import assemble_again, correct_everywhere
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.digests import editions
from publisher.digests.assembling import drop_item
from publisher.digests.models import Edition
from publisher.items.models import Item
from tests.builders import NOON, a_digest, a_subscriber, a_topic, an_item
from tests.delivery.test_assembling_again import due_edition, mailed, retract
from tests.delivery.test_mail import BEFORE
from tests.desk.builders import a_revision
from tests.items.test_storing import another_session
from tests.social.steps import an_editor, revise, with_topic

pytestmark = pytest.mark.django_db


def a_waiting_edition(**digest: Any) -> tuple[Edition, Item, Item]:
    """With two items, of which the first is mailed to all and the second to readers of everything."""
    weekly = a_digest(needs_approval=True, **digest)
    water = a_topic("water")
    first, second = an_item(at=BEFORE, title="Wrong name"), an_item(at=BEFORE, title="Harbour opens")
    with_topic(first, water, "accepted")
    a_subscriber(weekly, "all@example.net")
    a_subscriber(weekly, "water@example.net", topics=[water.pk])
    edition = due_edition(weekly)
    Edition.objects.filter(pk=edition.pk).update(after_assembly="waiting")
    assert assemble(edition.pk, now=NOON).state == "waiting"
    return edition, first, second


def corrected_a_minute_later(edition: Edition, item: Item) -> None:
    revise(item, title="Right name")
    correct_everywhere()
    assemble(edition.pk, now=NOON + timedelta(minutes=1))


def state(edition: Edition) -> str:
    edition.refresh_from_db()
    return edition.state


def test_a_correction_before_approval_is_in_the_mail_that_is_approved() -> None:
    edition, first, _second = a_waiting_edition()
    revise(first, title="Right name")
    assert correct_everywhere(item_id=first.pk) == 1
    assert assemble(edition.pk, now=NOON).state == "waiting"
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    sent = mailed(edition)
    assert b"Right name" in sent
    assert b"Wrong name" not in sent
    assert Delivery.objects.filter(state="sent").count() == 2


def test_only_what_shows_the_corrected_item_is_rendered_again() -> None:
    edition, _first, second = a_waiting_edition()
    revise(second, title="Harbour opened")
    correct_everywhere()
    assert edition.variants.filter(rendered_at=None).count() == 1
    assert edition.variants.exclude(rendered_at=None).count() == 1


def test_asking_again_does_nothing() -> None:
    edition, first, _second = a_waiting_edition()
    revise(first, title="Right name")
    assert (correct_everywhere(), correct_everywhere()) == (1, 0)
    assert state(edition) == "assembling"


def test_topics_that_came_with_the_correction_count() -> None:
    edition, _first, second = a_waiting_edition()
    with_topic(second, a_topic("water"), "accepted")
    revise(second, title="Water harbour opens")
    correct_everywhere()
    assemble(edition.pk, now=NOON)
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    assert mailed(edition).count(b"Water harbour opens") >= 2


def test_what_is_going_out_stays_as_it_was_approved() -> None:
    edition, first, _second = a_waiting_edition()
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    revise(first, title="Right name")
    assert correct_everywhere() == 0
    assert b"Wrong name" in mailed(edition)


def test_a_paused_edition_goes_back_to_paused_with_the_correction() -> None:
    edition, first, _second = a_waiting_edition()
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    editions.pause(edition.pk, user=an_editor("lin"), now=NOON)
    revise(first, title="Right name")
    correct_everywhere()
    assert assemble(edition.pk, now=NOON).state == "paused"


def test_what_somebody_may_have_is_kept_as_it_was_sent_and_nothing_is_lost() -> None:
    """One mail has left, one is unclear, one waits; then a correction brings a topic and the rest goes on."""
    edition, first, second = a_waiting_edition(on_unknown="hold")
    a_subscriber(edition.digest, "late@example.net")
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    editions.pause(edition.pk, user=an_editor("lin"), now=NOON)
    edition.refresh_from_db()
    rows = {row.address: row for row in Delivery.objects.all()}
    water = rows["water@example.net"]
    Delivery.objects.filter(pk=rows["all@example.net"].pk).update(state="sent")
    Delivery.objects.filter(pk=water.pk).update(state="unknown")
    with_topic(second, a_topic("water"), "accepted")
    revise(first, title="Right name")
    revise(second, title="Harbour opened")
    correct_everywhere()
    assemble(edition.pk, now=NOON)
    rows["all@example.net"].refresh_from_db()
    sent = rows["all@example.net"].variant
    assert sent is not None
    assert sent.retired
    assert "Wrong name" in sent.html
    Delivery.objects.filter(pk=water.pk).update(state="queued")
    editions.resume(edition.pk, user=an_editor(), now=NOON)
    again = mailed(edition)
    assert b"Right name" in again  # also in the unclear mail, which goes out as things are now
    assert b"Wrong name" not in again
    assert Delivery.objects.filter(state="queued").count() == 0
    assert Delivery.objects.filter(state="sent").count() == 3


@pytest.mark.parametrize("other", [True, False])
def test_mail_that_was_claimed_or_unclear_while_an_item_was_retracted_goes_without_it(other: bool) -> None:
    digest = a_digest()
    gone = an_item(at=BEFORE, title="Retract me")
    if other:
        an_item(at=BEFORE, title="Keep me")
    a_subscriber(digest)
    edition = due_edition(digest)
    assemble(edition.pk, now=NOON)
    Delivery.objects.update(state="sending")
    retract(gone)
    assemble(edition.pk, now=NOON)
    Delivery.objects.update(state="queued")
    Edition.objects.filter(pk=edition.pk).update(state="sending")
    sent = mailed(edition)
    assert b"Retract me" not in sent
    assert Delivery.objects.get().state == ("sent" if other else "cancelled")


def test_a_correction_that_nobody_saw_does_not_go_out_with_a_retraction_of_another_item() -> None:
    an_item(at=BEFORE, title="Third")
    edition, first, second = a_waiting_edition()
    a_revision(first, 1, {"title": "Wrong name", "summary": "As approved."}, [])
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    revise(first, title="Not seen by anybody")
    Item.objects.filter(pk=second.pk).update(retracted_at=NOON)
    drop_item(second.pk)
    assert correct_everywhere() == 0
    assert assemble(edition.pk, now=NOON).state == "sending"
    sent = mailed(edition)
    assert b"Wrong name" in sent
    assert b"As approved." in sent
    assert b"Not seen" not in sent


def test_nobody_resumes_a_text_that_was_corrected_since_it_was_seen() -> None:
    edition, first, _second = a_waiting_edition()
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    editions.pause(edition.pk, user=an_editor("lin"), now=NOON)
    edition.refresh_from_db()
    seen = edition.version
    corrected_a_minute_later(edition, first)
    with pytest.raises(UserError, match="assembled again since you opened it"):
        editions.resume(edition.pk, user=an_editor("ada"), now=NOON, seen=seen)


def test_a_broken_rendering_gives_back_what_was_claimed() -> None:
    edition, _first, _second = a_waiting_edition()
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    edition.variants.update(message=None)
    assert mailed(edition) == b""
    edition.refresh_from_db()
    assert "stored message template" in edition.problem
    assert set(Delivery.objects.values_list("state", flat=True)) == {"queued"}


def test_nobody_approves_a_text_that_was_corrected_since_it_was_seen() -> None:
    edition, first, _second = a_waiting_edition()
    edition.refresh_from_db()
    seen = edition.version
    corrected_a_minute_later(edition, first)
    with pytest.raises(UserError, match="assembled again since you opened it"):
        editions.approve(edition.pk, user=an_editor(), now=NOON, seen=seen)
    edition.refresh_from_db()
    assert editions.approve(edition.pk, user=an_editor(), now=NOON, seen=edition.version).state == "sending"


def test_an_edition_with_mail_in_flight_or_in_the_making_is_corrected_by_the_next_sweep() -> None:
    edition, first, _second = a_waiting_edition()
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    editions.pause(edition.pk, user=an_editor("lin"), now=NOON)
    revise(first, title="Right name")
    Delivery.objects.filter(address="all@example.net").update(state="sending")
    assert correct_everywhere() == 0
    Delivery.objects.update(state="queued")
    with another_session() as session:
        session.execute("SELECT pg_advisory_lock(%s)", [EDITION + edition.pk])
        assert correct_everywhere() == 0
        session.execute("SELECT pg_advisory_unlock_all()")  # a session that ends lets go a moment later
    assert correct_everywhere() == 1


def test_an_edition_is_assembled_again_with_the_texts_of_today() -> None:
    edition, _first, _second = a_waiting_edition(subject={"en": "{{ oops }}"})
    edition.refresh_from_db()
    assert "subject (en) of" in edition.problem
    edition.digest.subject = {"en": "Corrected: {{ title }}"}
    edition.digest.save()
    assemble_again(edition.pk, user=an_editor())
    assert assemble(edition.pk, now=NOON).state == "waiting"
    edition.refresh_from_db()
    assert edition.problem == ""
    assert {variant.subject for variant in edition.variants.all()} == {"Corrected: The week in Almaria"}


def test_an_edition_that_goes_out_is_not_assembled_again() -> None:
    edition, _first, _second = a_waiting_edition()
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    with pytest.raises(UserError, match="cannot be done now"):
        assemble_again(edition.pk, user=an_editor("lin"))
    assert state(edition) == "sending"
