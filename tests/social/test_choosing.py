"""A person has an item drafted for a channel whose rules did not take it."""

from __future__ import annotations

import pytest

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.items.models import Item
from publisher.social.choosing import add_channel
from publisher.social.drafting import draft_item
from publisher.social.models import Channel, Post
from tests.builders import NOON, a_channel, an_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def unfit() -> Channel:
    """A channel that wants videos only, and approves what its rules take."""
    return a_channel(kinds=["video"], auto_approve=True)


def test_the_post_is_a_draft_from_the_channels_template(unfit: Channel) -> None:
    item = an_item()
    assert draft_item(item.pk, now=NOON) == []
    post = add_channel(item.pk, unfit.pk, user=None, now=NOON)
    assert (post.state, post.chosen, post.approved_at) == ("draft", True, None)
    assert item.title in post.parts[0]["text"]
    assert AuditEntry.objects.get(object_type="post", object_id=str(post.pk)).action == "post.channel_added"


def test_a_later_revision_renews_it_and_holds_the_rules_not_against_it(unfit: Channel) -> None:
    item = an_item()
    post = add_channel(item.pk, unfit.pk, user=None, now=NOON)
    Item.objects.filter(pk=item.pk).update(title="The terraces carry water again", revision=2)
    draft_item(item.pk, now=NOON)
    post.refresh_from_db()
    assert (post.state, post.item_revision, post.problem) == ("draft", 2, "")
    assert "The terraces carry water again" in post.parts[0]["text"]


def test_what_was_left_out_comes_back_as_a_new_draft(unfit: Channel) -> None:
    item = an_item()
    post = add_channel(item.pk, unfit.pk, user=None, now=NOON)
    Post.objects.filter(pk=post.pk).update(state="cancelled", parts=[{"text": "Old"}], edited=True)
    again = add_channel(item.pk, unfit.pk, user=None, now=NOON)
    assert (again.pk, again.version, again.edited) == (post.pk, 2, False)
    assert item.title in again.parts[0]["text"]


@pytest.mark.parametrize(
    ("item", "channel", "why"),
    [
        ({"retracted_at": NOON}, {}, "retracted"),
        ({"embargo_until": NOON.replace(year=2099)}, {}, "embargo"),
        ({}, {"enabled": False}, "switched off"),
    ],
)
def test_what_may_not_be_drafted_is_refused(
    item: dict[str, object], channel: dict[str, object], why: str
) -> None:
    with pytest.raises(UserError, match=why):
        add_channel(an_item(**item).pk, a_channel(**channel).pk, user=None, now=NOON)
    assert not Post.objects.exists()


def test_there_is_one_post_for_each_channel(unfit: Channel) -> None:
    item = an_item()
    add_channel(item.pk, unfit.pk, user=None, now=NOON)
    with pytest.raises(UserError, match="already"):
        add_channel(item.pk, unfit.pk, user=None, now=NOON)


def test_a_channel_or_item_that_is_not_there_is_said(unfit: Channel) -> None:
    with pytest.raises(UserError, match="no such"):
        add_channel(0, unfit.pk, user=None, now=NOON)
    with pytest.raises(UserError, match="no such"):
        add_channel(an_item().pk, 0, user=None, now=NOON)
