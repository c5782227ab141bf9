"""Topics, items in each state, and entries that were refused."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User

from publisher.items.models import Item, Rejection, Source, Topic
from tests.builders import a_source, a_topic, an_item
from tests.desk.builders import a_rejection, a_revision

BODY = """<p>For eleven years the upper terraces of Sorrel Valley lay dry. The stone channels that once led meltwater
from field to field had broken in a landslide, and nobody had the money to mend them.</p>
<h2>Two hundred families</h2><p>Last spring two hundred families began to rebuild them by hand. “We knew where each
stone belonged, because our parents had told us,” says Ilse Marrow, who farms four terraces with her brother.</p>
<ul><li>60,000 people depend on the watershed</li><li>nine households came back to plant</li></ul>"""


def topics() -> list[Topic]:
    """Three goals, in English and Chinese."""
    return [
        a_topic("sdg-2", name_en="SDG 2: Zero hunger", name_zh="零饥饿"),
        a_topic("sdg-6", name_en="SDG 6: Clean water and sanitation", name_zh="清洁饮水和卫生设施"),
        a_topic("sdg-15", name_en="SDG 15: Life on land", name_zh="陆地生物"),
    ]


def items(now: datetime, known: list[Topic], user: User) -> Item:
    """Two sources, and the item that all pages show, with its translation and its neighbours."""
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
    for topic, state, found in zip(known, ("suggested", "suggested", "accepted"), words, strict=True):
        item.item_topics.create(topic=topic, state=state, words=found, decided_by=None if found else user)
    return item


def rejections(now: datetime) -> Rejection:
    """Three entries that were refused; gives the one whose page is shown."""
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
    return rejection
