"""The order of an edition's items, and what a person does to it. Pure: item ids in, item ids out.

Readers of one language see the items of that language only. So items stand together by language, in the order in which the
digest lists its languages, and a move changes the places of two items of one language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from publisher.items.languages import primary


@dataclass(frozen=True)
class Arrangement:
    """What an edition holds, in order, and what was taken out. No id stands twice."""

    order: tuple[int, ...]
    left_out: tuple[int, ...] = ()


def leave_out(now: Arrangement, item: int) -> Arrangement:
    """Without the item, which can be put back."""
    if item not in now.order:
        return now
    return Arrangement(tuple(each for each in now.order if each != item), (*now.left_out, item))


def put_in(now: Arrangement, item: int) -> Arrangement:
    """With the item at the end, whether it was taken out or was never in it."""
    if item in now.order:
        return now
    return Arrangement((*now.order, item), tuple(each for each in now.left_out if each != item))


def move(now: Arrangement, item: int, steps: int, languages: Mapping[int, str]) -> Arrangement:
    """The item so many places on (back when negative) among those of its language, as far as there are places."""
    peers = [each for each in now.order if languages[each] == languages.get(item)]
    if item not in peers:
        return now
    at = peers.index(item)
    to = min(max(at + steps, 0), len(peers) - 1)
    peers.insert(to, peers.pop(at))
    following = iter(peers)
    order = [next(following) if languages[each] == languages[item] else each for each in now.order]
    return replace(now, order=tuple(order))


def in_order(now: Arrangement, order: Iterable[int]) -> Arrangement:
    """The same items in this order; ids that it does not hold are passed over, and what is not named stands at the end."""
    named = [item for item in dict.fromkeys(order) if item in now.order]
    rest = [item for item in now.order if item not in named]
    return replace(now, order=(*named, *rest))


def by_language(order: Sequence[int], languages: Mapping[int, str], spoken: Sequence[str]) -> tuple[int, ...]:
    """The items with those of one language together, as the digest lists its languages (`spoken`, BCP 47)."""
    places = {tag: n for n, tag in reversed(list(enumerate(map(primary, spoken))))}
    return tuple(sorted(order, key=lambda item: places.get(languages[item], len(places))))
