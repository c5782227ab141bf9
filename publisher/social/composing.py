"""The text of a post as its channel's template makes it, measured by its network. A failure holds this post only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from publisher.core.marking import gettext_noop
from publisher.items.languages import primary
from publisher.items.models import Item, ItemTopic, Topic
from publisher.render.failure import TEMPLATE_ERRORS, TemplateFailure
from publisher.render.social import Splitter, render_snippet
from publisher.render.trial import snippet_problem
from publisher.render.views import ItemView
from publisher.social import links, threads
from publisher.social.accounts import measured_as
from publisher.social.media.shown import Shown
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.networks.base import Account, Measuring

LONGEST_TEXT = 20_000
"""Characters of an item's body that a template may use: more than any thread holds."""


@dataclass(frozen=True)
class Draft:
    """The texts of a post's parts and its pictures; `problem` says why it cannot leave as it is, else is empty. `line` is that of
    the template that is to blame, from 1; 0: none."""

    texts: tuple[str, ...]
    problem: str = ""
    pictures: tuple[Shown, ...] = ()
    line: int = 0


def compose(item: Item, channel: Channel, topics: Sequence[Topic]) -> Draft:
    """Render and measure. What fails (a template with its line, an unknown network) is told in `problem`, never raised."""
    try:
        network = registry.get(channel.network)
    except registry.NoSuchNetwork as error:
        return Draft((), error.message)
    try:
        account = measured_as(channel)
        snippet = render_snippet(
            network.name,
            view_of(item, channel, topics),
            limits=network.rules(account),
            measure=network.measure,
            channel_template=channel.template or None,
            most_hashtags=channel.hashtags,
            split=_splitter(channel, network, account),
        )
    except TemplateFailure as failure:
        return Draft(
            (), gettext_noop("The template failed: %(failure)s") % {"failure": failure}, line=failure.line
        )
    except TEMPLATE_ERRORS as error:
        return Draft(
            (),
            gettext_noop("%(label)s could not measure the text: %(error)s")
            % {"label": network.label, "error": error or type(error).__name__},
        )
    problem = (
        ""
        if snippet.fits
        else gettext_noop("The text does not fit %(label)s: %(why)s.")
        % {"label": network.label, "why": snippet.why}
    )
    return Draft(snippet.texts, problem)


def _splitter(channel: Channel, network: Measuring[Any], account: Account) -> Splitter | None:
    """How a long text becomes a thread on this channel; None: it never does."""
    if channel.thread_messages < 2 or not threads.takes_threads(network, account):
        return None
    rules = network.rules(account)

    @cache  # for this post: while its text is shortened, the first messages come again and again
    def fits(text: str) -> bool:
        return network.measure(text, rules).fits

    return partial(
        threads.split,
        fits=fits,
        most=channel.thread_messages,
        numbered=channel.thread_numbers,
    )


def template_problem(channel: Channel) -> TemplateFailure | None:
    """What is wrong with the channel's own template, tried with sample items; None when nothing is, or it has none."""
    if not channel.template:
        return None
    network = registry.get(channel.network)
    return snippet_problem(
        network.name,
        channel.template,
        language=channel.language,
        limits=network.rules(measured_as(channel)),
        measure=network.measure,
    )


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
        topics=tuple(topic.named_in(item.language)[0] for topic in topics),
        tags=tuple(tag_of(topic, chinese=chinese) for topic in topics),
        image_url=item.image_url,
        image_alt=item.image_alt,
        text=item.body_text[:LONGEST_TEXT],
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
    """The item's address for readers in the channel's region, else its own; with the channel's UTM parameters."""
    url = links.of_region(item.url, item.links, channel.region)
    rule = links.rule_of(channel.utm)
    if rule is None:
        return url
    values = links.values_of(
        channel=channel.name,
        network=channel.network,
        kind=item.kind,
        language=item.language,
        published_at=item.published_at,
    )
    return links.with_utm(url, rule, values)
