"""Words that ask for a clearance in an edition's subject or introduction: the edition waits, and no item of it does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery import arranging, clearing
from publisher.delivery.enqueue import assemble
from publisher.delivery.pacing.due import due_editions
from publisher.digests import editions, uncleared
from publisher.digests.due import create_due
from publisher.digests.models import Digest, Edition
from publisher.review.clearances import Changed
from publisher.review.models import ClearanceTag, ItemTag, TextTag
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber, an_item
from tests.review.steps import a_tag
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db


@pytest.fixture
def tag() -> ClearanceTag:
    tag = a_tag("Child", words=("child*", "boy*"))
    tag.group.user_set.add(an_editor("carta"))
    return tag


@pytest.fixture
def edition(tag: ClearanceTag) -> Edition:
    """A waiting one that nobody in particular approves."""
    assert tag.pk
    return made(a_digest(needs_approval=True))


def made(digest: Digest) -> Edition:
    an_item(at=NOON - timedelta(days=1), title="The well")
    a_subscriber(digest)
    (edition_id,) = create_due(now=NOON)
    return assemble(edition_id, now=NOON)


def write(edition: Edition, intro: str) -> Edition:
    fresh = Edition.objects.get(pk=edition.pk)
    arranging.write(
        edition.pk,
        subject={},
        intro={"en": intro},
        preheader={},
        user=an_editor(),
        now=NOON,
        seen=fresh.version,
    )
    return assemble(edition.pk, now=NOON)


def clear(edition: Edition, tag: ClearanceTag, by: str = "carta", seen: str = "") -> None:
    known = seen or TextTag.objects.get(object_id=edition.pk, tag=tag).fingerprint
    clearing.clear_texts(edition.pk, tag.pk, user=an_editor(by), seen=known, now=NOON)


def approve(edition: Edition) -> Edition:
    return editions.approve(edition.pk, user=an_editor("ben"), now=NOON)


def test_an_introduction_with_such_a_word_holds_the_edition_until_it_is_cleared(
    edition: Edition, tag: ClearanceTag
) -> None:
    write(edition, "Of children and wells.")
    assert [str(each) for each in uncleared.of_editions([edition.pk])[edition.pk]] == [
        "“Subject and introduction” waits for the clearance “Child” by Cartography"
    ]
    with pytest.raises(UserError, match="Subject and introduction"):
        approve(edition)
    assert not ItemTag.objects.exists()
    clear(edition, tag)
    assert approve(edition).state == "sending"
    assert AuditEntry.objects.get(action="clearance.given").object_type == "edition"


def test_only_members_of_the_role_clear_it_and_only_what_they_saw(
    edition: Edition, tag: ClearanceTag
) -> None:
    write(edition, "Of children.")
    with pytest.raises(UserError, match="members of Cartography only"):
        clear(edition, tag, by="ilse")
    with pytest.raises(Changed, match="texts have changed"):
        clear(edition, tag, seen="something older")
    assert edition.pk in uncleared.waiting()


def test_another_introduction_needs_another_clearance(edition: Edition, tag: ClearanceTag) -> None:
    write(edition, "Of children.")
    clear(edition, tag)
    assert edition.pk not in uncleared.waiting()
    write(edition, "Of other children.")
    assert edition.pk in uncleared.waiting()


def test_an_introduction_without_such_words_any_more_waits_for_nothing(edition: Edition) -> None:
    write(edition, "Of children.")
    write(edition, "Of wells.")
    assert (edition.pk in uncleared.waiting(), TextTag.objects.count()) == (False, 0)


def test_what_was_removed_stays_removed_until_another_word_comes_in(
    edition: Edition, tag: ClearanceTag
) -> None:
    write(edition, "Of children.")
    with pytest.raises(UserError, match="Say why"):
        clearing.remove_from_texts(edition.pk, tag.pk, user=an_editor(), reason=" ", now=NOON)
    clearing.remove_from_texts(edition.pk, tag.pk, user=an_editor(), reason="Nobody is shown.", now=NOON)
    write(edition, "Of children again.")
    assert edition.pk not in uncleared.waiting()
    write(edition, "Of boys.")
    assert edition.pk in uncleared.waiting()


def test_the_standing_introduction_of_the_digest_is_looked_at_when_its_edition_is_approved(
    tag: ClearanceTag,
) -> None:
    edition = made(a_digest(needs_approval=True, intro={"en": "For every child."}))
    with pytest.raises(UserError, match="Subject and introduction"):
        approve(edition)
    assert edition.pk in uncleared.waiting()  # written, though the approval was refused
    clear(edition, tag)
    assert approve(edition).state == "sending"


def test_no_mail_of_an_edition_is_claimed_while_its_introduction_waits(tag: ClearanceTag) -> None:
    edition = a_sending_edition()
    assert edition.pk in due()
    TextTag.objects.create(kind="edition", object_id=edition.pk, tag=tag, at=NOON)
    assert edition.pk not in due()
    TextTag.objects.update(kind="post")
    assert edition.pk in due()


def due() -> set[int]:
    return {each.edition_id for each in due_editions(only=None, now=NOON)}
