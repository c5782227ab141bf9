"""Assembling an edition up to its rendered variants: repeatable steps, distinct results rendered once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.audience import subscriptions
from publisher.audience.choices import Choice
from publisher.digests.assembling import choose_items, drop_item, group_selections
from publisher.digests.matching import mask_of, variant_for
from publisher.digests.models import Digest, Edition, EditionSelection, Variant
from publisher.digests.rendering import render_variants
from publisher.items.models import ItemTopic
from tests.builders import NOON, a_digest, a_subscriber, a_topic, an_item

pytestmark = pytest.mark.django_db

BEFORE = NOON - timedelta(days=1)


def an_edition(digest: Digest, **given: Any) -> Edition:
    fields: dict[str, Any] = {
        "due_at": NOON,
        "window_from": NOON - timedelta(days=7),
        "window_to": NOON,
        "created_at": NOON,
        "trace_id": "e" * 32,
    } | given
    return Edition.objects.create(digest=digest, **fields)


def assembled(edition: Edition) -> Edition:
    choose_items(edition.pk, now=NOON)
    group_selections(edition.pk)
    render(edition)
    edition.refresh_from_db()
    return edition


def render(edition: Edition) -> int:
    return render_variants(edition.pk, now=NOON, serialise=lambda _edition, variant: variant.html.encode())


def titles(edition: Edition) -> list[str]:
    return list(edition.edition_items.values_list("item__title", flat=True))


def masks(edition: Edition) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for language, mask in (
        Variant.objects.filter(edition=edition).order_by("mask").values_list("language", "mask")
    ):
        found.setdefault(language, []).append(mask)
    return found


def test_an_edition_without_anything_new_is_empty_and_takes_no_number() -> None:
    edition = an_edition(a_digest())
    assert choose_items(edition.pk, now=NOON) == 0
    edition.refresh_from_db()
    assert (edition.state, edition.number) == ("empty", None)


def test_items_are_fixed_once_however_often_it_is_asked() -> None:
    edition = an_edition(a_digest())
    an_item(at=BEFORE, title="First")
    assert choose_items(edition.pk, now=NOON) == 1
    an_item(at=BEFORE, title="Too late")
    assert choose_items(edition.pk, now=NOON) == 1
    assert titles(edition) == ["First"]


def test_an_item_under_embargo_is_in_no_edition_until_it_lifts_and_then_in_the_next() -> None:
    digest = a_digest()
    an_item(at=BEFORE, title="Secret", embargo_until=NOON + timedelta(days=2))
    an_item(at=BEFORE, title="Open")
    first = assembled(an_edition(digest))
    week = timedelta(days=7)
    second = assembled(an_edition(digest, due_at=NOON + week, window_from=NOON, window_to=NOON + week))
    assert (titles(first), titles(second)) == (["Open"], ["Secret"])


def test_a_retracted_item_is_in_no_edition() -> None:
    an_item(at=BEFORE, retracted_at=BEFORE)
    assert choose_items(an_edition(a_digest()).pk, now=NOON) == 0


def test_an_item_received_just_as_the_edition_before_was_made_is_not_lost() -> None:
    digest = a_digest()
    an_item(at=BEFORE, title="On time")
    first = assembled(an_edition(digest))
    an_item(at=NOON - timedelta(seconds=1), title="Committed a moment later")
    week = timedelta(days=7)
    second = assembled(an_edition(digest, due_at=NOON + week, window_from=NOON, window_to=NOON + week))
    assert (titles(first), titles(second)) == (["On time"], ["Committed a moment later"])


def test_readers_who_receive_the_same_share_one_rendering() -> None:
    digest = a_digest()
    an_item(at=BEFORE, kind="story")
    an_item(at=BEFORE, kind="speech")
    for _ in range(3):
        a_subscriber(digest)
    a_subscriber(digest, kinds=["story", "speech"])
    a_subscriber(digest, kinds=["story", "video"])
    edition = assembled(an_edition(digest))
    assert masks(edition) == {"en": [0b01, 0b11]}
    assert EditionSelection.objects.filter(edition=edition).count() == 3


def test_who_chose_what_the_edition_does_not_hold_gets_no_variant() -> None:
    digest = a_digest()
    an_item(at=BEFORE, kind="story")
    a_subscriber(digest, kinds=["video"])
    a_subscriber(digest, language="zh")
    edition = assembled(an_edition(digest))
    assert masks(edition) == {}


def test_topics_count_unless_a_person_has_declined_them() -> None:
    digest, water, health = a_digest(), a_topic("water"), a_topic("health")
    item = an_item(at=BEFORE)
    ItemTopic.objects.create(item=item, topic=water, state="suggested", words=["river"])
    ItemTopic.objects.create(item=item, topic=health, state="declined", words=["clinic"])
    a_subscriber(digest, topics=[water.pk])
    a_subscriber(digest, topics=[health.pk])
    edition = assembled(an_edition(digest))
    chosen = EditionSelection.objects.get(edition=edition)
    assert chosen.variant.mask == 1


def test_a_reader_of_chinese_gets_the_chinese_items_whatever_the_script_tag() -> None:
    digest = a_digest()
    an_item(at=BEFORE, language="en", title="Rain at last")
    an_item(at=BEFORE, language="zh-Hans", title="终于下雨了")
    a_subscriber(digest, language="zh")
    edition = assembled(an_edition(digest))
    variant = Variant.objects.get(edition=edition)
    assert "终于下雨了" in variant.html
    assert "Rain at last" not in variant.html
    assert 'lang="zh' in variant.html


def test_readers_in_a_region_get_the_link_made_for_them() -> None:
    digest = a_digest()
    an_item(
        at=BEFORE, links={"CN": "https://cn.office.example.org/rain"}, url="https://office.example.org/rain"
    )
    a_subscriber(digest)
    a_subscriber(digest, region="CN")
    edition = assembled(an_edition(digest))
    by_region = dict(Variant.objects.filter(edition=edition).values_list("region", "text"))
    assert "https://cn.office.example.org/rain" in by_region["CN"]
    assert "https://cn.office.example.org/rain" not in by_region[""]


def test_a_region_without_links_of_its_own_shares_the_rendering() -> None:
    digest = a_digest()
    an_item(at=BEFORE)
    a_subscriber(digest)
    a_subscriber(digest, region="CN")
    assert Variant.objects.filter(edition=assembled(an_edition(digest))).count() == 1


def test_rendering_goes_on_where_it_was_cut_off() -> None:
    digest = a_digest()
    an_item(at=BEFORE)
    a_subscriber(digest)
    edition = assembled(an_edition(digest))
    Variant.objects.filter(edition=edition).update(rendered_at=None)
    assert render(edition) == 1
    assert render(edition) == 0


def test_a_dropped_item_sends_the_edition_back_to_assembly_and_it_keeps_waiting_if_it_waited() -> None:
    digest = a_digest()
    item = an_item(at=BEFORE, title="Wrong figures")
    an_item(at=BEFORE, title="Right figures")
    a_subscriber(digest)
    edition = assembled(an_edition(digest))
    Edition.objects.filter(pk=edition.pk).update(state="waiting")
    assert drop_item(item.pk) == [edition.pk]
    edition = assembled(edition)
    assert (edition.state, edition.after_assembly) == ("assembling", "waiting")
    assert titles(edition) == ["Right figures"]
    assert "Wrong figures" not in EditionSelection.objects.get(edition=edition).variant.html
    assert edition.dropped == []


def test_an_edition_remembers_what_was_dropped_after_some_of_it_may_have_left() -> None:
    digest = a_digest()
    item = an_item(at=BEFORE)
    an_item(at=BEFORE)
    edition = assembled(an_edition(digest))
    Edition.objects.filter(pk=edition.pk).update(state="sending", let_go_at=NOON)
    drop_item(item.pk)
    edition.refresh_from_db()
    assert edition.dropped == [item.pk]


def test_an_edition_of_chosen_items_holds_just_these_in_their_order_also_if_one_was_held_before() -> None:
    digest = a_digest()
    first, second, third = (an_item(at=BEFORE, title=title) for title in ("First", "Second", "Third"))
    assembled(an_edition(digest))
    later = NOON + timedelta(hours=1)
    chosen = assembled(an_edition(digest, due_at=later, item_ids=[third.pk, first.pk]))
    assert titles(chosen) == ["Third", "First"]
    assert second.pk not in chosen.edition_items.values_list("item_id", flat=True)


def test_a_chosen_item_that_was_retracted_or_put_under_embargo_meanwhile_is_left_out() -> None:
    gone, secret = (
        an_item(at=BEFORE, retracted_at=NOON),
        an_item(at=BEFORE, embargo_until=NOON + timedelta(days=1)),
    )
    edition = an_edition(a_digest(), item_ids=[gone.pk, secret.pk])
    assert choose_items(edition.pk, now=NOON) == 0
    edition.refresh_from_db()
    assert edition.state == "empty"


@pytest.mark.parametrize(("layout", "looks_like_an_alert"), [("alert", True), ("digest", False)])
def test_an_alert_about_one_item_has_its_own_layout(layout: str, looks_like_an_alert: bool) -> None:
    digest = a_digest(layout=layout)
    a_subscriber(digest)
    item = an_item(at=BEFORE, title="Flood warning for the valley")
    variant = assembled(an_edition(digest, item_ids=[item.pk])).variants.get()
    assert ("Read: Flood warning for the valley" in variant.html) == looks_like_an_alert
    assert ("1. Flood warning" in variant.text) != looks_like_an_alert


def test_variants_know_how_many_choices_and_readers_came_to_them() -> None:
    digest = a_digest()
    an_item(at=BEFORE, kind="story")
    for _ in range(3):
        a_subscriber(digest)
    a_subscriber(digest, kinds=["story", "video"])
    a_subscriber(digest, kinds=["video"])
    variant = assembled(an_edition(digest)).variants.get()
    assert (variant.selections, variant.recipients) == (2, 4)


def test_grouped_again_after_a_change_of_choices_nobody_is_counted_twice() -> None:
    digest = a_digest()
    an_item(at=BEFORE, kind="story")
    an_item(at=BEFORE, kind="speech")
    moving = a_subscriber(digest, kinds=["speech"])
    edition = assembled(an_edition(digest))
    subscriptions.choose(moving.subscriber_id, digest.pk, Choice.of(language="en"), now=NOON)
    group_selections(edition.pk)
    counts = {v.mask: (v.selections, v.recipients) for v in edition.variants.all()}
    assert counts == {0b10: (0, 0), 0b11: (1, 1)}


MATCHING = st.tuples(
    st.sets(st.integers(0, 3)),
    st.sets(st.sampled_from(["story", "speech", "video"])),
    st.sampled_from(["en", "zh"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choices=st.lists(MATCHING, min_size=1, max_size=6), items=st.lists(MATCHING, min_size=1, max_size=5))
def test_a_reader_gets_exactly_the_items_that_match_every_part_of_the_choice(
    choices: list[tuple[set[int], set[str], str]], items: list[tuple[set[int], set[str], str]]
) -> None:
    """The expression that the database computes for all, against the rule for one."""
    with transaction.atomic():
        topics = [a_topic(f"topic-{n}") for n in range(4)]
        digest = a_digest(most_items=20)
        for numbers, kinds, language in items:
            item = an_item(at=BEFORE, kind=min(kinds, default="other"), language=language)
            for n in numbers:
                ItemTopic.objects.create(item=item, topic=topics[n], state="accepted")
        readers = [
            a_subscriber(digest, topics=[topics[n].pk for n in numbers], kinds=kinds, language=language)
            for numbers, kinds, language in choices
        ]
        edition = an_edition(digest)
        choose_items(edition.pk, now=NOON)
        group_selections(edition.pk)
        held = list(edition.edition_items.select_related("item"))
        for reader in readers:
            mapped = EditionSelection.objects.filter(
                edition=edition, selection_id=reader.selection_id
            ).first()
            assert (mapped.variant.mask if mapped else 0) == mask_of(reader.selection, held)
            assert variant_for(edition, reader.selection) == (mapped.variant if mapped else None)
        transaction.set_rollback(True)
