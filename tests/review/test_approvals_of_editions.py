"""The same for editions: what is approved is one assembling, and whoever changed it approves nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.core.errors import UserError
from publisher.delivery.corrections import assemble_again, correct_everywhere
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.delivery.retraction import retract_everywhere
from publisher.digests import editions, reviewing
from publisher.digests.due import create_due
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item
from publisher.review.approvals import NotYours
from publisher.review.models import Comment
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.social.steps import an_editor, revise

pytestmark = pytest.mark.django_db

BEFORE = NOON - timedelta(days=1)
LATER = NOON + timedelta(minutes=5)


def an_edition_for(persons: int, **digest: object) -> Edition:
    """A waiting edition of two items, whose digest asks for so many persons."""
    made = a_digest(approvals=persons, **digest)
    an_item(at=BEFORE, title="The well")
    an_item(at=BEFORE, title="The road")
    a_subscriber(made)
    (edition_id,) = create_due(now=NOON)
    return assemble(edition_id, now=NOON)


def approve(edition: Edition, by: str) -> Edition:
    return editions.approve(edition.pk, user=an_editor(by), now=NOON)


def fresh(edition: Edition) -> Edition:
    return Edition.objects.select_related("digest").get(pk=edition.pk)


def given(edition: Edition) -> int:
    return len(reviewing.standing_of(fresh(edition)).given)


@pytest.mark.parametrize("persons", [1, 2])
def test_an_edition_waits_for_so_many_persons(persons: int) -> None:
    edition = an_edition_for(persons)
    for number, name in enumerate(["ada", "ben"][:persons]):
        assert (fresh(edition).state, given(edition)) == ("waiting", number)
        approve(edition, name)
    assert fresh(edition).state == "sending"
    assert fresh(edition).approved_by == ", ".join(["ada", "ben"][:persons])
    assert fresh(edition).let_go_at == NOON


def test_nobody_approves_an_edition_twice() -> None:
    edition = an_edition_for(2)
    approve(edition, "ada")
    with pytest.raises(NotYours):
        approve(edition, "ada")
    assert fresh(edition).state == "waiting"


def test_who_changed_it_may_not_approve_it() -> None:
    edition = an_edition_for(1)
    reviewing.changed(fresh(edition), user=an_editor("ada"), now=NOON)
    with pytest.raises(NotYours, match="somebody else"):
        approve(edition, "ada")
    assert approve(edition, "ben").state == "sending"


def test_the_command_line_sends_nothing_that_persons_approve() -> None:
    edition = an_edition_for(1)
    with pytest.raises(NotYours):
        editions.send(edition.pk, user="ada@host", now=NOON)
    Edition.objects.update(state="assembling")
    with pytest.raises(UserError, match="asks for 1 approval"):
        editions.send(edition.pk, user="ada@host", now=NOON)


def test_an_edition_that_is_assembled_again_is_approved_again() -> None:
    edition = an_edition_for(2)
    approve(edition, "ada")
    assemble_again(edition.pk, user=an_editor("ada"))
    assemble(edition.pk, now=LATER)
    assert (fresh(edition).state, given(edition)) == ("waiting", 0)
    approve(edition, "ada")
    assert approve(edition, "ben").state == "sending"


def test_a_corrected_item_is_approved_again() -> None:
    edition = an_edition_for(2)
    approve(edition, "ada")
    revise(Item.objects.get(title="The well"), title="The deep well")
    correct_everywhere()
    assemble(edition.pk, now=LATER)
    assert given(edition) == 0


def test_an_edition_that_loses_an_item_while_it_goes_out_waits_for_approval_and_is_not_taken_for_unsent() -> (
    None
):
    edition = an_edition_for(1)
    approve(edition, "ada")
    item = Item.objects.get(title="The well")
    Item.objects.filter(pk=item.pk).update(retracted_at=NOON)
    retract_everywhere(now=NOON, item_id=item.pk)
    assert assemble(edition.pk, now=LATER).state == "waiting"
    cancelled = editions.cancel(edition.pk, user=an_editor("ada"), now=LATER)
    assert not cancelled.withdrawn, "mail of it may have left"


def test_a_paused_edition_that_was_assembled_again_waits_for_approval_when_it_is_resumed() -> None:
    edition = an_edition_for(1)
    approve(edition, "ada")
    editions.pause(edition.pk, user=an_editor("ada"), now=NOON)
    resumed = editions.resume(edition.pk, user=an_editor("ada"), now=NOON)
    assert resumed.state == "sending", "nothing had changed"
    editions.pause(edition.pk, user=an_editor("ada"), now=NOON)
    assemble_again(edition.pk, user=an_editor("ada"))
    assert assemble(edition.pk, now=LATER).state == "paused"
    assert editions.resume(edition.pk, user=an_editor("ada"), now=LATER).state == "waiting"
    assert approve(edition, "ben").state == "sending"


def test_a_digest_that_asks_for_persons_while_its_edition_is_assembled_has_it_wait() -> None:
    digest = a_digest()
    an_item(at=BEFORE)
    a_subscriber(digest)
    (edition_id,) = create_due(now=NOON)
    Digest.objects.update(approvals=1)
    assert assemble(edition_id, now=NOON).state == "waiting"


def test_a_request_for_changes_takes_the_approvals_back() -> None:
    edition = an_edition_for(2)
    approve(edition, "ada")
    reviewing.ask_changes(
        edition.pk, user=an_editor("cyn"), text="The road first.", seen=fresh(edition).version, now=NOON
    )
    assert given(edition) == 0
    assert Comment.objects.get().asks
    with pytest.raises(reviewing.Stale):
        reviewing.ask_changes(edition.pk, user=an_editor("cyn"), text="Again.", seen="long ago", now=NOON)


def test_an_approval_of_what_somebody_saw_before_it_was_assembled_again_is_refused() -> None:
    edition = an_edition_for(1)
    seen = fresh(edition).version
    assemble_again(edition.pk, user=an_editor("ada"))
    assemble(edition.pk, now=LATER)
    with pytest.raises(UserError, match="assembled again"):
        editions.approve(edition.pk, user=an_editor("ben"), now=LATER, seen=seen)
    assert not Delivery.objects.filter(state="sending").exists()
