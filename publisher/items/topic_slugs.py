"""Topics by their slugs, as people name them in files and on the command line."""

from __future__ import annotations

from collections.abc import Collection

from publisher.core.errors import UserError
from publisher.items.models import Topic


def ids_of(slugs: Collection[str]) -> list[int]:
    """The topics' ids, in order. Raises `UserError` that names those that there are not."""
    known = dict(Topic.objects.filter(slug__in=slugs).values_list("slug", "id"))
    missing = sorted(set(slugs) - known.keys())
    if missing:
        raise UserError(f"There is no topic {', '.join(missing)}.", "config/topics.yaml lists them.")
    return sorted(known.values())
