"""Changing an edition before it goes out: what readers get is what a person arranged, and nothing outdated is approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from publisher.audience.models import Selection
from publisher.core.alone import EDITION
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery import arranging, copies
from publisher.delivery.arranging import Quicker, WrongText, arrange, arrangement_of
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.digests import arrangement, editions
from publisher.digests.arrangement import Arrangement
from publisher.digests.due import create_due
from publisher.digests.matching import mask_of, variant_for
from publisher.digests.models import Digest, Edition, EditionSelection
from publisher.items.models import Item
from tests.builders import NOON, a_digest, a_subscriber, a_topic, an_item
from tests.delivery.test_assembling_again import due_edition, mailed, retract
from tests.delivery.test_mail import BEFORE
from tests.items.test_storing import another_session
from tests.social.steps import an_editor, with_topic

pytestmark = pytest.mark.django_db


def waiting(digest: Digest, count: int = 4, *, chinese: int = 0) -> tuple[Edition, list[Item]]:
    """A waiting edition of so many items, the newest first; those in Chinese behind the others."""
    items = [an_item(at=BEFORE - timedelta(hours=n), title=f"Story {n}") for n in range(count)]
    items += [
        an_item(at=BEFORE - timedelta(hours=n), title=f"故事 {n}", language="zh-Hans") for n in range(chinese)
    ]
    edition = due_edition(digest)
    Edition.objects.filter(pk=edition.pk).update(after_assembly="waiting")
    return assembled(edition), items


def assembled(edition: Edition, minutes: int = 0) -> Edition:
    return assemble(edition.pk, now=NOON + timedelta(minutes=minutes))


def put(edition: Edition, order: list[int], **given: Any) -> Edition:
    """Arrange it, and assemble it again."""
    arrange(edition.pk, order, user=an_editor(), now=NOON, seen=edition.version, **given)
    return assembled(edition, 1)


def titles(edition: Edition) -> list[str]:
    return list(edition.edition_items.order_by("position").values_list("item__title", flat=True))


def html_for(edition: Edition, email: str) -> str:
    delivery = Delivery.objects.select_related("variant").get(edition=edition, address=email)
    assert delivery.variant
    return delivery.variant.html


def test_readers_get_the_items_in_the_order_that_a_person_gave_them() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest, "all@example.net")
    edition, items = waiting(digest)
    edition = put(edition, [items[2].pk, items[0].pk, items[3].pk, items[1].pk])
    assert (edition.state, titles(edition)) == ("waiting", ["Story 2", "Story 0", "Story 3", "Story 1"])
    html = html_for(edition, "all@example.net")
    places = [html.index(f"Story {n}</a>") for n in (2, 0, 3, 1)]
    assert places == sorted(places)
    editions.approve(edition.pk, user=an_editor(), now=NOON, seen=edition.version)
    sent = mailed(edition)
    assert sent.index(b"Story 2") < sent.index(b"Story 0")


def test_what_is_left_out_is_mailed_to_nobody_and_comes_in_no_later_edition_by_itself() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    edition = put(edition, [items[0].pk])
    assert (titles(edition), edition.left_out) == (["Story 0"], [items[1].pk])
    Item.objects.filter(pk=items[1].pk).update(first_received_at=NOON - timedelta(minutes=5))
    later = NOON + timedelta(days=7)
    (following,) = create_due(now=later)
    assert assemble(following, now=later).state == "empty"


def test_what_was_left_out_is_put_back() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 3)
    edition = put(edition, [items[0].pk, items[1].pk])
    edition = put(edition, [items[2].pk, items[0].pk, items[1].pk])
    assert (titles(edition), edition.left_out) == (["Story 2", "Story 0", "Story 1"], [])


def test_an_item_from_outside_its_window_can_come_in() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    old = an_item(at=NOON - timedelta(days=90), title="From the archive")
    edition, items = waiting(digest, 2)
    edition = put(edition, [old.pk, *[item.pk for item in items]])
    assert titles(edition)[0] == "From the archive"
    assert "From the archive" in html_for(edition, Delivery.objects.get().address)


def test_items_of_two_languages_stand_apart_however_they_are_sent() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    a_subscriber(digest, language="zh")
    edition, items = waiting(digest, 2, chinese=2)
    edition = put(edition, [items[3].pk, items[1].pk, items[2].pk, items[0].pk])
    assert titles(edition) == ["Story 1", "Story 0", "故事 1", "故事 0"]


@pytest.mark.parametrize("bad", ["none", "twice", "retracted", "embargo", "french", "unknown"])
def test_what_an_edition_cannot_hold_is_refused_and_nothing_is_changed(bad: str) -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    mine = [item.pk for item in items]
    order = {
        "none": [],
        "twice": [mine[0], mine[0]],
        "retracted": [*mine, an_item(retracted_at=NOON).pk],
        "embargo": [*mine, an_item(embargo_until=NOON + timedelta(days=1)).pk],
        "french": [*mine, an_item(language="fr").pk],
        "unknown": [*mine, 10**12],
    }[bad]
    with pytest.raises(UserError):
        arrange(edition.pk, order, user=an_editor(), now=NOON, seen=edition.version)
    edition.refresh_from_db()
    assert (edition.state, edition.changes, titles(edition)) == ("waiting", 0, ["Story 0", "Story 1"])


def test_the_second_of_two_people_is_refused_also_while_it_is_assembled() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 3)
    seen = edition.version
    arrange(edition.pk, [items[1].pk, items[0].pk], user=an_editor(), now=NOON, seen=seen)
    with pytest.raises(Quicker):
        arrange(edition.pk, [items[2].pk], user=an_editor(), now=NOON, seen=seen)
    with pytest.raises(UserError):
        editions.approve(edition.pk, user=an_editor(), now=NOON, seen=seen)


def test_it_can_be_changed_again_before_it_is_assembled_and_the_last_word_counts() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 3)
    first = arrange(edition.pk, [items[1].pk, items[0].pk], user=an_editor(), now=NOON, seen=edition.version)
    edition = put(first, [items[2].pk, items[1].pk])
    assert titles(edition) == ["Story 2", "Story 1"]
    assert sorted(edition.left_out) == [items[0].pk]


@pytest.mark.parametrize("state", ["sent", "sending", "unknown"])
def test_nothing_is_changed_once_something_has_or_may_have_left(state: str) -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    Delivery.objects.update(state=state)
    Edition.objects.update(state="paused")
    with pytest.raises(UserError, match="cannot be changed"):
        arrange(edition.pk, [items[1].pk], user=an_editor(), now=NOON, seen=edition.version)


@pytest.mark.parametrize(("approval", "then"), [(True, "waiting"), (False, "paused")])
def test_what_was_approved_and_then_changed_needs_approval_again(approval: bool, then: str) -> None:
    digest = a_digest(needs_approval=approval)
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    editions.approve(edition.pk, user=an_editor(), now=NOON)
    paused = editions.pause(edition.pk, user=an_editor(), now=NOON)
    changed = put(paused, [items[1].pk, items[0].pk])
    assert (changed.state, changed.approved_by) == (then, "")


def test_one_that_was_blocked_waits_for_a_person_after_the_change() -> None:
    digest = a_digest()
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    Edition.objects.filter(pk=edition.pk).update(
        state="blocked", after_assembly="sending", problem="A template failed."
    )
    edition.refresh_from_db()
    edition = put(edition, [items[1].pk, items[0].pk])
    assert (edition.state, edition.problem) == ("waiting", "")


def test_a_person_who_finds_it_being_assembled_is_told_so() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    with another_session() as session, pytest.MonkeyPatch.context() as patch:
        patch.setattr(arranging, "WAIT_SECONDS", 0.0)
        session.execute("SELECT pg_advisory_lock(%s)", [EDITION + edition.pk])
        with pytest.raises(UserError, match="being assembled"):
            arrange(edition.pk, [items[1].pk], user=an_editor(), now=NOON, seen=edition.version)
        session.execute("SELECT pg_advisory_unlock(%s)", [EDITION + edition.pk])


def test_a_test_that_has_left_keeps_what_it_showed_and_its_row() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    test = copies.send_test(edition.pk, to="mira@example.org", actor=an_editor(), now=NOON)
    Delivery.objects.filter(pk=test.pk).update(state="sent")
    put(edition, [items[1].pk])
    test.refresh_from_db()
    assert test.variant
    assert test.variant.retired
    assert "Story 0" in test.variant.html


def test_a_test_that_waits_never_leaves_as_an_empty_mail() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    test = copies.send_test(edition.pk, to="mira@example.org", actor=an_editor(), now=NOON)
    arrange(edition.pk, [items[1].pk], user=an_editor(), now=NOON, seen=edition.version)
    mailed(edition)
    test.refresh_from_db()
    assert (test.state, test.reason) == (
        "cancelled",
        "The edition was corrected before this test left: send another.",
    )


def test_an_item_retracted_after_the_change_is_dropped_and_the_rest_keeps_its_order() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest, "all@example.net")
    edition, items = waiting(digest, 3)
    edition = put(edition, [items[2].pk, items[1].pk, items[0].pk])
    retract(items[1])
    edition = assembled(edition, 2)
    assert (edition.state, titles(edition)) == ("waiting", ["Story 2", "Story 0"])
    assert "Story 1" not in html_for(edition, "all@example.net")


def test_the_change_is_in_the_trail_with_what_it_was() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    put(edition, [items[1].pk])
    entry = AuditEntry.objects.get(action="edition.arranged")
    assert (entry.actor_name, entry.before, entry.after) == (
        "ilse",
        {"items": ["Story 0", "Story 1"]},
        {"items": ["Story 1"]},
    )


def test_what_changes_nothing_leaves_the_edition_as_it_is() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, items = waiting(digest, 2)
    same = put(edition, [item.pk for item in items])
    assert (same.changes, same.state, same.version) == (0, "waiting", edition.version)


def texts(edition: Edition, **given: dict[str, str]) -> Edition:
    fields = {"subject": {}, "intro": {}, "preheader": {}} | given
    arranging.write(edition.pk, user=an_editor(), now=NOON, seen=edition.version, **fields)
    return assembled(edition, 1)


def test_an_edition_has_its_own_subject_introduction_and_preheader_in_each_language() -> None:
    digest = a_digest(needs_approval=True, intro={"en": "Every week"}, subject={"zh": "本周"})
    a_subscriber(digest, "all@example.net")
    a_subscriber(digest, "zh@example.net", language="zh")
    edition, _items = waiting(digest, 1, chinese=1)
    edition = texts(
        edition,
        subject={"en": "Rain, {{ count }} times", "fr": "ignored"},
        intro={"en": "After the flood\r\nwe wrote this."},
        preheader={"en": "Read it  first"},
    )
    english = Delivery.objects.select_related("variant").get(address="all@example.net").variant
    chinese = Delivery.objects.select_related("variant").get(address="zh@example.net").variant
    assert english
    assert chinese
    assert (english.subject, chinese.subject) == ("Rain, 1 times", "本周")
    assert "After the flood" in english.html
    assert "Read it first" in english.html
    assert (edition.subject, edition.preheader) == (
        {"en": "Rain, {{ count }} times"},
        {"en": "Read it first"},
    )
    edition = texts(edition)
    assert (edition.subject, edition.intro, edition.changes) == ({}, {}, 2)


def test_a_subject_that_fails_is_refused_beside_its_field() -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest)
    edition, _items = waiting(digest, 1)
    with pytest.raises(WrongText) as refused:
        texts(edition, subject={"en": "{{ nonsense }}"}, preheader={"zh": "长" * 201})
    assert set(refused.value.problems) == {("subject", "en"), ("preheader", "zh")}
    edition.refresh_from_db()
    assert (edition.subject, edition.state) == ({}, "waiting")


@settings(
    max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], phases=[Phase.generate]
)
@given(
    st.lists(st.sampled_from(["en", "zh"]), min_size=5, max_size=5),
    st.lists(st.booleans(), min_size=5, max_size=5),
    st.lists(
        st.tuples(st.sampled_from(["up", "down", "leave", "back"]), st.integers(0, 4)),
        min_size=1,
        max_size=5,
    ),
)
def test_any_row_of_changes_comes_to_the_same_as_the_last_order_at_once(
    tags: list[str], about_water: list[bool], deeds: list[tuple[str, int]]
) -> None:
    """And what each reader is mapped to is what their own choice says."""
    with transaction.atomic():
        digest, other_digest, water = a_digest(needs_approval=True), a_digest(), a_topic("water")
        items = [
            an_item(at=BEFORE - timedelta(hours=n), title=f"Story {n}", language=tag)
            for n, tag in enumerate(tags)
        ]
        for item, is_about in zip(items, about_water, strict=True):
            if is_about:
                with_topic(item, water, "accepted")
        for each in (digest, other_digest):
            for tag in ("en", "zh"):
                a_subscriber(each, language=tag)
                a_subscriber(each, language=tag, topics=[water.pk])
        one, other = due_edition(digest), due_edition(other_digest)
        Edition.objects.filter(pk__in=[one.pk, other.pk]).update(after_assembly="waiting")
        edition, other = assembled(one), assembled(other)
        for deed, n in deeds:
            wanted = after(
                arrangement_of(edition), deed, items[n].pk, {each.pk: each.language for each in items}
            )
            if wanted.order:
                edition = put(edition, list(wanted.order))
        other = put(other, list(arrangement_of(edition).order))
        assert titles(edition) == titles(other)
        assert set(edition.left_out) == {each.pk for each in items} - set(arrangement_of(edition).order)
        check_masks(edition)
        transaction.set_rollback(True)


def after(now: Arrangement, deed: str, pk: int, languages: dict[int, str]) -> Arrangement:
    if deed in ("up", "down"):
        return arrangement.move(now, pk, -1 if deed == "up" else 1, languages)
    return arrangement.leave_out(now, pk) if deed == "leave" else arrangement.put_in(now, pk)


def check_masks(edition: Edition) -> None:
    """Positions have no gap, and every choice is mapped to a rendering that holds just what it should."""
    entries = list(edition.edition_items.select_related("item"))
    assert [entry.position for entry in entries] == list(range(len(entries)))
    for row in EditionSelection.objects.filter(edition=edition).select_related("variant"):
        selection = Selection.objects.get(pk=row.selection_id)
        assert row.variant.mask == mask_of(selection, entries)
        assert variant_for(edition, selection) == row.variant
        for position, entry in enumerate(entries):
            assert (entry.item.title in row.variant.html) == bool(row.variant.mask >> position & 1)
