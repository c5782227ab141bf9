"""What a subscriber may choose, in its one written form: equal choices are one `Selection` row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from publisher.audience.models import Selection

# In the order of the keys, so that two who add the same choices do not wait for each other in a circle.
_ADD = """
INSERT INTO audience_selection (key, topics, kinds, language, region)
SELECT c.key, c.topics::bigint[], c.kinds::varchar[], c.language, c.region
FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[]) AS c (key, topics, kinds, language, region)
ORDER BY c.key
ON CONFLICT (key) DO NOTHING
"""


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

    def key(self) -> bytes:
        """SHA-256 of the canonical JSON."""
        written = json.dumps([self.topics, self.kinds, self.language, self.region], separators=(",", ":"))
        return hashlib.sha256(written.encode()).digest()


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


def selections_for(choices: Iterable[Choice]) -> dict[Choice, int]:
    """Ids of the rows of many choices, made on first use, in two statements."""
    by_key = {choice.key(): choice for choice in choices}
    if not by_key:
        return {}
    rows = [
        (
            key,
            _array(each.topics),
            _array(each.kinds),
            each.language,
            each.region,
        )
        for key, each in by_key.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])
        cursor.execute("SELECT key, id FROM audience_selection WHERE key = ANY(%s)", [list(by_key)])
        return {by_key[bytes(key)]: pk for key, pk in cursor.fetchall()}


def _array(values: Iterable[object]) -> str:
    """As PostgreSQL writes arrays; ids and names of kinds need no quotes."""
    return "{" + ",".join(map(str, values)) + "}"
