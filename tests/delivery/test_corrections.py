"""A correction that arrives before an edition goes out is in it; one that arrives later does not change what was approved."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.core.alone import EDITION
from publisher.core.errors import UserError
from publisher.delivery.corrections import assemble_again, correct_everywhere
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.digests import editions
from publisher.digests.models import Edition
from publisher.items.models import Item
from tests.builders import NOON, a_digest, a_subscriber, a_topic, an_item
from tests.delivery.test_assembling_again import due_edition, mailed
from tests.delivery.test_mail import BEFORE
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
