"""Which digests anybody may sign up for, and what may be chosen of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from publisher.digests.models import Digest
from publisher.items.languages import primary
from publisher.items.models import Kind, Topic

HEADINGS: Final = {"sdg": "topics_goals", "agency": "topics_agencies"}
OTHERS: Final = "topics_other"
"""Words of the pages, by kind of topic."""


def open_digests() -> list[Digest]:
    """By their short names."""
    return list(Digest.objects.filter(open_to_all=True, enabled=True).order_by("slug"))


def contact(digests: Sequence[Digest]) -> str:
    """To whom somebody writes for whom the form does not work; "" without a digest."""
    return next((each.reply_to or each.from_address for each in digests), "")


def kinds_of(digests: Sequence[Digest]) -> list[str]:
    """The kinds of items that one of them has."""
    if any(not each.kinds for each in digests):
        return list(Kind.values)
    return [kind for kind in Kind.values if any(kind in each.kinds for each in digests)]


def topics_of(digests: Sequence[Digest]) -> list[Topic]:
    """The topics that one of them is about."""
    rows = Topic.objects.filter(retired=False)
    if any(not each.topics for each in digests):
        return list(rows)
    return list(rows.filter(pk__in={pk for each in digests for pk in each.topics}))


def topic_groups(topics: Sequence[Topic], language: str) -> list[tuple[str, list[tuple[int, str, str]]]]:
    """These topics by what they are: the key of each group's heading, with id, name, and language of the name of each topic."""
    groups: dict[str, list[tuple[int, str, str]]] = {heading: [] for heading in (*HEADINGS.values(), OTHERS)}
    for topic in topics:
        groups[HEADINGS.get(topic.kind, OTHERS)].append((topic.pk, *topic.named_in(language)))
    return [(heading, rows) for heading, rows in groups.items() if rows]


def languages_of(digests: Sequence[Digest]) -> list[str]:
    """The languages that one of them comes in (BCP 47), each once."""
    found: dict[str, str] = {}
    for tag in (tag for each in digests for tag in each.languages):
        found.setdefault(primary(tag), tag)
    return list(found.values())


def language_in(digest: Digest, wanted: str) -> str:
    """The language of a digest that is nearest to the one wanted: itself, its base, the digest's first."""
    near = [tag for tag in digest.languages if tag == wanted] or [
        tag for tag in digest.languages if primary(tag) == primary(wanted)
    ]
    return next(iter([*near, *digest.languages]), "en")
