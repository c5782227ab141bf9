"""Which editions hold an item that waits for a clearance. Such an edition waits as a whole: it is not let go, and none of its
mail is claimed. Tests of it leave, so that staff, and whoever clears, can look at it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.digests.models import Edition, EditionItem
from publisher.digests.paused import OPEN
from publisher.review import texts, uncleared
from publisher.review.models import Kind
from publisher.review.texts import HELD
from publisher.review.uncleared import IS_UNCLEARED
from publisher.review.uncleared import Open as OpenTag

HOLDS_UNCLEARED: Final = f"""(EXISTS (
    SELECT 1 FROM digests_editionitem held JOIN items_item i ON i.id = held.item_id
    WHERE held.edition_id = e.id AND {IS_UNCLEARED}
) OR {HELD})"""  # noqa: S608 - text of ours
"""Whether the edition `e` holds an item that waits for a clearance (at most 62 items, found by its index), or says something
itself that does."""

WAITING = f"SELECT e.id FROM digests_edition e WHERE e.state = ANY(%(states)s) AND {HOLDS_UNCLEARED}"  # noqa: S608 - text of ours


def of_editions(edition_ids: Collection[int]) -> dict[int, list[OpenTag]]:
    """What each of these editions waits for; one that waits for nothing is not among the keys."""
    held = EditionItem.objects.filter(edition_id__in=list(edition_ids)).order_by("edition_id", "position")
    pairs = list(held.values_list("edition_id", "item_id"))
    open_tags = uncleared.of_items({item_id for _edition, item_id in pairs})
    found: dict[int, list[OpenTag]] = {}
    for edition_id, item_id in pairs:
        if item_id in open_tags:
            found.setdefault(edition_id, []).extend(open_tags[item_id])
    for edition_id, tags in texts.open_of(Kind.EDITION, edition_ids).items():
        found.setdefault(edition_id, []).extend(tags)
    return found


def waiting() -> set[int]:
    """Ids of the editions that have not ended and wait for a clearance."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"states": OPEN})
        return {row[0] for row in cursor.fetchall()}


def check_may_go(edition: Edition) -> None:
    """Raises `UserError` while it holds an item that waits for a clearance: which item, which tag, which role."""
    open_tags = of_editions([edition.pk]).get(edition.pk, [])
    if open_tags:
        raise UserError(
            _("%(edition)s cannot go out: %(waits)s.")
            % {"edition": edition, "waits": "; ".join(map(str, open_tags))},
            _("It can be let go once that is cleared, or left out."),
        )
