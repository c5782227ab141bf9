"""What was reviewed, and what waits for it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.urls import reverse

from publisher.core import clock
from publisher.digests.models import Edition
from publisher.items.models import Item
from publisher.review import clearances, comments
from publisher.review.models import ClearanceTag, ItemTag, Kind
from publisher.social import approval
from publisher.social.models import Channel, Post
from tests.browser.world.people import PASSWORD
from tests.builders import a_channel, an_item
from tests.desk.builders import a_post


def without_review() -> None:
    """Nothing waits for a clearance or for a second person: for trips that are about something else."""
    ItemTag.objects.all().delete()
    Post.objects.filter(channel__approvals__gt=0, deliveries=None).delete()


def reviewed(user: User, item: Item, channel: Channel, waiting: Edition) -> dict[str, str]:
    """A post that one of two has approved and another sent back, an item with tags in every state, and the lists of both."""
    now = clock.now()
    other = User.objects.create_user("ben", password=PASSWORD)
    group = Group.objects.create(name="Cartography")
    group.user_set.add(user)
    tags = [
        ClearanceTag.objects.create(name=name, meaning=meaning, group=group, words=words, created_at=now)
        for name, meaning, words in (
            ("Map", "Borders and names are drawn as the house draws them.", ["map", "地图"]),
            ("Photograph of a child", "The parents have signed the consent form.", ["child*", "boy", "girl"]),
            ("Quoted person", "Whoever is quoted has seen the words.", []),
        )
    ]
    ItemTag.objects.create(item=item, tag=tags[0], state="suggested", words=["map"], at=now)
    for tag in tags[1:]:
        clearances.set_tag(item.pk, tag.pk, user=other, reason="The second picture.", now=now)
    clearances.clear(
        item.pk, tags[1].pk, user=user, revision=item.revision, note="Consent is there.", now=now
    )
    clearances.remove_tag(item.pk, tags[2].pk, user=other, reason="Nobody is quoted.", now=now)
    press = an_item(at=now - timedelta(hours=1), title="The bridge at Port Almaria opens")
    two = a_channel("sandbox", name="Almaria, reviewed", approvals=2, schedule=channel.schedule)
    post = a_post(press, two, "The bridge opens.", created_at=now)
    approval.approve(post.pk, user=other, version=1, now=now)
    approval.edit(post.pk, user=user, version=1, texts=["The bridge opens today, after nine years."], now=now)
    approval.approve(post.pk, user=other, version=2, now=now)
    back = a_post(item, two, "Fields carry water.", created_at=now)
    approval.ask_changes(back.pk, user=other, version=1, text="Name the valley, and the year.", now=now)
    comments.say(Kind.EDITION, waiting.pk, user=other, text="The speech belongs last.", now=now)
    return {
        "post-reviewed": reverse("desk:post", args=[post.pk]),
        "post-sent-back": reverse("desk:post", args=[back.pk]),
        "clearance": reverse("desk:clearance"),
        "clearance-tag": reverse("desk:clearance-tag", args=[tags[0].pk]),
        "clearance-tag-new": reverse("desk:clearance-tag-new"),
        "clearance-role": reverse("desk:clearance-role", args=[group.pk]),
    }
