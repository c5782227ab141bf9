"""Steps that tests of posts share: items drafted, approved and given slots, in few words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from publisher.items.models import Item, ItemTopic, Topic
from publisher.social import approval
from publisher.social.drafting import draft_item
from publisher.social.models import Channel, Post
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel, a_schedule, an_item

EVERY_MINUTE = [
    {"weekday": day, "at": f"{h:02}:{m:02}"} for day in range(7) for h in (12, 13) for m in range(60)
]
SLOT = NOON + timedelta(minutes=1)


def an_editor(name: str = "ilse") -> User:
    return User.objects.get_or_create(username=name)[0]


def a_sandbox_channel(server: Server | None = None, **given: Any) -> Channel:
    """A channel on that server, with a slot every minute about noon and no gap, unless told otherwise."""
    fields: dict[str, Any] = {
        "credentials": {"token": "t"},
        "settings": {"url": server.url, "timeout_seconds": 0.5} if server else {},
    } | given
    if "schedule" not in fields:
        fields["schedule"] = a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0)
    return a_channel("sandbox", **fields)


def a_draft(channel: Channel | None = None, *, now: datetime = NOON, **item: Any) -> Post:
    """A drafted post of a new item."""
    channel = channel or a_sandbox_channel()
    item_id = an_item(**item).pk
    draft_item(item_id, now=now)
    return Post.objects.get(item_id=item_id, channel=channel)


def approved(post: Post, *, now: datetime = NOON) -> Post:
    return approval.approve(post.pk, user=an_editor(), version=fresh(post).version, now=now)


def a_scheduled_post(channel: Channel, *, now: datetime = NOON, **item: Any) -> Post:
    """A post that is approved and has its slot."""
    post = approved(a_draft(channel, now=now, **item), now=now)
    assert give_slots(channel.pk, now=now) == 1, fresh(post).problem
    return fresh(post)


def fresh(post: Post) -> Post:
    """The post as the database has it now."""
    return Post.objects.select_related("item", "channel").get(pk=post.pk)


def text_of(post: Post) -> str:
    return str(fresh(post).parts[0]["text"])


def revise(item: Item, **changes: Any) -> Item:
    """A new revision of an item, as intake would store it."""
    Item.objects.filter(pk=item.pk).update(revision=item.revision + 1, **changes)
    item.refresh_from_db()
    return item


def with_topic(item: Item, topic: Topic, state: str = "suggested") -> None:
    ItemTopic.objects.create(item=item, topic=topic, state=state)
