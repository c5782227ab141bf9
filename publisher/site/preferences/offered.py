"""What a reader finds on their page: their newsletters, those that they could add, and what may be chosen in the lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from babel import Locale
from babel.core import get_global
from babel.dates import format_timedelta
from django.http import HttpRequest

from publisher.audience import pauses
from publisher.audience.models import Selection, Subscriber, Subscription
from publisher.audience.regions import countries
from publisher.audience.subscriptions import LIVE
from publisher.audience.tokens import Link
from publisher.digests.models import Digest
from publisher.items.models import Kind, Topic
from publisher.render.words import kind_label
from publisher.site.page import reader_language
from publisher.site.sign_up.offered import kinds_of, language_in, topics_of
from publisher.site.words import LANGUAGE_NAMES, WORDS, spoken

RHYTHMS: Final = ("each", "daily", "weekly", "monthly")
"""In the order in which they are shown."""


@dataclass
class Chosen:
    """What stands in the fields of one newsletter: as it is stored, or as it was typed."""

    language: str
    kinds: Sequence[str] = ()
    topics: Sequence[int] = ()
    region: str = ""
    rhythm: int = 0
    leave: bool = False
    add: bool = False


@dataclass
class Card:
    """One newsletter. `mine`: the reader has it. `kin`: the digests of its family, itself among them, that may be had instead."""

    digest: Digest
    chosen: Chosen
    mine: bool
    is_open: bool
    kin: Sequence[Digest]
    kinds: Sequence[str]
    topics: Sequence[Topic]
    errors: dict[str, str] = field(default_factory=dict)


def cards(subscriber: Subscriber, *, named: int, language: str) -> list[Card]:
    """Theirs first, the one that the link names (`named`) at the top; then those open to all of which they have no rhythm. The
    one that is named is open: who has left it by mistake finds it there."""
    rows = subscriber.subscriptions.select_related("selection").filter(state__in=LIVE).order_by("pk")
    mine = {row.digest_id: row for row in rows}
    known = Digest.objects.in_bulk(list(mine))
    found = [
        _of_mine(known[pk], row, is_open=pk == named or len(mine) == 1)
        for pk, row in sorted(mine.items(), key=lambda each: (each[0] != named, each[0]))
        if pk in known
    ]
    families = {card.digest.family for card in found} - {""}
    for digest in Digest.objects.filter(open_to_all=True, enabled=True).order_by("slug"):
        if digest.pk in mine or digest.family in families:
            continue
        families |= {digest.family} - {""}
        chosen = Chosen(language_in(digest, language), rhythm=digest.pk)
        found.append(_card(digest, chosen, mine=False, is_open=digest.pk == named))
    return found


def _of_mine(digest: Digest, row: Subscription, *, is_open: bool) -> Card:
    selection = row.selection
    chosen = Chosen(
        language_in(digest, selection.language),
        list(selection.kinds),
        list(selection.topics),
        selection.region,
        digest.pk,
    )
    return _card(digest, chosen, mine=True, is_open=is_open)


def _card(digest: Digest, chosen: Chosen, *, mine: bool, is_open: bool) -> Card:
    kin = [digest]
    if digest.family:
        others = Digest.objects.filter(family=digest.family, enabled=True, layout=Digest.Layout.DIGEST)
        if not mine:
            others = others.filter(open_to_all=True)
        kin = sorted({digest, *others}, key=lambda each: RHYTHMS.index(each.rhythm))
    return Card(digest, chosen, mine, is_open, kin, kinds_of([digest]), topics_of([digest]))


def subscribed_language(subscriber: Subscriber, digest_id: int) -> str:
    """The language of a subscription, ended or not, else of any that they have; "" without one."""
    rows = Selection.objects.filter(subscription__subscriber=subscriber)
    own = rows.filter(subscription__digest_id=digest_id).first()
    found = own or rows.filter(subscription__state__in=LIVE).first()
    return found.language if found else ""


def language_of(request: HttpRequest, subscriber: Subscriber, link: Link) -> str:
    """That which was asked for, else of the subscription that their link names, else of the browser."""
    return reader_language(request, subscribed_language(subscriber, link.target_id))


def languages(digest: Digest) -> list[tuple[str, str]]:
    """The tags of a digest, each with what its language calls itself."""
    return [(tag, LANGUAGE_NAMES.get(spoken_tag(tag), tag)) for tag in digest.languages]


def spoken_tag(tag: str) -> str:
    """The language alone of a tag: `zh` of `zh-Hans`."""
    return tag.lower().partition("-")[0]


def kind_names(kinds: Iterable[str], language: str) -> list[tuple[str, str]]:
    return [(kind, kind_label(kind, language)) for kind in kinds if kind in Kind.values]


def rhythms(card: Card, language: str) -> list[tuple[int, str]]:
    """The digests that a reader may have in the place of this one, by how often they come; empty when there is one only."""
    words = WORDS[spoken(language)]
    if len(card.kin) < 2:
        return []
    return [(each.pk, words[f"rhythm_{each.rhythm}"]) for each in card.kin]


def regions(language: str) -> list[tuple[str, str]]:
    """Countries by their names in a language."""
    names = locale(language).territories
    return sorted(((code, str(names.get(code, code))) for code in countries()), key=lambda each: each[1])


def zones() -> dict[str, list[str]]:
    """IANA names of places by their part of the world."""
    found: dict[str, list[str]] = {}
    for name in sorted(get_global("zone_territories")):
        area, slash, _place = name.partition("/")
        if slash and area != "Etc":
            found.setdefault(area, []).append(name)
    return found


def weeks(language: str) -> list[tuple[int, str]]:
    """For how long mail may be paused."""
    return [
        (n, format_timedelta(timedelta(weeks=n), granularity="week", threshold=999, locale=locale(language)))
        for n in pauses.WEEKS
    ]


def locale(language: str) -> Locale:
    """How Babel writes in a language of the pages."""
    code = spoken(language)
    return Locale.parse("zh_Hans" if code == "zh" else code)
