"""Items to try a template on: the newest, and those at which templates mostly fail. `chosen` is pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models.functions import Length
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publisher.items.languages import primary
from publisher.items.models import Item
from publisher.items.visibility import visible
from publisher.render.trial import SAMPLES
from publisher.social.models import Channel

LOOKED_AT: Final = 500
"""So many of the newest items are looked through."""

NEWEST, SHORTEST, LONGEST = _("The newest"), _("The shortest"), _("The longest")
CHOSEN = _("The chosen item")
CHINESE, WITHOUT_PICTURE, MADE_UP = _("In Chinese"), _("Without a picture"), _("An example")


@dataclass(frozen=True)
class Fact:
    """What of an item decides whether it is tried. `length` is that of title and summary."""

    id: int
    length: int
    language: str
    has_picture: bool


@dataclass(frozen=True)
class Sample:
    """An item to try a template on, and why this one."""

    why: str | Promise
    item: Item


def samples_or(item_id: int | None, channel: Channel, *, now: datetime) -> list[Sample]:
    """The item of this id alone, if the public may see it; else `samples`."""
    if item_id is not None and (item := visible(now).select_related("source").filter(pk=item_id).first()):
        return [Sample(CHOSEN, item)]
    return samples(channel, now=now)


def samples(channel: Channel, *, now: datetime) -> list[Sample]:
    """Items as the channel gets them, each once; two made-up ones while there are no items."""
    rows = visible(now).order_by("-pk")
    facts = [
        Fact(pk, length, language, bool(picture))
        for pk, length, language, picture in rows.annotate(
            length=Length("title") + Length("summary")
        ).values_list("pk", "length", "language", "image_url")[:LOOKED_AT]
    ]
    if not facts:
        return [Sample(MADE_UP, _made_up(number, channel)) for number in range(len(SAMPLES))]
    picked = chosen(facts, language=channel.language)
    items = Item.objects.select_related("source").in_bulk([pk for pk, _whys in picked])
    return [Sample(" · ".join(map(str, whys)), items[pk]) for pk, whys in picked if pk in items]


def chosen(facts: Sequence[Fact], *, language: str) -> list[tuple[int, list[Promise]]]:
    """Ids and why, from facts that are newest first. The channel's language goes first; a Chinese one is there in any case."""
    own = [fact for fact in facts if primary(fact.language) == primary(language)] or list(facts)
    chinese = [fact for fact in facts if primary(fact.language) == "zh"]
    bare = [fact for fact in own if not fact.has_picture]
    wanted = (
        (own[:1], NEWEST),
        (sorted(own, key=lambda fact: fact.length)[:1], SHORTEST),
        (sorted(own, key=lambda fact: -fact.length)[:1], LONGEST),
        (chinese[:1], CHINESE),
        (bare[:1], WITHOUT_PICTURE),
    )
    found: dict[int, list[Promise]] = {}
    for facts_of, why in wanted:
        for fact in facts_of:
            found.setdefault(fact.id, []).append(why)
    return list(found.items())


def _made_up(number: int, channel: Channel) -> Item:
    """An item that is in no database."""
    view = SAMPLES[number]
    return Item(
        kind=view.kind,
        title=view.title,
        url=view.url,
        summary=view.summary,
        published_at=view.published_at,
        language=channel.language,
        image_url=view.image_url,
        image_alt=view.image_alt,
        body_text="",
        links={},
    )
