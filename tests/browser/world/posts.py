"""Posts in each state, with their pictures, and those that a person publishes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User

from publisher.core import audit
from publisher.demo.sample import pictures
from publisher.items.models import Item
from publisher.social.media import keeping, store
from publisher.social.models import Channel, ItemPicture, Post
from publisher.social.networks.base import Picture
from tests.desk.builders import a_handed_post, a_post, a_post_delivery, an_attempt
from tests.drawn import drawn


def posts(now: datetime, item: Item, channels: list[Channel], user: User) -> Post:
    """Posts of the first four channels; gives the draft that waits for approval."""
    other = Item.objects.get(kind="press_release")
    chinese = Item.objects.get(language="zh-Hans")
    draft = a_post(
        item,
        channels[0],
        f"{item.title}\n\n{item.summary}\n\n#ZeroHunger {item.url}",
        created_at=now,
        pictures=_pictures(now, item),
    )
    a_post(chinese, channels[1], f"{chinese.title}\n\n{chinese.summary}\n{chinese.url}", created_at=now)
    a_post(
        other,
        channels[0],
        created_at=now,
        state="scheduled",
        approved_by=user,
        approved_at=now,
        slot_at=now + timedelta(hours=3),
    )
    a_post(
        other,
        channels[1],
        created_at=now,
        state="expired",
        problem="Its slot had passed by 7 hours.",
        slot_at=now - timedelta(hours=9),
    )
    thread = [f"{item.title}\n\n#ZeroHunger\n{item.url}\n1/2", f"{item.summary}\n2/2"]
    a_post(item, channels[3], parts=[{"text": text} for text in thread], created_at=now)
    paid = a_post(other, channels[3], created_at=now, state="sent", sent_at=now, approved_by=user)
    a_post_delivery(paid, at=now, state="sent", sent_at=now, price="24.90")
    a_post(
        item,
        channels[2],
        created_at=now,
        state="held",
        problem="Picture: it has no description. Write what it shows, or leave the picture out.",
        pictures=[{"digest": "", "alt": "", "focus": None, "url": item.image_url}],
    )
    sent = a_post(
        item,
        channels[1],
        created_at=now,
        state="sent",
        approved_by=user,
        approved_at=now,
        slot_at=now,
        sent_at=now,
    )
    row = a_post_delivery(
        sent,
        at=now,
        state="sent",
        sent_at=now,
        settled_at=now,
        attempts=1,
        remote_id="0197-1",
        remote_url="http://127.0.0.1/timeline/0197-1",
    )
    an_attempt(row, started_at=now, code=201, enhanced="", text="created")
    audit.record(
        user, "post.edited", draft, {"texts": ["Fields carry water"]}, {"texts": [draft.parts[0]["text"]]}
    )
    audit.record(user, "post.approved", sent, {"state": "draft"}, {"state": "approved"})
    return draft


def _pictures(now: datetime, item: Item) -> list[dict[str, object]]:
    """The item's picture, fetched, and one that staff uploaded."""
    stored = keeping.keep(pictures.png(pictures.terraces), now=now)
    uploaded = keeping.keep(pictures.png(pictures.lighthouse), now=now)
    ItemPicture.objects.create(item=item, url=item.image_url, state="stored", stored=stored, next_at=now)
    return [
        {"digest": stored.digest, "alt": item.image_alt, "focus": [0.0, 0.7], "url": item.image_url},
        {"digest": uploaded.digest, "alt": "A striped lighthouse above grey waves", "focus": None, "url": ""},
    ]


def handed() -> list[Post]:
    """One post for each network whose posts a person publishes."""
    chinese = Item.objects.get(language="zh-Hans")
    link = "https://cn.office.example.org/stories/terraces"
    short = f"【{chinese.title}】{chinese.summary}\n\n#零饥饿# #陆地生物#\n{link}"
    paragraphs = [
        "十一年来，酸模谷上部的梯田一直干涸。曾把融雪水引到一块块田里的石渠，在一次山体滑坡中断裂。"
    ] * 3
    article = "\n\n".join([chinese.title, chinese.summary, "## 两百户家庭", *paragraphs])
    pictures = tuple(
        Picture(store.put(drawn(size=(width, 800))), alt)
        for width, alt in ((1200, "两位农民抬起一块石板，放进水渠"), (500, ""))
    )
    return [
        a_handed_post(network, item=chinese, text=text, link=link, pictures=pictures)
        for network, text in (("weibo", short), ("wechat", article))
    ]
