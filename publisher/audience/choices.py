"""What a subscriber may choose, in its one written form: equal choices are one `Selection` row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from publisher.audience.models import Selection

encoded: Callable[[object], str] = json.JSONEncoder(separators=(",", ":")).encode
"""JSON as choices are written: without blanks, ASCII only."""


@dataclass(frozen=True)
class Choice:
    """Topics (ids) and kinds, sorted; empty means all. `language` is BCP 47, `region` an upper-case country code or empty."""

    topics: tuple[int, ...]
    kinds: tuple[str, ...]
    language: str
    region: str = ""

    @classmethod
    def of(
        cls, *, topics: Iterable[int] = (), kinds: Iterable[str] = (), language: str, region: str = ""
    ) -> Choice:
        return cls(tuple(sorted(set(topics))), tuple(sorted(set(kinds))), language, region.upper())

    def written(self) -> str:
        """The canonical JSON."""
        return encoded([self.topics, self.kinds, self.language, self.region])

    def key(self) -> bytes:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.written().encode()).digest()


def selection_for(choice: Choice) -> Selection:
    """The row of this choice, made on first use; safe when two make it at once."""
    selection, _created = Selection.objects.get_or_create(
        key=choice.key(),
        defaults={
            "topics": list(choice.topics),
            "kinds": list(choice.kinds),
            "language": choice.language,
            "region": choice.region,
        },
    )
    return selection
