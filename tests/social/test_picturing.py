"""Posts and their pictures: alt text, approval, slots, and what a picture that arrives or fails does to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.core.errors import UserError
from publisher.delivery.handing import handout_of
from publisher.social import approval
from publisher.social.drafting import draft_held, draft_item
from publisher.social.media.fetching import fetch_due
from publisher.social.models import Channel, ChannelHealth, Post
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.post_steps import tick
from tests.drawn import PAGE, Site, drawn
from tests.social.steps import EVERY_MINUTE, a_draft, a_sandbox_channel, an_editor, approved, fresh, revise

pytestmark = pytest.mark.django_db


def fetch() -> int:
    return fetch_due(now=NOON, seconds=5)


def a_pictured_draft(
    site: Site, channel: Channel | None = None, *, alt: str = "A field", **item: Any
) -> Post:
    return a_draft(channel, image_url=site.put("/a.png", drawn()), image_alt=alt, **item)


def test_a_post_whose_picture_has_no_description_is_held_and_cannot_be_approved(picture_site: Site) -> None:
    post = a_pictured_draft(picture_site, alt=" ")
    fetch()
    assert fresh(post).state == "held"
    assert "no description" in fresh(post).problem
    with pytest.raises(UserError, match="no description"):
        approved(post)


def test_a_channel_may_do_without_descriptions_and_what_it_held_is_drafted_then(picture_site: Site) -> None:
    channel = a_sandbox_channel()
    post = a_pictured_draft(picture_site, channel, alt="")
    fetch()
    Channel.objects.filter(pk=channel.pk).update(alt_required=False, revision=2)
    assert draft_held(now=NOON, limit=10) == [post.pk]
    assert (fresh(post).state, approved(post).state) == ("draft", "approved")


def test_a_description_is_measured_by_the_limit_of_the_network(picture_site: Site) -> None:
    post = a_pictured_draft(picture_site, a_channel("x"), alt="é" * 1000)
    assert fresh(post).state == "draft"
    channel = a_channel("mastodon", settings={"description_limit": 10})
    post = a_pictured_draft(picture_site, channel, alt="é" * 11)
    assert "11 characters, and Mastodon takes 10" in fresh(post).problem


def test_an_approved_post_gets_no_slot_before_its_picture_is_there(picture_site: Site) -> None:
    channel = a_sandbox_channel()
    post = approved(a_pictured_draft(picture_site, channel))
    assert give_slots(channel.pk, now=NOON) == 0
    fetch()
    assert give_slots(channel.pk, now=NOON) == 1
    assert fresh(post).approved_by == an_editor()


def test_a_channel_that_approves_by_itself_waits_for_the_picture_and_goes_on_without_one_that_fails(
    picture_site: Site,
) -> None:
    channel = a_sandbox_channel(auto_approve=True)
    post = a_draft(channel, image_url=picture_site.put("/a.png", PAGE), image_alt="A field")
    assert (fresh(post).state, give_slots(channel.pk, now=NOON)) == ("approved", 0)
    fetch()
    assert (fresh(post).pictures, give_slots(channel.pk, now=NOON)) == ([], 1)


def test_a_person_who_approved_a_post_with_a_picture_is_asked_again_when_the_picture_fails(
    picture_site: Site,
) -> None:
    post = approved(a_draft(image_url=picture_site.put("/a.png", PAGE), image_alt="A field"))
    fetch()
    assert (fresh(post).state, fresh(post).approved_by, fresh(post).pictures) == ("draft", None, [])
    assert "a web page" in fresh(post).problem


def test_editing_the_text_does_not_hide_that_the_description_is_missing(picture_site: Site) -> None:
    post = a_pictured_draft(picture_site, alt="")
    approval.edit(post.pk, user=an_editor(), version=post.version, texts=["Rain at last."], now=NOON)
    assert fresh(post).state == "held"
    assert "no description" in fresh(post).problem


def test_a_picture_reaches_a_post_whose_text_was_edited_meanwhile(picture_site: Site) -> None:
    post = a_pictured_draft(picture_site)
    approval.edit(post.pk, user=an_editor(), version=post.version, texts=["Rain at last."], now=NOON)
    fetch()
    assert fresh(post).pictures[0]["digest"]
    assert (fresh(post).parts, fresh(post).state) == ([{"text": "Rain at last."}], "draft")


def test_a_form_that_was_open_while_the_picture_arrived_can_still_be_saved(picture_site: Site) -> None:
    post = a_pictured_draft(picture_site)
    fetch()
    edited = approval.edit(post.pk, user=an_editor(), version=post.version, texts=["Rain."], now=NOON)
    assert edited.pictures[0]["digest"]


@pytest.mark.parametrize("change", ["image_url", "image_alt"])
def test_a_revision_that_changes_only_the_picture_needs_approval_again(
    picture_site: Site, change: str
) -> None:
    post = a_pictured_draft(picture_site)
    fetch()
    approved(post)
    other = {"image_url": picture_site.put("/b.png", drawn("red")), "image_alt": "Another field"}
    revise(post.item, **{change: other[change]})
    draft_item(post.item_id, now=NOON)
    assert fresh(post).state == "draft"
    fetch()
    assert fresh(post).pictures[0]["alt"] == ("Another field" if change == "image_alt" else "A field")


def test_a_revision_that_leaves_the_picture_alone_takes_no_approval_back(picture_site: Site) -> None:
    post = a_pictured_draft(picture_site)
    fetch()
    approved(post)
    revise(post.item, contact="Somebody else")
    draft_item(post.item_id, now=NOON)
    assert fresh(post).state == "approved"
    assert len(picture_site.asked) == 1


def test_a_picture_that_the_network_cannot_show_holds_the_post_with_the_reason(
    picture_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from publisher.social.networks.base import PictureLimits
    from publisher.social.networks.sandbox.network import Sandbox

    tiny = PictureLimits(most=4, max_bytes=10)
    monkeypatch.setattr(Sandbox, "pictures", lambda _self, _account: tiny)
    post = a_pictured_draft(picture_site)
    fetch()
    assert fresh(post).state == "held"
    assert "cannot be shown on Sandbox" in fresh(post).problem
    with pytest.raises(UserError, match="cannot be shown"):
        approved(post)
    draft_item(post.item_id, now=NOON)
    assert fresh(post).state == "held"


def test_a_text_that_is_too_long_beside_a_picture_is_said_at_approval(picture_site: Site) -> None:
    channel = a_channel("telegram", settings={"chat": "@office"}, credentials={"token": "1:a"})
    post = a_pictured_draft(picture_site, channel)
    fetch()
    text = "word " * 220
    approval.edit(post.pk, user=an_editor(), version=post.version, texts=[text], now=NOON)
    with pytest.raises(UserError, match="1024"):
        approved(post)


def test_a_post_under_embargo_has_its_picture_fetched_when_it_is_drafted(picture_site: Site) -> None:
    lifts = NOON + timedelta(hours=1)
    from tests.builders import an_item

    a_sandbox_channel()
    url = picture_site.put("/a.png", drawn())
    item = an_item(image_url=url, image_alt="A field", embargo_until=lifts)
    draft_item(item.pk, now=NOON)
    assert fetch() == 0
    draft_item(item.pk, now=lifts)
    assert fetch_due(now=lifts, seconds=5) == 1


def test_the_limits_that_a_server_told_hold_for_pictures_too(picture_site: Site) -> None:
    channel = a_channel("mastodon")
    ChannelHealth.objects.create(channel=channel, told_limits={"description_limit": 10})
    post = a_pictured_draft(picture_site, channel, alt="é" * 11)
    assert "11 characters, and Mastodon takes 10" in fresh(post).problem


def test_a_post_that_a_person_publishes_shows_its_picture_too(picture_site: Site) -> None:
    channel = a_channel("weibo", schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0))
    post = approved(a_pictured_draft(picture_site, channel))
    assert give_slots(channel.pk, now=NOON) == 0, "its picture is on its way"
    fetch()
    assert give_slots(channel.pk, now=NOON) == 1
    tick(now=NOON)
    (row,) = fresh(post).deliveries.all()
    assert (fresh(post).state, [each.alt for each in handout_of(row).pictures]) == ("handed", ["A field"])


def test_a_channel_on_which_a_person_posts_may_need_a_picture_and_its_description(picture_site: Site) -> None:
    post = a_draft(a_channel("weibo", picture_required=True))
    assert "posts nothing without one" in post.problem
    post = a_pictured_draft(picture_site, a_channel("weibo"), alt="")
    assert "no description" in fresh(post).problem
