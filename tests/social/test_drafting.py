"""From an accepted item to the drafts of its posts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery.models import Delivery
from publisher.items.models import Item, ItemTopic, Revision
from publisher.social import approval, reviewing
from publisher.social.drafting import cancel_for_item, draft_held, draft_item, undrafted
from publisher.social.models import Post
from publisher.social.redrafting import ITEM_CHANGED, ITEM_RETRACTED, NO_LONGER_FITS
from tests.builders import NOON, a_channel, a_topic, an_item
from tests.fakes.measured_only import cannot_send
from tests.social.steps import (
    a_draft,
    a_sandbox_channel,
    a_scheduled_post,
    an_editor,
    approved,
    fresh,
    revise,
    text_of,
    with_topic,
)

pytestmark = pytest.mark.django_db


def test_an_item_is_drafted_for_each_channel_that_takes_it() -> None:
    english, other = a_channel("sandbox"), a_channel("x")
    a_channel("sandbox", language="zh")
    a_channel("sandbox", kinds=["speech"])
    a_channel("sandbox", enabled=False)
    item = an_item(language="en-GB")
    assert len(draft_item(item.pk, now=NOON)) == 2
    posts = Post.objects.filter(item=item)
    assert {post.channel_id for post in posts} == {english.pk, other.pk}
    assert {post.state for post in posts} == {"draft"}
    assert all(item.title in text_of(post) and item.url in text_of(post) for post in posts)


def test_drafting_again_writes_nothing() -> None:
    a_channel()
    item = an_item()
    assert draft_item(item.pk, now=NOON)
    before = list(Post.objects.values())
    assert draft_item(item.pk, now=NOON) == []
    assert list(Post.objects.values()) == before


def test_the_sweep_finds_what_is_not_drafted_and_nothing_else() -> None:
    a_channel()
    done, waiting = an_item(), an_item()
    an_item(retracted_at=NOON)
    draft_item(done.pk, now=NOON)
    assert undrafted(now=NOON, limit=10) == [waiting.pk]
    draft_item(waiting.pk, now=NOON)
    assert undrafted(now=NOON, limit=10) == []


def test_an_item_that_no_channel_takes_is_dealt_with_all_the_same() -> None:
    item = an_item(language="fr")
    assert draft_item(item.pk, now=NOON) == []
    assert undrafted(now=NOON, limit=10) == []


def test_an_item_under_embargo_is_drafted_once_it_lifts() -> None:
    a_channel()
    item = an_item(embargo_until=NOON + timedelta(hours=1))
    assert draft_item(item.pk, now=NOON) == []
    assert undrafted(now=NOON, limit=10) == []
    later = NOON + timedelta(hours=1)
    assert undrafted(now=later, limit=10) == [item.pk]
    assert len(draft_item(item.pk, now=later)) == 1


def test_a_channel_by_topic_takes_suggested_and_accepted_but_not_declined_ones() -> None:
    water, soil = a_topic("water"), a_topic("soil")
    channel = a_channel(topics=[water.pk])
    items = {state: an_item() for state in ItemTopic.State.values}
    for state, item in items.items():
        with_topic(item, water, state)
        with_topic(item, soil)
        draft_item(item.pk, now=NOON)
    drafted = set(Post.objects.filter(channel=channel).values_list("item_id", flat=True))
    assert drafted == {items["suggested"].pk, items["accepted"].pk}


def test_a_decision_about_topics_reaches_drafts_but_no_approved_post() -> None:
    draft = a_draft()
    kept = approved(a_draft(draft.channel))
    kept_text = text_of(kept)
    for post in (draft, kept):
        with_topic(post.item, a_topic("water"), "accepted")
        draft_item(post.item_id, now=NOON)
    assert "#Water" in text_of(draft)
    assert text_of(kept) == kept_text
    assert fresh(kept).state == "approved"


def test_topics_are_named_in_the_items_language_and_links_by_region() -> None:
    channel = a_channel(language="zh", region="CN")
    item = an_item(language="zh-Hans", title="稻田里的雨", links={"CN": "https://cn.office.example.org/1"})
    with_topic(item, a_topic("water"))
    draft_item(item.pk, now=NOON)
    post = Post.objects.get(channel=channel)
    assert post.link == "https://cn.office.example.org/1"
    assert "#水" in text_of(post)
    assert post.link in text_of(post)


def test_a_broken_template_holds_its_own_post_only_and_says_where() -> None:
    broken, fine = a_channel(template="{{ item.title }}\n{{ item.nonsense.more }}"), a_channel()
    item = an_item()
    draft_item(item.pk, now=NOON)
    held = Post.objects.get(channel=broken)
    assert held.state == "held"
    assert "line 2" in held.problem
    assert Post.objects.get(channel=fine).state == "draft"
    broken.template = "{{ item.title }}"
    broken.save()
    draft_item(item.pk, now=NOON)
    assert (fresh(held).state, fresh(held).problem) == ("draft", "")


def test_a_text_that_cannot_fit_is_held_with_the_reason() -> None:
    post = a_draft(a_channel("x", template="{% for n in range(20) %}{{ item.title }}{% endfor %}"))
    assert post.state == "held"
    assert "does not fit X" in post.problem


def test_a_channel_on_an_unknown_network_holds_its_posts() -> None:
    post = a_draft(a_channel("gone"))
    assert (post.state, post.parts) == ("held", [])
    assert "no network “gone”" in post.problem


def test_a_channel_may_approve_by_itself() -> None:
    post = a_draft(a_sandbox_channel(auto_approve=True))
    assert (post.state, post.approved_at, post.approved_by) == ("approved", NOON, None)
    assert AuditEntry.objects.filter(action="post.approved", object_id=str(post.pk)).count() == 1


def test_where_nothing_can_be_sent_nothing_is_approved_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    cannot_send(monkeypatch, "x")
    assert a_draft(a_channel("x", auto_approve=True)).state == "draft"


def test_a_new_revision_takes_an_approved_post_back_to_draft_and_frees_its_slot() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    item = revise(post.item, title="A corrected title")
    draft_item(item.pk, now=NOON)
    now_is = fresh(post)
    assert (now_is.state, now_is.slot_at, now_is.approved_at, now_is.item_revision) == (
        "draft",
        None,
        None,
        2,
    )
    assert "A corrected title" in text_of(post)
    assert now_is.version > post.version


def test_a_new_revision_that_changes_no_word_of_the_post_leaves_it_approved() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    draft_item(revise(post.item, image_alt="A field").pk, now=NOON)
    now_is = fresh(post)
    assert (now_is.state, now_is.slot_at, now_is.item_revision) == ("scheduled", post.slot_at, 2)


def with_revision(post: Post) -> Post:
    """Its item keeps what it said, as intake writes it."""
    item = post.item
    content = {"title": item.title, "summary": item.summary, "image_url": "", "image_alt": ""}
    Revision.objects.create(
        item=item, number=item.revision, content=content, content_hash=b"h", received_at=NOON, trace_id="t"
    )
    return post


@pytest.mark.parametrize(
    ("network", "state"),
    [("sandbox", "draft"), ("bluesky", "draft"), ("linkedin", "draft"), ("x", "approved")],
)
def test_a_new_revision_of_what_only_the_card_shows_is_approved_again_where_a_card_is_shown(
    network: str, state: str
) -> None:
    channel = a_channel(network, template="{{ fit(item.title) }} {{ link }}", approvals=1)
    post = with_revision(a_draft(channel))
    approval.approve(post.pk, user=an_editor("ben"), version=post.version, now=NOON)
    draft_item(revise(fresh(post).item, summary="Children stand on the map.").pk, now=NOON)
    now_is = fresh(post)
    assert (now_is.state, text_of(now_is)) == (state, text_of(post))
    assert reviewing.standing_of(now_is).enough == (state == "approved")


def test_one_approval_of_two_counts_no_more_once_the_card_is_another() -> None:
    channel = a_channel("sandbox", template="{{ fit(item.title) }} {{ link }}", approvals=2)
    post = with_revision(a_draft(channel))
    approval.approve(post.pk, user=an_editor("ben"), version=post.version, now=NOON)
    draft_item(revise(fresh(post).item, summary="Children stand on the map.").pk, now=NOON)
    assert len(reviewing.standing_of(fresh(post)).given) == 0


def test_a_new_revision_of_neither_text_nor_card_leaves_the_post_approved() -> None:
    channel = a_channel("sandbox", template="{{ fit(item.title) }} {{ link }}", approvals=1)
    post = with_revision(a_draft(channel))
    approval.approve(post.pk, user=an_editor("ben"), version=post.version, now=NOON)
    draft_item(revise(fresh(post).item, contact="press@office.example.org").pk, now=NOON)
    assert (fresh(post).state, fresh(post).item_revision) == ("approved", 2)


def test_a_channel_that_approves_by_itself_approves_the_new_revision_too() -> None:
    post = a_draft(a_sandbox_channel(auto_approve=True))
    draft_item(revise(post.item, title="A corrected title").pk, now=NOON)
    assert fresh(post).state == "approved"
    assert "A corrected title" in text_of(post)


def test_a_persons_text_is_kept_flagged_and_asks_for_approval_again() -> None:
    post = a_draft(a_sandbox_channel())
    post = approval.edit(post.pk, user=an_editor(), version=post.version, texts=["My words."], now=NOON)
    post = approved(post)
    draft_item(revise(post.item, title="Another title").pk, now=NOON)
    now_is = fresh(post)
    assert (now_is.state, now_is.problem) == ("draft", ITEM_CHANGED)
    assert text_of(post) == "My words."
    approved(now_is)
    draft_item(post.item_id, now=NOON)
    assert fresh(post).state == "approved", "it is flagged once a revision"


def test_a_retracted_item_cancels_what_is_not_sent_and_comes_back_when_it_is_restored() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    sent = a_draft(a_sandbox_channel())
    Post.objects.filter(pk=sent.pk).update(state="sent")
    Item.objects.filter(pk=post.item_id).update(retracted_at=NOON)
    cancelled = cancel_for_item(post.item_id, now=NOON)
    assert post.pk in cancelled
    assert (fresh(post).state, fresh(post).problem, fresh(post).slot_at) == (
        "cancelled",
        ITEM_RETRACTED,
        None,
    )
    assert fresh(sent).state == "sent"
    assert cancel_for_item(post.item_id, now=NOON) == []
    assert draft_item(post.item_id, now=NOON) == []
    revise(post.item, retracted_at=None)
    draft_item(post.item_id, now=NOON)
    assert fresh(post).state == "draft"


@pytest.mark.django_db(transaction=True)
def test_many_drafting_one_item_at_once_make_one_post_a_channel() -> None:
    for _ in range(3):
        a_channel()
    item = an_item()

    def draft(_: int) -> int:
        try:
            return len(draft_item(item.pk, now=NOON))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        written = list(pool.map(draft, range(12)))
    assert sorted(written)[-1] == 3
    assert sum(written) == 3
    assert Post.objects.filter(item=item).count() == 3


def test_a_failed_post_is_renewed_too_so_that_no_outdated_text_is_approved_again() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    Post.objects.filter(pk=post.pk).update(state="failed", problem="Refused.")
    draft_item(post.item_id, now=NOON)
    assert fresh(post).state == "failed"
    draft_item(revise(post.item, title="A corrected title").pk, now=NOON)
    assert fresh(post).state == "draft"
    assert "A corrected title" in text_of(post)


def test_what_was_no_news_when_it_came_is_not_drafted() -> None:
    a_channel(max_age_days=30)
    old, new = an_item(), an_item()
    Item.objects.filter(pk=old.pk).update(published_at=NOON - timedelta(days=31))
    Item.objects.filter(pk=new.pk).update(published_at=NOON - timedelta(days=30))
    assert draft_item(old.pk, now=NOON) == []
    assert len(draft_item(new.pk, now=NOON)) == 1


def test_a_post_that_a_broken_template_holds_is_drafted_once_the_template_is_mended() -> None:
    channel = a_channel(template="{{ item.tittle }}")
    post = a_draft(channel)
    edited = a_draft(channel)
    approval.edit(edited.pk, user=an_editor(), version=edited.version, texts=["By hand"], now=NOON)
    Post.objects.filter(pk=edited.pk).update(state="held")
    assert (post.state, "did you mean “title”?" in post.problem) == ("held", True)
    assert draft_held(now=NOON, limit=9) == []
    channel.template, channel.revision = "{{ item.still_wrong }}", 2
    channel.save()
    assert draft_held(now=NOON, limit=9) == [post.pk]
    assert "still_wrong" in fresh(post).problem
    assert draft_held(now=NOON, limit=9) == []
    channel.template, channel.revision = "{{ item.title }}", 3
    channel.save()
    assert draft_held(now=NOON, limit=9) == [post.pk]
    assert (fresh(post).state, text_of(fresh(post))) == ("draft", post.item.title)
    assert text_of(fresh(edited)) == "By hand"


def test_a_person_may_take_the_template_s_text_again() -> None:
    post = a_draft()
    before = text_of(post)
    post = approval.edit(post.pk, user=an_editor(), version=post.version, texts=["By hand"], now=NOON)
    post = approval.redraft(post.pk, user=an_editor("lin"), version=post.version, now=NOON)
    assert (text_of(post), post.edited, post.state) == (before, False, "draft")
    assert AuditEntry.objects.filter(action="post.drafted_again").exists()


def test_a_part_of_a_thread_that_has_left_is_not_edited() -> None:
    post = a_draft(a_sandbox_channel())
    Post.objects.filter(pk=post.pk).update(state="failed", parts=[{"text": "One"}, {"text": "Two"}])
    Delivery.objects.create(post=post, part=0, state="sent", due_at=NOON, created_at=NOON, address="")
    for texts in (["1", "Two"], []):
        with pytest.raises(UserError, match="Part 1 has left already"):
            approval.edit(
                post.pk,
                user=an_editor(texts[0] if texts else "lin"),
                version=post.version,
                texts=texts,
                now=NOON,
            )
    edited = approval.edit(post.pk, user=an_editor(), version=post.version, texts=["One", "2"], now=NOON)
    assert [part["text"] for part in edited.parts] == ["One", "2"]


def test_mending_one_channel_drafts_nothing_for_another() -> None:
    broken = a_channel(template="{{ oops }}")
    post = a_draft(broken)
    a_sandbox_channel(auto_approve=True)
    broken.template, broken.revision = "{{ item.title }}", 2
    broken.save()
    assert draft_held(now=NOON, limit=9) == [post.pk]
    assert Post.objects.count() == 1


def test_a_draft_whose_item_fits_its_channel_no_more_is_held() -> None:
    water = a_topic("water")
    channel = a_channel(topics=[water.pk])
    item = an_item()
    with_topic(item, water, "accepted")
    (post_id,) = draft_item(item.pk, now=NOON)
    ItemTopic.objects.filter(item=item).delete()
    revise(item, title="About something else")
    draft_item(item.pk, now=NOON)
    post = Post.objects.get(pk=post_id)
    assert (post.state, post.problem) == ("held", NO_LONGER_FITS)
    post = approval.redraft(post.pk, user=an_editor(), version=post.version, now=NOON)
    assert post.problem == NO_LONGER_FITS
    with_topic(item, water, "accepted")
    revise(item, title="About water again")
    draft_item(item.pk, now=NOON)
    assert (fresh(post).state, fresh(post).problem) == ("draft", "")
    assert channel.posts.count() == 1
