"""Topics by their slugs, as people name them in files and on the command line."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.items.models import Topic


def ids_of(slugs: Collection[str]) -> list[int]:
    """The topics' ids, in order. Raises `UserError` that names those that there are not."""
    known = dict(Topic.objects.filter(slug__in=slugs).values_list("slug", "id"))
    missing = sorted(set(slugs) - known.keys())
    if missing:
        raise UserError(
            _("There is no topic %(missing)s.") % {"missing": ", ".join(missing)},
            _("config/topics.yaml lists them."),
        )
    return sorted(known.values())


def slugs_of(ids: Collection[int]) -> list[str]:
    """The slugs of topics, in order; an id that is none is left out."""
    return sorted(Topic.objects.filter(pk__in=ids).values_list("slug", flat=True)) if ids else []
