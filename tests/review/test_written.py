"""Words that ask for a clearance in what a person writes: they hold the item as its own words would."""

from __future__ import annotations

import pytest

from publisher.core.models import AuditEntry
from publisher.delivery.amending.choosing import Choice
from publisher.items.models import Item
from publisher.review import clearances, written
from publisher.review.models import ItemTag
from publisher.review.suggesting import Rule
from publisher.social import picture_deeds, uncleared
from publisher.social.models import Channel
from publisher.social.networks.sandbox.server import Server
from tests.builders import NOON, a_channel, an_item
from tests.delivery.amending_steps import a_sent_post, ask, decide, outcomes, tick, until_done
from tests.desk.builders import a_post
from tests.fakes.sandbox import timeline
from tests.review.steps import a_tag, approve, cleared, edit, tagged
from tests.social.steps import a_sandbox_channel, an_editor, fresh

pytestmark = pytest.mark.django_db

ALT = {"digest": "a" * 64, "alt": "", "focus": None, "url": ""}


def holds(item: Item) -> bool:
    item.refresh_from_db()
    return any(each.holds for each in clearances.tags_of(item))


def remove(item: Item, tag_id: int) -> None:
    clearances.remove_tag(item.pk, tag_id, user=an_editor(), reason="No child.", now=NOON)


def test_a_word_in_a_post_gives_its_item_the_tag_for_every_channel() -> None:
    a_tag("Child", words=("child*",))
    item = an_item()
    post, other = a_post(item), a_post(item, a_channel("mastodon"))
    edit(post, "The children of the valley.", "ilse")
    row = ItemTag.objects.get()
    assert (row.item, row.state, row.words, row.name) == (item, "suggested", ["children"], "")
    assert set(uncleared.of_posts([post.pk, other.pk])) == {post.pk, other.pk}
    assert AuditEntry.objects.get(action="clearance.words_written").actor_name == "ilse"


def test_a_word_in_the_description_of_a_picture_does_as_well() -> None:
    a_tag("Flag", words=("flag",))
    post = a_post(pictures=[ALT])
    picture_deeds.describe(
        post.pk, user=an_editor(), version=1, number=0, alt="A boy with a flag", focus=None, now=NOON
    )
    assert holds(post.item)


def test_a_text_that_was_there_before_the_tag_was_made_is_looked_at_when_it_is_approved() -> None:
    post = a_post(text="Here is a map.")
    a_tag(words=("map",))
    approve(post, "ben")
    assert (fresh(post).state, holds(post.item)) == ("approved", True)


@pytest.mark.parametrize("text", ["Nothing of the kind.", "https://office.example.org/map/child", "Mapping."])
def test_other_words_and_addresses_ask_for_nothing(text: str) -> None:
    a_tag(words=("map", "child"))
    edit(a_post(), text, "ilse")
    assert not ItemTag.objects.exists()


def test_a_tag_that_is_switched_off_is_not_looked_for() -> None:
    a_tag(words=("map",), active=False)
    edit(a_post(), "A map.", "ilse")
    assert not ItemTag.objects.exists()


def test_what_a_person_removed_stays_removed_until_another_word_is_written() -> None:
    tag = a_tag("Child", words=("child*", "boy*"))
    post = a_post()
    edit(post, "A child.", "ilse")
    remove(post.item, tag.pk)
    edit(post, "A child again.", "ilse")
    approve(post, "ben")
    assert not holds(post.item)
    edit(post, "A boy.", "ilse")
    assert holds(post.item)


def test_a_clearance_is_taken_back_by_a_word_that_nobody_has_read_yet_and_by_no_other() -> None:
    tag = a_tag("Child", words=("child*", "boy*"))
    post = a_post(an_item(title="A child learns"))
    tagged(post.item, tag)
    cleared(post.item, tag)
    edit(post, "The child learns.", "ilse")  # it stands in the item, which was cleared
    approve(post, "ben")
    assert not holds(post.item)
    edit(post, "The boys learn.", "ilse")
    assert holds(post.item)
    cleared(post.item, tag)
    approve(post, "ben")
    assert not holds(post.item)


def test_a_correction_is_looked_at_and_waits_for_the_clearance(network: Server) -> None:
    channel: Channel = a_sandbox_channel(network)
    sent = a_sent_post(channel)
    before = timeline(network)
    tag = a_tag(words=("map",))
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.EDIT, edits=("Here is the map.",))})  # type: ignore[arg-type]
    tick()
    assert (outcomes(sent), timeline(network)) == ([("edit", "queued")], before)
    cleared(sent.item, tag)
    until_done()
    assert timeline(network) == ["Here is the map."]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("지도", "새 지도입니다"),
        ("マップ", "このマップを"),
        ("ちず", "これはちずです"),
        ("地图", "新地图"),
        ("แผนที่", "นี่คือแผนที่ใหม่"),
    ],
)
def test_words_of_scripts_without_spaces_are_found_anywhere(word: str, text: str) -> None:
    assert written.words_in([text], [Rule(7, (word,))]) == {7: (word,)}
