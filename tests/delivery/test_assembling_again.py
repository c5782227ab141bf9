"""What happens when something changes while an edition is assembled: nothing outdated is sent, nothing rendered twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.core.alone import EDITION, alone
from publisher.delivery import enqueue
from publisher.delivery.claim import claim_mail
from publisher.delivery.closing import clear_away
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.delivery.retraction import retract_everywhere
from publisher.digests import editions
from publisher.digests.assembling import drop_item
from publisher.digests.due import create_due
from publisher.digests.models import Digest, Edition, EditionSelection
from publisher.items.models import Item
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.delivery.test_mail import BEFORE, an_assembled_edition, sent_by
from tests.fakes.smtp_sink import SmtpSink
from tests.items.test_storing import another_session
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db


def due_edition(digest: Digest) -> Edition:
    return Edition.objects.create(
        digest=digest,
        due_at=NOON,
        window_from=NOON - timedelta(days=7),
        window_to=NOON,
        created_at=NOON,
        trace_id="e" * 32,
    )


def mailed(edition: Edition) -> bytes:
    edition.refresh_from_db()
    with SmtpSink() as sink:
        sent_by(sink, edition)
        return b"".join(message.data for message in sink.messages)


def retract(item: Item) -> None:
    Item.objects.filter(pk=item.pk).update(retracted_at=NOON)
    retract_everywhere(now=NOON, item_id=item.pk)


def test_an_item_retracted_while_the_edition_is_rendered_is_not_mailed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digest = a_digest()
    an_item(at=BEFORE, title="Keep me")
    gone = an_item(at=BEFORE, title="Retract me")
    a_subscriber(digest)
    edition = due_edition(digest)
    render = enqueue.render_variants

    def interrupted(edition_id: int, **given: Any) -> int:
        retract(gone)
        return render(edition_id, **given)

    with monkeypatch.context() as patch:
        patch.setattr(enqueue, "render_variants", interrupted)
        assert assemble(edition.pk, now=NOON).state == "assembling"
    assert not Delivery.objects.exists()
    assert assemble(edition.pk, now=NOON).state == "sending"
    sent = mailed(edition)
    assert b"Keep me" in sent
    assert b"Retract me" not in sent


def test_an_embargo_that_is_set_later_keeps_the_item_out_until_it_lifts() -> None:
    digest = a_digest(needs_approval=True)
    an_item(at=BEFORE, title="Open to all")
    secret = an_item(at=BEFORE, title="Not before Friday")
    a_subscriber(digest)
    edition = due_edition(digest)
    assemble(edition.pk, now=NOON)
    Item.objects.filter(pk=secret.pk).update(embargo_until=NOON + timedelta(days=3))
    retract_everywhere(now=NOON)
    assemble(edition.pk, now=NOON)
    assert [held.item.title for held in edition.edition_items.all()] == ["Open to all"]
    later = NOON + timedelta(days=7)
    (following,) = create_due(now=later)
    assert [held.item.title for held in assemble(following, now=later).edition_items.all()] == [
        "Not before Friday"
    ]


def test_an_edition_that_lost_all_its_items_is_not_filled_with_others() -> None:
    digest = a_digest(most_items=1)
    a_subscriber(digest)
    an_item(at=BEFORE - timedelta(hours=2), title="Second story")
    first = an_item(at=BEFORE, title="Retract me")
    edition = due_edition(digest)
    assemble(edition.pk, now=NOON)
    retract(first)
    assert assemble(edition.pk, now=NOON).state == "empty"
    assert [row.state for row in Delivery.objects.all()] == ["cancelled"]


def test_one_that_went_out_in_part_before_it_lost_all_items_does_not_say_nothing_new() -> None:
    edition = an_assembled_edition(readers=2)
    first = Delivery.objects.order_by("id")[0]
    Delivery.objects.filter(pk=first.pk).update(state="sent")
    retract(Item.objects.get())
    edition = assemble(edition.pk, now=NOON)
    assert edition.state == "cancelled"
    assert "retracted" in edition.problem
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["cancelled", "sent"]


def test_an_edition_is_assembled_by_one_process_at_a_time() -> None:
    digest = a_digest()
    an_item(at=BEFORE)
    a_subscriber(digest)
    edition = due_edition(digest)
    with another_session() as session:
        session.execute("SELECT pg_advisory_lock(%s)", [EDITION + edition.pk])
        assert assemble(edition.pk, now=NOON).state == "assembling"
        assert not edition.variants.exists()
        session.execute("SELECT pg_advisory_unlock(%s)", [EDITION + edition.pk])
    assert assemble(edition.pk, now=NOON).state == "sending"
    with alone(EDITION + edition.pk) as mine:
        assert mine


def test_an_edition_that_a_person_resumed_goes_on_after_the_next_retraction() -> None:
    digest = a_digest()
    items = [an_item(at=BEFORE, title=f"Story {n}") for n in range(3)]
    a_subscriber(digest)
    edition = due_edition(digest)
    assemble(edition.pk, now=NOON)
    editor = an_editor()
    editions.pause(edition.pk, user=editor, now=NOON)
    drop_item(items[0].pk)
    assert assemble(edition.pk, now=NOON).state == "paused"
    editions.resume(edition.pk, user=editor, now=NOON)
    drop_item(items[1].pk)
    assert assemble(edition.pk, now=NOON).state == "sending"


@pytest.mark.parametrize(("needs_approval", "titles"), [(True, ["Ours"]), (False, [])])
def test_what_a_cancelled_edition_held_comes_in_the_next_one_if_nothing_had_left(
    needs_approval: bool, titles: list[str]
) -> None:
    digest = a_digest(needs_approval=needs_approval)
    an_item(at=BEFORE - timedelta(days=2), title="Ours")
    a_subscriber(digest)
    (first,) = create_due(now=NOON)
    assemble(first, now=NOON)
    editions.cancel(first, user=an_editor(), now=NOON)
    later = NOON + timedelta(days=7)
    (second,) = create_due(now=later)
    edition = assemble(second, now=later)
    assert [held.item.title for held in edition.edition_items.all()] == titles


def test_what_is_left_of_an_edition_that_became_empty_is_cleared_away_by_the_tick() -> None:
    edition = an_assembled_edition(readers=2)
    Edition.objects.filter(pk=edition.pk).update(state="empty", finished_at=NOON)
    assert clear_away(now=NOON) == 2
    assert set(Delivery.objects.values_list("state", "reason")) == {("cancelled", "The edition is empty.")}
    assert not EditionSelection.objects.exists()


def test_what_waits_of_cancelled_editions_is_cancelled_by_the_tick() -> None:
    edition = an_assembled_edition(readers=2)
    other = an_assembled_edition(a_digest(), readers=1)
    editions.cancel(edition.pk, user=an_editor(), now=NOON)
    assert EditionSelection.objects.filter(edition=edition).exists()
    assert clear_away(now=NOON) == 2
    assert set(EditionSelection.objects.values_list("edition", flat=True)) == {other.pk}
    assert clear_away(now=NOON) == 0
    assert len(claim_mail(other.pk, fence=1, now=NOON, limit=9, lease=timedelta(minutes=5)).mails) == 1
