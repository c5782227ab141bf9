"""An edition that goes to a segment: of its digest's subscribers those who are in it get it, and nobody else, ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from publisher.audience import subscriptions, tags
from publisher.audience.models import Segment, Subscriber, Tag
from publisher.audience.segments.conditions import Condition
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery import arranging, closing, consequences, progress, tally
from publisher.delivery.corrections import assemble_again
from publisher.delivery.enqueue import assemble
from publisher.delivery.forecast.digests import readers_of
from publisher.delivery.models import Delivery
from publisher.digests import due, editions, readers
from publisher.digests.assembling import drop_item
from publisher.digests.latest import latest_variant
from publisher.digests.models import Digest, Edition, EditionReader
from publisher.digests.next_edition import next_edition
from publisher.digests.readers import Narrowed
from publisher.privacy import erasing
from tests.builders import NOON, a_digest, a_subscriber, an_item

pytestmark = pytest.mark.django_db
BEFORE = NOON - timedelta(days=1)
NAMES = ("ann", "bo", "cy", "di")


@pytest.fixture
def press() -> Tag:
    return tags.made("Press", user=None, now=NOON)


@pytest.fixture
def segment(press: Tag) -> Segment:
    return a_segment("Journalists", Condition("tag", value=str(press.pk)))


@pytest.fixture
def digest(segment: Segment) -> Digest:
    """Waits for a person; ann and bo of its four readers are journalists, and so is eve, who does not receive it."""
    digest = a_digest(slug="weekly", needs_approval=True, segment=segment.pk)
    for name in NAMES:
        a_subscriber(digest, f"{name}@example.org")
    a_subscriber(a_digest(slug="other"), "eve@example.org")
    for name in ("ann", "bo", "eve"):
        tags.put(reader(name).pk, "Press", user=None, now=NOON)
    an_item(at=BEFORE, title="First")
    an_item(at=BEFORE, title="Second")
    return digest


@pytest.fixture
def user() -> User:
    return User.objects.create_user("mira")


def a_segment(name: str, *conditions: Condition) -> Segment:
    return Segment.objects.create(
        name=name,
        key=name.casefold(),
        groups=[[each.written() for each in conditions]],
        created_at=NOON,
        changed_at=NOON,
    )


def reader(name: str) -> Subscriber:
    return Subscriber.objects.get(email=f"{name}@example.org")


def made(digest: Digest, **given: Any) -> Edition:
    edition = due.create_now(digest, window_from=NOON - timedelta(days=7), now=NOON, **given)
    return assembled(edition)


def assembled(edition: Edition) -> Edition:
    assemble(edition.pk, now=NOON)
    edition.refresh_from_db()
    return edition


def whom(edition: Edition, *states: str) -> set[str]:
    rows = Delivery.objects.filter(edition=edition, purpose="reader", state__in=states or ("queued",))
    return {address.partition("@")[0] for address in rows.values_list("address", flat=True)}


def chosen(edition: Edition, segment: Segment | None, user: User) -> Edition:
    arranging.choose_readers(
        edition.pk, segment.pk if segment else None, user=user, now=NOON, seen=edition.version
    )
    return assembled(edition)


def test_only_subscribers_who_are_in_the_segment_get_it_and_what_was_asked_stays(
    digest: Digest, segment: Segment, press: Tag
) -> None:
    edition = made(digest)
    assert (edition.state, whom(edition)) == ("waiting", {"ann", "bo"})
    assert sum(edition.variants.values_list("recipients", flat=True)) == 2
    kept = Narrowed.of(edition)
    assert kept is not None
    assert (kept.name, kept.version, kept.subscribed, kept.inside, kept.outside) == (
        "Journalists",
        1,
        4,
        2,
        2,
    )
    assert (kept.groups, kept.named) == (segment.groups, {f"tag:{press.pk}": "Press"})
    nobody = progress.without_mail(edition)
    assert nobody is not None
    assert (nobody.outside, nobody.no_item) == (2, 0)
    assert "2 not in its segment" in str(nobody)


def test_who_is_suppressed_or_paused_or_left_gets_nothing_whatever_the_segment_says(digest: Digest) -> None:
    subscriptions.leave(reader("ann").pk, digest.pk, how="one-click header", now=NOON)
    edition = made(digest)
    assert whom(edition) == {"bo"}


def test_a_digest_without_a_segment_goes_to_everybody_and_one_edition_of_it_may_go_to_some(
    digest: Digest, segment: Segment
) -> None:
    Digest.objects.filter(pk=digest.pk).update(segment=None)
    digest.refresh_from_db()
    assert whom(made(digest, segment=segment.pk)) == {"ann", "bo"}
    an_item(at=NOON - timedelta(hours=1))
    later = due.create_now(digest, window_from=BEFORE, now=NOON + timedelta(hours=1))
    assert whom(assembled(later)) == set(NAMES)


def test_the_edition_of_a_rhythm_goes_to_its_digests_segment(digest: Digest, segment: Segment) -> None:
    Digest.objects.filter(pk=digest.pk).update(created_at=NOON - timedelta(days=30))
    edition = due.create_for(digest.pk, now=NOON)
    assert edition is not None
    assert edition.segment == segment.pk


def test_other_readers_are_chosen_before_it_leaves_and_everything_is_as_if_it_had_been_so(
    digest: Digest, segment: Segment, user: User
) -> None:
    tags.put(reader("cy").pk, "Donors", user=None, now=NOON)
    donors = a_segment("Donors", Condition("tag", value=str(Tag.objects.get(key="donors").pk)))
    edition = chosen(made(digest), donors, user)
    assert (whom(edition), tally.by_state(edition_id=edition.pk)) == ({"cy"}, {"queued": 1})
    edition = chosen(edition, None, user)
    assert (whom(edition), edition.readers) == (set(NAMES), None)
    assert tally.by_state(edition_id=edition.pk) == {"queued": 4}
    edition = chosen(edition, segment, user)
    assert whom(edition) == {"ann", "bo"}
    assert Delivery.objects.filter(edition=edition).count() == 2
    trail = AuditEntry.objects.filter(action="edition.readers").order_by("pk")
    assert [(each.before["segment"], each.after["segment"]) for each in trail] == [
        ("Journalists", "Donors"),
        ("Donors", ""),
        ("", "Journalists"),
    ]


def test_nobody_is_chosen_anew_once_some_of_it_has_left(digest: Digest, user: User) -> None:
    edition = made(digest)
    Delivery.objects.filter(edition=edition, address="ann@example.org").update(state="sent", sent_at=NOON)
    with pytest.raises(UserError, match="cannot be changed"):
        arranging.choose_readers(edition.pk, None, user=user, now=NOON, seen=edition.version)


def test_choosing_other_readers_takes_back_the_approval_and_tells_two_who_do_it_at_once(
    digest: Digest, user: User
) -> None:
    edition = made(digest)
    seen = edition.version
    edition = chosen(edition, None, user)
    assert (edition.state, edition.approved_by, edition.changes) == ("waiting", "", 1)
    with pytest.raises(arranging.Quicker):
        arranging.choose_readers(edition.pk, None, user=user, now=NOON, seen=seen)


def test_it_is_asked_again_until_it_is_let_go_and_then_no_more(
    digest: Digest, press: Tag, user: User
) -> None:
    edition = made(digest)
    reader("cy").tags.add(press)
    reader("ann").tags.remove(press)
    assemble_again(edition.pk, user=user)
    assert whom(assembled(edition)) == {"bo", "cy"}
    editions.approve(edition.pk, user=user, now=NOON)
    reader("di").tags.add(press)
    reader("bo").tags.remove(press)
    drop_item(edition.edition_items.first().item_id)  # type: ignore[union-attr]  # it has two
    assert (assembled(edition).state, whom(edition)) == ("sending", {"bo", "cy"})


def test_a_segment_that_is_gone_blocks_the_edition_until_others_are_chosen(
    digest: Digest, segment: Segment, user: User
) -> None:
    segment.delete()
    edition = made(digest)
    assert (edition.state, whom(edition)) == ("blocked", set())
    assert "not there any more" in edition.problem
    edition.after_assembly = "sending"  # then somebody who resumes it is asked
    with pytest.raises(UserError, match="not there any more"):
        consequences.of_sending(edition, now=NOON)
    editions.resume(edition.pk, user=user, now=NOON)
    assert assembled(edition).state == "blocked"
    edition = chosen(edition, None, user)
    assert (edition.state, edition.problem, whom(edition)) == ("waiting", "", set(NAMES))


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Condition("state", value="left"), "None of the 4 subscribers"),
        (Condition("attribute:gone", value="x"), "Nothing is known by the name gone"),
        (Condition("silent", value="500"), "is known for"),
    ],
)
def test_a_segment_that_holds_nobody_or_cannot_be_asked_blocks_it(
    digest: Digest, segment: Segment, condition: Condition, said: str
) -> None:
    Segment.objects.filter(pk=segment.pk).update(groups=[[condition.written()]])
    edition = made(digest)
    assert edition.state == "blocked"
    assert said in edition.problem
    assert not EditionReader.objects.exists()


def test_a_segment_is_not_removed_while_something_goes_out_to_it(digest: Digest, segment: Segment) -> None:
    edition = made(digest)
    with pytest.raises(UserError, match="going out to this segment"):
        readers.check_unused(segment.pk)
    Digest.objects.update(segment=None)
    with pytest.raises(UserError, match="#1"):
        readers.check_unused(segment.pk)
    Edition.objects.filter(pk=edition.pk).update(state="sent")
    readers.check_unused(segment.pk)


def test_who_was_in_it_is_forgotten_when_it_is_over(digest: Digest, user: User) -> None:
    edition = made(digest)
    assert EditionReader.objects.count() == 2
    editions.cancel(edition.pk, user=user, now=NOON)
    closing.clear_away(now=NOON)
    assert not EditionReader.objects.exists()
    assert Narrowed.of(edition) is not None


def test_somebody_who_is_erased_is_in_no_list_of_readers(digest: Digest) -> None:
    made(digest)
    gone = reader("ann").pk
    erasing.erase(gone, user=None, how="page", now=NOON)
    assert not EditionReader.objects.filter(subscriber_id=gone).exists()


def test_what_is_foretold_counts_the_same_readers(digest: Digest, segment: Segment) -> None:
    assert next_edition(digest, now=NOON).readers == 2
    assert readers_of(digest, now=NOON).count == 2
    edition = due.create_now(digest, window_from=BEFORE, now=NOON)
    about = consequences.of_sending(edition, now=NOON)
    assert about is not None
    assert about.counted == 2
    assert any("Journalists" in fact for fact in about.facts)
    segment.delete()
    assert next_edition(digest, now=NOON).readers is None
    assert readers_of(digest, now=NOON).count == 0


def test_a_welcome_shows_no_edition_that_went_to_some_only(digest: Digest, user: User) -> None:
    edition = made(digest)
    Edition.objects.filter(pk=edition.pk).update(state="sent")
    subscription = reader("di").subscriptions.select_related("selection").get()
    assert latest_variant(digest, subscription.selection, now=NOON) is None
