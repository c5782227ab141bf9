"""The topics of items as intake stores them: what the producer named is accepted, what words suggest is suggested."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from publisher.items import bulk
from publisher.items.content import Content
from publisher.items.models import Item, ItemTopic, Topic
from publisher.items.suggesting import suggest
from publisher.items.topic_sync import rules
from publisher.items.topics import TopicRule, named_topics

State = ItemTopic.State


@dataclass(frozen=True)
class TopicOf:
    """What an item's newest content says about one topic: `words` and `score` are those of the rule, if it spoke."""

    state: str
    words: tuple[str, ...] = ()
    score: float = 0.0


def topics_of(content: Content, known: Sequence[TopicRule]) -> dict[str, TopicOf]:
    """By slug: the producer's topics and agencies that we know (accepted), and what the words suggest. Pure."""
    text = f"{content.summary}\n{content.body_text}"
    found = {
        each.slug: TopicOf(State.SUGGESTED, each.words, each.score)
        for each in suggest(known, content.title, text)
    }
    for slug in named_topics(known, (*content.topics, *content.agencies)):
        by_words = found.get(slug, TopicOf(State.SUGGESTED))
        found[slug] = TopicOf(State.ACCEPTED, by_words.words, by_words.score)
    return found


def store(items: Sequence[tuple[Item, Content]], *, revised: frozenset[int]) -> None:
    """Write the topics of items that were just stored. Of those in `revised` (ids) the decisions of staff stay."""
    if not items:
        return
    ids = dict(Topic.objects.filter(retired=False).values_list("slug", "id"))
    kept = _clear(revised)
    known = [rule for rule in rules(settings.TOPICS_FILE) if rule.slug in ids]
    bulk.insert(
        [
            ItemTopic(
                item_id=item.pk, topic_id=ids[slug], state=of.state, words=list(of.words), score=of.score
            )
            for item, content in items
            for slug, of in topics_of(content, known).items()
            if ids[slug] not in kept.get(item.pk, ())
        ]
    )


def _clear(revised: frozenset[int]) -> dict[int, set[int]]:
    """Delete what nobody decided; the topics that stay, by item."""
    kept: dict[int, set[int]] = defaultdict(set)
    if revised:
        rows = ItemTopic.objects.filter(item_id__in=revised)
        undecided = rows.filter(decided_by=None).exclude(state=State.DECLINED)
        undecided.delete()
        for item_id, topic_id in rows.values_list("item_id", "topic_id"):
            kept[item_id].add(topic_id)
    return kept
