"""From what was typed on the page to what is saved. What cannot be is marked; nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from django.http.request import QueryDict

from publisher.audience import pauses
from publisher.audience.choices import Choice
from publisher.audience.preferences import Wish, Wishes
from publisher.audience.regions import region_code
from publisher.core.numbers import number_in
from publisher.site.preferences.offered import Card, Chosen
from publisher.site.sign_up.offered import language_in


@dataclass
class Typed:
    """`zone` and `pause` as they were typed, with their errors; `wishes` is None when anything is to be mended."""

    zone: str
    pause: str
    errors: dict[str, str]
    wishes: Wishes | None


def read(data: QueryDict, cards: Sequence[Card], *, zone: str) -> Typed:
    """Puts what was typed into the cards that the page had shown, and their errors. `zone`: the reader's own until now.

    A newsletter that has come since the page was opened is left alone. What a digest does not offer is left out quietly.
    """
    shown = set(data.getlist("shown"))
    kept: dict[int, Wish] = {}
    added: dict[int, Choice] = {}
    for card in cards:
        if str(card.digest.pk) not in shown:
            continue
        _take(data, card)
        if card.mine and not card.errors:
            wish = Wish(None if card.chosen.leave else _choice(card), card.chosen.rhythm)
            kept[card.digest.pk] = wish
        elif card.chosen.add and not card.errors:
            added[card.chosen.rhythm] = _choice(card)
    typed = Typed(data.get("zone", zone), data.get("pause", ""), {}, None)
    if typed.zone and typed.zone not in available_timezones() and typed.zone != zone:
        typed.errors["zone"] = "choices_bad"
    weeks = number_in(typed.pause) if typed.pause else None
    if typed.pause and weeks not in (0, *pauses.WEEKS):
        typed.errors["pause"] = "choices_bad"
    if not typed.errors and not any(card.errors for card in cards):
        typed.wishes = Wishes(kept, added, typed.zone, weeks)
    return typed


def _take(data: QueryDict, card: Card) -> None:
    """What was typed for one newsletter."""
    pk, before = card.digest.pk, card.chosen
    chosen = card.chosen = Chosen(
        language=data.get(f"language-{pk}", before.language),
        kinds=[kind for kind in card.kinds if kind in data.getlist(f"kind-{pk}")],
        topics=[each.pk for each in card.topics if str(each.pk) in data.getlist(f"topic-{pk}")],
        region=data.get(f"region-{pk}", before.region)[:10],
        rhythm=number_in(data.get(f"rhythm-{pk}", str(before.rhythm))) or 0,
        leave=bool(data.get(f"leave-{pk}")),
        add=bool(data.get(f"add-{pk}")),
    )
    if not (card.mine or chosen.add) or chosen.leave:
        return
    card.is_open = True
    if chosen.language not in card.digest.languages:
        card.errors["language"] = "choose_language"
    if chosen.rhythm not in {each.pk for each in card.kin}:
        card.errors["rhythm"] = "choices_bad"
    if chosen.region and chosen.region != before.region and region_code(chosen.region) is None:
        card.errors["region"] = "choices_bad"


def _choice(card: Card) -> Choice:
    """All ticked is the same as none: everything, and what is new later, too. In the nearest language of the digest chosen."""
    chosen = card.chosen
    digest = next((each for each in card.kin if each.pk == chosen.rhythm), card.digest)
    return Choice.of(
        language=language_in(digest, chosen.language),
        kinds=chosen.kinds if len(chosen.kinds) < len(card.kinds) else (),
        topics=chosen.topics if len(chosen.topics) < len(card.topics) else (),
        region=chosen.region,
    )
