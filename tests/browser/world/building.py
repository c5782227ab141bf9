"""The whole of it, and where its parts are seen."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User

from publisher.audience.models import Subscription
from publisher.core import clock
from publisher.digests.models import Edition
from publisher.items.models import Item
from publisher.social.models import Post
from tests.browser import choices_world
from tests.browser.world import (
    archive,
    audience,
    channels,
    editions,
    items,
    mailboxes,
    pages,
    people,
    posts,
    returning,
    reviews,
    sign_ups,
    webhooks,
)
from tests.desk.builders import an_export


@dataclass
class World:
    """What was built, and the addresses to visit."""

    user: User
    item: Item
    draft: Post
    waiting: Edition
    subscription: Subscription
    desk_pages: dict[str, str]
    site_pages: dict[str, str]


def build() -> World:
    """Make it all. Parts see what was made before them, so their order matters."""
    now = clock.now()
    editions.figures(now)
    user = User.objects.create_superuser("mira", "", people.PASSWORD)
    item = items.items(now, items.topics(), user)
    all_channels = channels.channels()
    draft = posts.posts(now, item, all_channels, user)
    handed = posts.handed()
    channels.set_up(now, all_channels[0])
    digest, waiting, sent, subscription = editions.editions(now, user)
    rejection = items.rejections(now)
    an_export(asked_by=user, query="state=failed&edition=1", rows=1_204_118, size=301_400_220, created_at=now)
    an_export(asked_by=user, form="jsonl", state="waiting", rows=40_000, size=9_000_000, created_at=now)
    an_export(asked_by=user, kind="audit", query="actor=mira", rows=2_118, size=901_220, created_at=now)
    colleague, invitation = people.people(now, user)
    reader_id = subscription.subscriber_id
    archive_pages, archive_desk_pages = archive.archived(now)
    return World(
        user=user,
        item=item,
        draft=draft,
        waiting=waiting,
        subscription=subscription,
        desk_pages={
            **pages.items(item, rejection),
            **pages.posts(draft, handed),
            **pages.editions(digest, waiting, sent, reader_id),
            **pages.plans(draft),
            **pages.setting_up(all_channels),
            **pages.watching(sent),
            **reviews.reviewed(user, item, all_channels[0], waiting),
            **pages.people(user, colleague),
            **webhooks.webhooks(now, user),
            **returning.returning(now, user),
            **mailboxes.mailboxes(now),
            **audience.audience(now, user, subscription),
            **sign_ups.sign_ups(now, digest),
            **archive_desk_pages,
        },
        site_pages={
            **pages.site(digest, sent, reader_id, colleague, invitation),
            **sign_ups.sign_up_pages(digest),
            **choices_world.pages(),
            **archive_pages,
        },
    )
