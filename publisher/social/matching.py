"""Which channels an item is drafted for. Pure; `drafting.py` reads the rows and asks here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from publisher.items.languages import primary


@dataclass(frozen=True)
class Facts:
    """What of an item decides. `topics` are the ids of those accepted, or suggested and not declined; `age` is that
    at which it came in."""

    language: str
    kind: str
    topics: frozenset[int]
    age: timedelta = timedelta()
    source_enabled: bool = True


@dataclass(frozen=True)
class Wants:
    """What a channel takes. Empty `kinds` or `topics`: all."""

    language: str
    kinds: frozenset[str] = frozenset()
    topics: frozenset[int] = frozenset()
    max_age: timedelta = timedelta.max
    enabled: bool = True


def matches(wants: Wants, facts: Facts) -> bool:
    """Whether an item goes to a channel. Languages agree by their first part: `zh-Hans` goes to `zh-CN`."""
    return (
        wants.enabled
        and facts.source_enabled
        and primary(wants.language) == primary(facts.language)
        and facts.age <= wants.max_age
        and (not wants.kinds or facts.kind in wants.kinds)
        and (not wants.topics or bool(wants.topics & facts.topics))
    )
