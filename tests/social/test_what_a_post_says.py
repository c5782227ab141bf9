"""What the channel's settings make of an item: threads, hashtags, the link with its parameters, the region's link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.core.models import Restoration
from publisher.delivery.leaving import outgoing
from publisher.items.models import Item
from publisher.social import approval, notes
from publisher.social.accounts import NoThreads
from publisher.social.drafting import draft_item
from publisher.social.models import Channel, ItemPicture, Post, StoredPicture
from publisher.social.networks.base import Picture
from tests.builders import NOON, a_channel, a_topic, an_item
from tests.social.steps import a_draft, an_editor, fresh, revise, text_of, with_topic

pytestmark = pytest.mark.django_db

LONG = " ".join(f"Family number {n} of the valley came back to plant its terraces." for n in range(6))
UTM = {
    "hosts": ["office.example.org"],
    "source": "{network}",
    "medium": "social",
    "campaign": "",
    "content": "",
}
ADDED = "utm_source=sandbox&utm_medium=social"


def texts_of(post: Post) -> list[str]:
    return [part["text"] for part in fresh(post).parts]


def a_thread(**given: Any) -> Post:
    item = {"title": "The terraces of Sorrel Valley", "summary": LONG, "url": "https://office.example.org/t"}
    channel = a_channel("x", **{"thread_messages": 4, "settings": {"threads": True}} | given)
    return a_draft(channel, **item)


def test_a_long_text_becomes_a_thread_with_the_link_first() -> None:
    post = a_thread()
    texts = texts_of(post)
    assert len(texts) == 2
    assert texts[0].startswith("The terraces of Sorrel Valley\n\nFamily number 0")
    assert texts[0].endswith("\n\nhttps://office.example.org/t\n1/2")
    assert texts[1].endswith("its terraces.\n2/2")
    assert post.state == "draft"
    parts = outgoing(post, post.item).parts
    assert [(part.number, part.of, part.card is not None) for part in parts] == [(0, 2, True), (1, 2, False)]


def test_a_thread_may_go_without_numbers() -> None:
    assert texts_of(a_thread(thread_numbers=False))[1].endswith("its terraces.")


@pytest.mark.parametrize(
    "given",
    [
        {"thread_messages": 1},
        {"settings": {}},
        {"network": "linkedin"},
    ],
)
def test_without_the_channels_or_the_networks_word_it_stays_one_message(given: dict[str, Any]) -> None:
    fields = {"network": "x", "thread_messages": 4, "settings": {"threads": True}} | given
    post = a_draft(a_channel(**fields), summary=LONG)
    assert len(texts_of(post)) == 1
    assert post.state == "draft"


def test_what_may_be_shortened_is_shortened_before_the_thread_gets_too_long() -> None:
    body = " ".join(["It rains on the terraces again."] * 200)
    channel = a_channel(
        "x",
        thread_messages=3,
        settings={"threads": True},
        template="{{ fit(item.title) }}\n---\n{{ fit(item.text) }}\n{{ link }}",
    )
    post = a_draft(channel, title="A title", body_text=body)
    assert texts_of(post)[0] == "A title\n1/3"
    assert len(texts_of(post)) == 3
    assert post.state == "draft"


def test_a_text_that_no_thread_of_that_length_holds_is_held_with_the_reason() -> None:
    post = a_thread(template="{% for n in range(9) %}{{ item.summary }} {% endfor %}\n{{ link }}")
    assert (post.state, post.problem) == ("held", "The text does not fit X: it needs more than 4 messages.")


def test_a_revision_makes_the_thread_anew() -> None:
    post = a_thread()
    item = revise(post.item, summary="Short now.")
    draft_item(item.pk, now=NOON)
    assert texts_of(post) == ["The terraces of Sorrel Valley\n\nShort now.\n\nhttps://office.example.org/t"]


def test_several_messages_are_refused_where_the_account_takes_one() -> None:
    post = a_draft(a_channel("x"))
    edited = approval.edit
    with pytest.raises(NoThreads, match="X takes no posts of several messages from this channel"):
        edited(post.pk, user=an_editor(), version=post.version, texts=["One.", "Two."], now=NOON)


def test_the_channel_says_how_many_hashtags() -> None:
    item = an_item()
    for slug in ("water", "food", "health"):
        with_topic(item, a_topic(slug))
    wanted = {0: a_channel(hashtags=0), 1: a_channel(hashtags=1), 3: a_channel(), 2: a_channel("x")}
    draft_item(item.pk, now=NOON)
    for most, channel in wanted.items():
        assert text_of(Post.objects.get(channel=channel)).count("#") == most


def test_text_card_and_stored_link_have_the_same_parameters() -> None:
    post = a_draft(a_channel(utm=UTM), url="https://office.example.org/1#top")
    link = f"https://office.example.org/1?{ADDED}#top"
    (part,) = outgoing(post, post.item).parts
    assert (post.link, part.link) == (link, link)
    assert text_of(post).endswith(f"\n{link}")


def test_the_card_has_the_picture_of_the_item_once_it_lies_in_the_store() -> None:
    url = "https://office.example.org/rain.png"
    post = a_draft(a_channel("x"), image_url=url, image_alt="A cloud")
    Post.objects.update(pictures=[])
    ItemPicture.objects.all().delete()

    def on_the_card() -> Picture | None:
        item = Item.objects.get(pk=post.item_id)
        card = outgoing(fresh(post), item).parts[0].card
        return card.picture if card else None

    assert on_the_card() is None
    stored = StoredPicture.objects.create(
        digest="a" * 64, type="image/png", width=6, height=4, size=9, put_at=NOON
    )
    row = ItemPicture.objects.create(item=post.item, url=url, state="stored", stored=stored, next_at=NOON)
    assert on_the_card() == Picture("a" * 64, "A cloud")
    ItemPicture.objects.filter(pk=row.pk).update(url="https://office.example.org/before.png")
    assert on_the_card() is None


def test_a_link_to_another_site_gets_none() -> None:
    post = a_draft(a_channel(utm=UTM), url="https://partner.example.net/1")
    assert post.link == "https://partner.example.net/1"
    assert text_of(post).endswith("\nhttps://partner.example.net/1")


def test_the_length_is_measured_with_the_parameters() -> None:
    long_rule = UTM | {"campaign": "c" * 90, "content": "d" * 90}
    channel = a_channel("bluesky", utm=long_rule)
    post = a_draft(channel, summary=LONG)
    assert post.state == "draft"
    assert post.link in text_of(post)
    assert len(text_of(post)) <= 300


def test_the_regions_link_is_in_text_parts_and_card_also_of_a_revised_item() -> None:
    rule = UTM | {"hosts": ["example.cn"]}
    post = a_draft(a_channel(region="CN", utm=rule), links={"CN": "https://example.cn/1"})
    assert post.link == f"https://example.cn/1?{ADDED}"
    assert all(part.link == post.link for part in outgoing(post, post.item).parts)
    assert post.link in text_of(post)
    assert post.item.url not in text_of(post)
    item = revise(post.item, title="Another title", links={"CN": "https://example.cn/2"})
    draft_item(item.pk, now=NOON)
    assert fresh(post).link == f"https://example.cn/2?{ADDED}"
    assert text_of(post).startswith("Another title")
    assert fresh(post).link in text_of(post)
    assert notes.of_post(fresh(post)) == []


def test_without_a_link_for_the_region_the_items_own_is_used_and_staff_are_told() -> None:
    post = a_draft(a_channel(region="cn"), links={"DE": "https://example.de/1"})
    assert post.link == post.item.url
    (note,) = notes.of_post(post)
    assert "without a link for readers in CN" in note
    assert notes.of_post(a_draft(a_channel(region=""))) == []


def test_the_preview_of_a_persons_text_leads_where_the_text_leads() -> None:
    channel = a_channel()
    post = a_draft(channel)
    old = post.link
    texts = [f"By hand: {old}"]
    approval.edit(post.pk, user=an_editor(), version=post.version, texts=texts, now=NOON)
    Channel.objects.filter(pk=channel.pk).update(utm=UTM)
    item = revise(Item.objects.get(pk=post.item_id), title="Another title")
    draft_item(item.pk, now=NOON)
    assert fresh(post).link == old
    again = approval.redraft(post.pk, user=an_editor(), version=fresh(post).version, now=NOON)
    assert again.link == f"{old}?{ADDED}"
    assert again.link in text_of(post)


def test_settings_without_effect_are_named() -> None:
    assert (
        notes.of_channel(a_channel("x", thread_messages=3, month_budget=5, settings={"threads": True})) == []
    )
    told = notes.of_channel(a_channel("linkedin", thread_messages=3, month_budget=5))
    assert [note.split(":")[0] for note in told] == [
        "Long texts stay one message",
        "Its budget counts nothing",
    ]
    assert len(notes.of_channel(a_channel("x", thread_messages=3))) == 1


def test_of_a_post_from_before_a_restore_staff_are_told_that_it_may_be_out() -> None:
    post = a_draft(a_channel())
    assert notes.of_post(post) == []
    Restoration.objects.create(made_at=NOON, restored_at=NOON + timedelta(hours=1))
    assert notes.of_post(post) == [notes.MAY_BE_OUT]
    later = a_draft(a_channel(), now=NOON + timedelta(hours=2))
    assert notes.of_post(later) == []
