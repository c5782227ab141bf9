"""What is known of people, table by table: docs/privacy.md is written from it, and a test compares it with the models.

A new table stands either in `KNOWN`, or in `WITHOUT` with the names of its fields that could hold something of a person and do
not. A new field is added to its row. Who adds one thinks here of its purpose, its time, and who may read it.
"""

from __future__ import annotations

from typing import Final

from publisher.retention.known.besides import BESIDES, WITHOUT
from publisher.retention.known.lists import LISTS
from publisher.retention.known.mail import MAIL
from publisher.retention.known.readers import READERS
from publisher.retention.known.row import Known
from publisher.retention.known.staff import STAFF

__all__ = ["BESIDES", "GROUPS", "KNOWN", "WITHOUT"]

GROUPS: Final[tuple[tuple[str, dict[str, Known]], ...]] = (
    ("Readers", READERS),
    ("Lists of readers", LISTS),
    ("Mail and what came back", MAIL),
    ("Staff, and persons in what is published", STAFF),
)
KNOWN: Final[dict[str, Known]] = READERS | LISTS | MAIL | STAFF
