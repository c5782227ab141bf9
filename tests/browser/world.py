"""A small publication with something in every state, so that each page has something to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.urls import reverse

from publisher.audience import tokens
from publisher.audience.models import Subscriber, Subscription
from publisher.core import audit, clock
from publisher.delivery import copies
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.demo.sample import pictures
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item, Source, Topic
from publisher.social import health
from publisher.social.media import keeping, store
from publisher.social.models import Channel, ChannelHealth, ItemPicture, Post
from publisher.social.networks.base import Pace, Picture
from tests.builders import a_channel, a_digest, a_schedule, a_source, a_subscriber, a_topic, an_item
from tests.desk.builders import (
    a_handed_post,
    a_post,
    a_post_delivery,
    a_rejection,
    a_revision,
    an_attempt,
    an_edition,
)
from tests.drawn import drawn

PASSWORD = "a long enough password"
BODY = """<p>For eleven years the upper terraces of Sorrel Valley lay dry. The stone channels that once led meltwater
from field to field had broken in a landslide, and nobody had the money to mend them.</p>
<h2>Two hundred families</h2><p>Last spring two hundred families began to rebuild them by hand. “We knew where each
stone belonged, because our parents had told us,” says Ilse Marrow, who farms four terraces with her brother.</p>
<ul><li>60,000 people depend on the watershed</li><li>nine households came back to plant</li></ul>"""


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
    now = clock.now()
    user = User.objects.create_superuser("mira", "", PASSWORD)
    topics = [
        a_topic("sdg-2", name_en="SDG 2: Zero hunger", name_zh="零饥饿"),
        a_topic("sdg-6", name_en="SDG 6: Clean water and sanitation", name_zh="清洁饮水和卫生设施"),
        a_topic("sdg-15", name_en="SDG 15: Life on land", name_zh="陆地生物"),
    ]
    item = _items(now, topics, user)
    channels = _channels()
    draft = _posts(now, item, channels, user)
    handed = _handed()
    digest, waiting, sent, subscription = _editions(now, user)
    a_rejection(
        b'{"specversion":"0.3",' + b'"x":"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"' * 6,
        last_at=now,
    )
    rejection = a_rejection(
        b'{"title": "", "published_at": "1870-01-01", "body": "<script>alert(1)</script>"}',
        reason="The item has no title, and its date lies in 1870.",
        hint="Send a title of 1 to 500 characters, and a date after 1990.",
        fields=["title", "published_at"],
        last_at=now - timedelta(hours=2),
    )
    a_rejection(b"\xff\xfe{", reason="The entry is not JSON.", code="not-json", origin="stream", last_at=now)
    mail = Delivery.objects.filter(edition=sent, state="failed").earliest("pk")
    unclear = Delivery.objects.filter(edition=sent, state="unknown").earliest("pk")
    link = (subscription.subscriber_id, digest.pk)
    edition_url = reverse("desk:edition", args=[sent.pk])
    return World(
        user=user,
        item=item,
        draft=draft,
        waiting=waiting,
        subscription=subscription,
        desk_pages={
            "home": reverse("desk:home"),
            "items": reverse("desk:items"),
            "items-none": reverse("desk:items") + "?q=nothing+like+this",
            "item": reverse("desk:item", args=[item.pk]),
            "rejected": reverse("desk:rejected"),
            "rejection": reverse("desk:rejection", args=[rejection.pk]),
            "correct": reverse("desk:correct", args=[item.pk]),
            "posts": reverse("desk:posts"),
            "post-draft": reverse("desk:post", args=[draft.pk]),
            "post-sent": reverse("desk:post", args=[Post.objects.filter(state="sent").latest("pk").pk]),
            "post-thread": reverse("desk:post", args=[Post.objects.get(parts__1__isnull=False).pk]),
            "post-held": reverse("desk:post", args=[Post.objects.get(state="held").pk]),
            "hand-weibo": reverse("desk:post-hand", args=[handed[0].pk]),
            "hand-wechat": reverse("desk:post-hand", args=[handed[1].pk]),
            "post-handed": reverse("desk:post", args=[handed[0].pk]),
            "editions": reverse("desk:editions"),
            "edition-waiting": reverse("desk:edition", args=[waiting.pk]),
            "edition-sent": edition_url,
            "edition-text": edition_url + "?view=text",
            "digests": reverse("desk:digests"),
            "sending": reverse("desk:sending"),
            "channels": reverse("desk:channels"),
            "deliveries": reverse("desk:deliveries"),
            "deliveries-errors": reverse("desk:deliveries") + "?from=soon&address=x",
            "delivery": reverse("desk:delivery", args=[mail.pk]),
            "delivery-unclear": reverse("desk:delivery", args=[unclear.pk]),
            "audit": reverse("desk:audit"),
        },
        site_pages={
            "landing": "/",
            "personal-links": "/personal-links",
            "unsubscribe": f"/u/{tokens.write(tokens.Purpose.UNSUBSCRIBE, *link)}",
            "preferences": f"/p/{tokens.write(tokens.Purpose.PREFERENCES, *link)}",
            "web-version": f"/e/{tokens.write(tokens.Purpose.WEB_VERSION, link[0], sent.pk)}",
            "stale": "/u/not-a-token",
            "login": reverse("desk:login"),
            "not-found": "/nothing-here",
        },
    )


def _items(now: datetime, topics: list[Topic], user: User) -> Item:
    a_source("newsroom")
    Source.objects.filter(name="newsroom").update(label="Newsroom of the Country Office")
    Source.objects.create(
        name="press-feed",
        label="Press feed",
        feed_url="https://office.example.org/press.xml",
        last_error="The server answered 503.",
        created_at=now,
        next_poll_at=now + timedelta(minutes=9),
    )
    item = an_item(
        at=now - timedelta(hours=20),
        title="Terraced fields in Sorrel Valley carry water again",
        summary="Two hundred families rebuilt the stone channels that their grandparents laid. Harvests are back.",
        body_html=BODY,
        contact="Press Office, press@office.example.org",
        attribution="First published by the Ministry of Agriculture.",
        image_url="https://office.example.org/img/terraces.jpg",
        image_alt="Two farmers lift a flat stone into a water channel",
        agencies=["FAO"],
        links={"CN": "https://cn.office.example.org/stories/terraces"},
        revision=2,
    )
    before = {
        "title": "Terraced fields carry water",
        "summary": "One hundred families rebuilt the stone channels.",
    }
    after = {"title": item.title, "summary": item.summary}
    a_revision(item, 1, before, [])
    a_revision(item, 2, after, ["title", "summary"])
    an_item(
        at=now - timedelta(hours=19),
        title="酸模谷的梯田重新通水",
        summary="两百户家庭亲手修复了祖辈留下的石渠。收成回来了，一些离开的年轻人也回来了。",
        language="zh-Hans",
        original=item,
    )
    an_item(
        at=now - timedelta(hours=30),
        kind="press_release",
        title="A five-year plan for clean cooking in 400,000 homes",
    )
    an_item(
        at=now - timedelta(hours=5),
        kind="speech",
        embargo_until=now + timedelta(hours=6),
        title="“Count every child”: remarks at the opening of the national school census",
    )
    an_item(
        at=now - timedelta(days=3),
        kind="video",
        retracted_at=now - timedelta(days=2),
        retraction_reason="Wrong figures.",
        title="How a village measures its well",
    )
    words = (["harvest", "farmers"], ["water", "watershed"], [])
    for topic, state, found in zip(topics, ("suggested", "suggested", "accepted"), words, strict=True):
        item.item_topics.create(topic=topic, state=state, words=found, decided_by=None if found else user)
    return item


def _handed() -> list[Post]:
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


def _channels() -> list[Channel]:
    shanghai = a_schedule(name="Office hours in Shanghai", zone="Asia/Shanghai")
    channels = [
        a_channel("sandbox", name="Almaria on Sandbox", schedule=shanghai),
        a_channel("sandbox", name="阿尔马里亚频道", language="zh-Hans", schedule=shanghai),
        a_channel(
            "sandbox",
            name="Almaria press",
            owner="press@office.example.org",
        ),
        a_channel(
            "x",
            name="Almaria on X",
            region="CN",
            settings={"threads": True},
            thread_messages=4,
            hashtags=2,
            month_budget=25,
            utm={
                "hosts": ["office.example.org", "example.cn"],
                "campaign": "{kind}-{date}",
                "content": "{channel}",
            },
        ),
    ]
    now = clock.now()
    health.note_pace(channels[0].pk, Pace(12, timedelta(minutes=4), 300), now=now)
    ChannelHealth.objects.update_or_create(
        channel=channels[0],
        defaults={
            "state": "good",
            "account_name": "@almaria@sandbox.example",
            "checked_at": now - timedelta(hours=5),
            "credentials_end_at": now + timedelta(days=9),
            "told_limits": {
                "max_characters": 1000,
                "characters_reserved_per_url": 23,
                "image_size_limit": 16_777_216,
            },
        },
    )
    health.went_down(
        channels[2].pk,
        reason="The network answered 401: the access was withdrawn. Connect the channel again.",
        now=now,
    )
    new = a_channel("mastodon", name="Almaria on Mastodon", schedule=shanghai)
    channels.append(new)
    reason = "Not connected yet: The channel has no `access_token`: make one on its server and put it in."
    ChannelHealth.objects.create(channel=new, state="unconnected", checked_at=now, problem=reason)
    Channel.objects.filter(pk=new.pk).update(paused_reason=reason)
    return channels


def _posts(now: datetime, item: Item, channels: list[Channel], user: User) -> Post:
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


def _editions(now: datetime, user: User) -> tuple[Digest, Edition, Edition, Subscription]:
    digest = a_digest(
        slug="weekly",
        needs_approval=True,
        local_time=True,
        seeds=["director@office.example.org"],
        created_at=now - timedelta(days=30),
    )
    subscription = a_subscriber(digest, "ilse.marrow@example.net", name="Ilse")
    for n in range(30):
        a_subscriber(digest, language="zh" if n % 3 else "en", kinds=["story"] if n % 5 == 0 else [])
    for zone in ("Europe/Berlin", "America/New_York", "Asia/Kathmandu"):
        reader = a_subscriber(digest).subscriber
        Subscriber.objects.filter(pk=reader.pk).update(zone=zone)
    common = {"items": [], "window_from": now - timedelta(days=7), "window_to": now, "assembled_at": None}
    sent = an_edition(digest, number=None, due_at=now - timedelta(hours=2), state="assembling", **common)
    home = sent.due_at.astimezone(ZoneInfo(digest.zone))
    Edition.objects.filter(pk=sent.pk).update(local_day=home.date(), local_at=home.time())
    assemble(sent.pk, now=now)
    copies.send_test(sent.pk, to="mira@office.example.org", actor=user, now=now)
    rows = list(Delivery.objects.filter(edition=sent, purpose="reader").order_by("pk"))
    states = ["failed", "unknown", "bounced", "queued", "suppressed"]
    for row in rows:
        state = states.pop(0) if states else "sent"
        row.state, row.attempts = state, 1
        if state == "sent":
            row.sent_at = row.settled_at = now
            row.code, row.enhanced = 250, "2.0.0"
        if state == "failed":
            row.code, row.enhanced, row.reason = 550, "5.1.1", "There is no such mailbox."
            row.remote_id = f"<{row.pk}.weekly@office.example.org>"
            an_attempt(
                row,
                started_at=now - timedelta(minutes=5),
                outcome="queued",
                code=451,
                enhanced="4.3.0",
                text="4.3.0 Try again later",
                duration_ms=212,
            )
            an_attempt(
                row,
                started_at=now,
                outcome="failed",
                code=550,
                enhanced="5.1.1",
                text="5.1.1 <user> User unknown",
                duration_ms=1312,
            )
        row.save()
    Delivery.objects.filter(pk=rows[2].pk).update(
        address="a.reader.with.a.very.long.name.indeed+newsletters@mail.department.example.net",
        code=452,
        enhanced="4.2.2",
        reason="Waits: department.example.net asked for peace (“421 4.7.28 unusual rate of mail”).",
    )
    waiting = an_edition(
        digest,
        number=12,
        due_at=now + timedelta(hours=1),
        assembled_at=now,
        problem="Its time passed long ago; look at it before it is sent.",
    )
    audit.record(user, "edition.pause", sent, {"state": "sending"}, {"state": "paused"})
    audit.record(user, "edition.resume", sent, {"state": "paused"}, {"state": "sending"})
    return digest, waiting, sent, subscription
