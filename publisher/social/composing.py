"""The text of a post as its channel's template makes it, measured by its network. A failure holds this post only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.items.languages import primary
from publisher.items.models import Item, ItemTopic, Topic
from publisher.render.failure import TEMPLATE_ERRORS, TemplateFailure
from publisher.render.social import render_snippet
from publisher.render.trial import snippet_problem
from publisher.render.views import ItemView
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.networks.base import Account


@dataclass(frozen=True)
class Draft:
    """The texts of a post's parts; `problem` says why it cannot leave as it is, else is empty."""

    texts: tuple[str, ...]
    problem: str = ""


def compose(item: Item, channel: Channel, topics: Sequence[Topic]) -> Draft:
    """Render and measure. What fails (a template with its line, an unknown network) is told in `problem`, never raised."""
    try:
        network = registry.get(channel.network)
    except registry.NoSuchNetwork as error:
        return Draft((), error.message)
    try:
        snippet = render_snippet(
            network.name,
            view_of(item, channel, topics),
            limits=network.rules(Account(channel.pk, channel.name, {}, channel.settings or {})),
            measure=network.measure,
            channel_template=channel.template or None,
        )
    except TemplateFailure as failure:
        return Draft((), f"The template failed: {failure}")
    except TEMPLATE_ERRORS as error:
        return Draft((), f"{network.label} could not measure the text: {error or type(error).__name__}")
    problem = "" if snippet.fits else f"The text does not fit {network.label}: {snippet.why}."
    return Draft((snippet.text,), problem)


def template_problem(channel: Channel) -> str:
    """What is wrong with the channel's own template, tried with sample items; "" when nothing is, or it has none."""
    if not channel.template:
        return ""
    network = registry.get(channel.network)
    failure = snippet_problem(
        network.name,
        channel.template,
        language=channel.language,
        limits=network.rules(Account(0, channel.name, {}, channel.settings or {})),
        measure=network.measure,
    )
    return str(failure) if failure else ""


def view_of(item: Item, channel: Channel, topics: Sequence[Topic]) -> ItemView:
    """The item as the channel's readers see it: topics in its language, the link of the channel's region."""
    chinese = primary(item.language) == "zh"
    return ItemView(
        id=item.pk,
        kind=item.kind,
        title=item.title,
        url=link_for(item, channel),
        summary=item.summary,
        published_at=item.published_at,
        language=item.language,
        topics=tuple(topic.name_zh if chinese else topic.name_en for topic in topics),
        tags=tuple(tag_of(topic, chinese=chinese) for topic in topics),
        image_url=item.image_url,
        image_alt=item.image_alt,
        body=item.body_text,
    )


def topics_of(item: Item) -> list[Topic]:
    """What the item is about: accepted topics first, then suggestions that nobody declined, the surest first."""
    rows = ItemTopic.objects.filter(item=item, topic__retired=False).exclude(state=ItemTopic.State.DECLINED)
    ordered = sorted(
        rows.select_related("topic"),
        key=lambda row: (row.state != ItemTopic.State.ACCEPTED, -row.score, row.topic.position, row.topic_id),
    )
    return [row.topic for row in ordered]


def tag_of(topic: Topic, *, chinese: bool) -> str:
    """What the topic's hashtag is made of: its own tag, else its name."""
    return (topic.tag_zh or topic.name_zh) if chinese else (topic.tag_en or topic.name_en)


def link_for(item: Item, channel: Channel) -> str:
    """The item's address for readers in the channel's region, else its own."""
    return str((channel.region and item.links.get(channel.region)) or item.url)[:2000]
