"""Which channels an item is drafted for. Pure; `drafting.py` reads the rows and asks here."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.items.languages import primary


@dataclass(frozen=True)
class Facts:
    """What of an item decides. `topics` are the ids of those accepted, or suggested and not declined."""

    language: str
    kind: str
    topics: frozenset[int]
    source_enabled: bool = True


@dataclass(frozen=True)
class Wants:
    """What a channel takes. Empty `kinds` or `topics`: all."""

    language: str
    kinds: frozenset[str] = frozenset()
    topics: frozenset[int] = frozenset()
    enabled: bool = True


def matches(wants: Wants, facts: Facts) -> bool:
    """Whether an item goes to a channel. Languages agree by their first part: `zh-Hans` goes to `zh-CN`."""
    return (
        wants.enabled
        and facts.source_enabled
        and primary(wants.language) == primary(facts.language)
        and (not wants.kinds or facts.kind in wants.kinds)
        and (not wants.topics or bool(wants.topics & facts.topics))
    )
