"""Tags of items hold everything about them until they are cleared in the present revision."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery import clearing, handing, holding, progress
from publisher.delivery.amending import claim as amending
from publisher.delivery.claim import claim_mail, claim_post, may_go_on, next_fence
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Amendment
from publisher.delivery.pacing.due import due_editions
from publisher.digests import editions
from publisher.digests.models import Edition, EditionItem
from publisher.items.models import Item
from publisher.review import clearances, tags
from publisher.review.models import Clearance, ItemTag
from publisher.social.models import Post
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber, an_item
from tests.delivery.post_steps import delivery_of, tick
from tests.desk.builders import a_handed_post, a_post, a_post_delivery, an_amendment
from tests.items.stream_steps import drained, published, the_item, updated
from tests.review.steps import a_role, a_tag, cleared, tagged
from tests.social.steps import (
    a_draft,
    a_sandbox_channel,
    a_scheduled_post,
    an_editor,
    approved,
    fresh,
    revise,
)

pytestmark = pytest.mark.django_db

LEASE = timedelta(minutes=5)


def states(item: Item) -> dict[str, str]:
    return dict(ItemTag.objects.filter(item=item).values_list("tag__name", "state"))


def minutes(count: int, *, start: int = 0) -> None:
    for minute in range(start, start + count):
        tick(now=NOON + timedelta(minutes=minute))


# ---- Suggesting, as items come in ----


def test_an_item_that_comes_in_has_the_tags_that_its_words_speak_for(inbox: redis.Redis) -> None:
    a_tag(words=("map", "地图"))
    a_tag("Flag", words=("flag",))
    drained(published(title="A map of the valley"))
    assert states(the_item()) == {"Map": "suggested"}
    assert ItemTag.objects.get().words == ["map"]


def test_a_revision_brings_tags_and_takes_none_away(inbox: redis.Redis) -> None:
    a_tag(words=("map",))
    a_tag("Flag", words=("flag",))
    drained(published(title="A map of the valley"))
    drained(updated(title="A flag on the hill"))
    assert states(the_item()) == {"Map": "suggested", "Flag": "suggested"}


def test_what_a_person_removed_stays_removed_unless_another_word_comes(inbox: redis.Redis) -> None:
    tag = a_tag(words=("map", "atlas"))
    drained(published(title="On the map again"))
    clearing.remove_tag(the_item().pk, tag.pk, user=an_editor(), reason="A figure of speech.", now=NOON)
    drained(updated(title="Back on the map"))
    assert states(the_item()) == {"Map": "removed"}
    drained(updated(title="A new atlas"))
    assert states(the_item()) == {"Map": "suggested"}


def test_a_tag_that_is_switched_off_is_not_suggested(inbox: redis.Redis) -> None:
    a_tag(words=("map",), active=False)
    drained(published(title="A map"))
    assert states(the_item()) == {}


# ---- Deciding ----


def test_only_a_member_of_the_role_clears_and_the_trail_says_so() -> None:
    item = an_item()
    tag = tagged(item)
    with pytest.raises(UserError, match="members of Cartography only"):
        clearances.clear(item.pk, tag.pk, user=an_editor(), revision=1, now=NOON)
    a_role("Cartography", "carta")
    clearing.clear(item.pk, tag.pk, user=an_editor("carta"), revision=1, note="Borders are right.", now=NOON)
    entry = AuditEntry.objects.get(action="clearance.given")
    assert (entry.actor_name, entry.object_id, entry.after["note"]) == (
        "carta",
        str(item.pk),
        "Borders are right.",
    )


def test_a_clearance_of_a_revision_that_is_not_the_newest_is_refused() -> None:
    item = an_item()
    tag = tagged(item, a_tag(role=a_role("Cartography", "carta")))
    revise(item)
    with pytest.raises(clearances.Changed, match="revision 2, you saw 1"):
        clearances.clear(item.pk, tag.pk, user=an_editor("carta"), revision=1, now=NOON)


def test_a_tag_is_removed_with_a_reason_only() -> None:
    item = an_item()
    tag = tagged(item)
    with pytest.raises(UserError, match="why"):
        clearances.remove_tag(item.pk, tag.pk, user=an_editor(), reason="  ", now=NOON)


def test_a_tag_that_is_set_again_is_cleared_again() -> None:
    item = an_item()
    tag = tagged(item)
    cleared(item, tag)
    clearances.remove_tag(item.pk, tag.pk, user=an_editor(), reason="No map.", now=NOON)
    tagged(item, tag)
    assert clearances.tags_of(item)[0].holds
    assert Clearance.objects.filter(withdrawn_at=None).count() == 0


# ---- Posts ----


def test_a_post_gets_no_slot_and_goes_on_by_itself_once_it_is_cleared(network: Server) -> None:
    channel = a_sandbox_channel(network)
    post = a_draft(channel)
    tag = tagged(post.item)
    approved(post)
    assert give_slots(channel.pk, now=NOON) == 0
    cleared(post.item, tag)
    assert give_slots(channel.pk, now=NOON) == 1
    minutes(3)
    assert fresh(post).state == "sent"


@pytest.mark.parametrize("when", ["scheduled", "queued"])
def test_a_tag_holds_what_was_scheduled_already(network: Server, when: str) -> None:
    channel = a_sandbox_channel(network)
    post = a_scheduled_post(channel)
    if when == "queued":
        Post.objects.filter(pk=post.pk).update(state="sending")
        a_post_delivery(post)
    tag = tagged(post.item)
    minutes(5)
    assert network.requests == 0
    if when == "queued":
        assert claim_post(delivery_of(post).pk, now=NOON, lease=LEASE) == 0
        return
    cleared(post.item, tag)
    minutes(2, start=5)
    assert (network.requests, fresh(post).state) == (1, "sent")


def test_a_new_revision_is_cleared_again_before_anything_leaves(network: Server) -> None:
    channel = a_sandbox_channel(network)
    post = a_scheduled_post(channel)
    tag = tagged(post.item)
    cleared(post.item, tag)
    revise(post.item)
    minutes(5)
    assert network.requests == 0
    cleared(post.item, tag, by="chart")
    minutes(2, start=5)
    assert network.requests == 1


def test_each_tag_is_cleared_by_its_own_role(network: Server) -> None:
    channel = a_sandbox_channel(network)
    post = a_scheduled_post(channel)
    one, other = tagged(post.item), tagged(post.item, a_tag("Child", role=a_role("Safeguarding")))
    cleared(post.item, one)
    minutes(5)
    assert network.requests == 0
    cleared(post.item, other, by="sara")
    minutes(2, start=5)
    assert network.requests == 1


def test_a_clearance_that_is_taken_back_holds_it_again(network: Server) -> None:
    channel = a_sandbox_channel(network)
    post = a_scheduled_post(channel)
    tag = tagged(post.item)
    cleared(post.item, tag)
    clearances.take_back(post.item_id, tag.pk, user=an_editor("carta"), now=NOON)
    minutes(5)
    assert network.requests == 0


def test_a_tag_that_is_switched_off_holds_nothing(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    tag = tagged(post.item)
    clearing.save_tag(
        tag.pk,
        user=None,
        version=1,
        name=tag.name,
        meaning="",
        group_id=tag.group_id,
        words=[],
        active=False,
        now=NOON,
    )
    minutes(3)
    assert network.requests == 1


def test_nobody_posts_by_hand_what_is_not_cleared() -> None:
    post = a_handed_post()
    tag = tagged(post.item)
    said = handing.obstacle(post, post.channel, NOON)
    assert "“Map” by Cartography" in said
    cleared(post.item, tag)
    assert handing.obstacle(post, post.channel, NOON) == ""


def test_an_answer_waits_for_the_clearance_and_a_deletion_does_not() -> None:
    post = a_post(channel=a_sandbox_channel(), state="sent")
    a_post_delivery(post, state="sent", remote_id="1")
    row = an_amendment(post)
    tagged(post.item)
    assert amending.heads(now=NOON) == []
    Amendment.objects.filter(pk=row.pk).update(deed="delete", text="")
    assert amending.heads(now=NOON) == [row.pk]


# ---- Editions ----


def a_held_edition() -> tuple[Edition, Item]:
    edition, item = a_sending_edition(), an_item(title="The well")
    EditionItem.objects.create(edition=edition, item=item, revision=1, position=0)
    return edition, item


def claimed(edition: Edition, *, tests: bool = False) -> int:
    return len(claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=LEASE, tests=tests).mails)


def test_no_mail_of_an_edition_is_claimed_before_its_items_are_cleared() -> None:
    edition, item = a_held_edition()
    tag = tagged(item)
    assert (claimed(edition), due_editions(only=None, now=NOON), may_go_on([edition.pk], now=NOON)) == (
        0,
        [],
        set(),
    )
    hold = holding.of_edition(edition, progress.to_go(edition, NOON), NOON)
    assert "“The well” waits for the clearance “Map” by Cartography" in str(hold)
    cleared(item, tag)
    assert claimed(edition) == 3


def test_an_edition_is_not_let_go_before_its_items_are_cleared() -> None:
    digest = a_digest(needs_approval=True)
    item = an_item(at=NOON - timedelta(days=1), title="The well")
    a_subscriber(digest)
    edition = assemble(
        Edition.objects.create(
            digest=digest, due_at=NOON, window_from=NOON - timedelta(days=7), window_to=NOON, created_at=NOON,
            after_assembly="waiting", trace_id="e" * 32,
        ).pk,
        now=NOON,
    )  # fmt: skip
    tag = tagged(item)
    with pytest.raises(UserError, match="“The well” waits for the clearance “Map” by Cartography"):
        editions.approve(edition.pk, user=an_editor(), now=NOON)
    cleared(item, tag)
    assert editions.approve(edition.pk, user=an_editor(), now=NOON).state == "sending"


def test_an_edition_whose_clearance_comes_long_after_its_time_waits_for_a_person() -> None:
    edition, item = a_held_edition()
    tag = tagged(item)
    tag.group.user_set.add(an_editor("carta"))
    late = NOON + timedelta(hours=13)
    clearing.clear(item.pk, tag.pk, user=an_editor("carta"), revision=1, now=late)
    edition.refresh_from_db()
    assert edition.state == "paused"
    assert "clearance" in edition.problem


# ---- The list of tags and roles ----


def test_two_people_who_change_a_tag_are_told() -> None:
    tag = a_tag()
    values = {
        "user": None,
        "name": "Maps",
        "meaning": "",
        "group_id": tag.group_id,
        "words": [],
        "active": True,
    }
    tags.save(tag.pk, version=1, now=NOON, **values)  # type: ignore[arg-type]  # as the form sends them
    with pytest.raises(tags.Stale):
        tags.save(tag.pk, version=1, now=NOON, **values)  # type: ignore[arg-type]


def test_a_role_of_the_desk_is_no_role_that_clears() -> None:
    with pytest.raises(UserError, match="of that name"):
        tags.save_role(None, user=None, name="Editor", member_ids=())
