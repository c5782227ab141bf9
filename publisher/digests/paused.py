"""Which editions stand behind a pause: those that hold an item which it covers. Such an edition waits as a whole: it is not
approved, and none of its mail is claimed. Tests of it leave, so that staff can look at it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.core.models import Pause
from publisher.digests.models import Edition
from publisher.items.paused import COVERS_ITEM, THIS_PAUSE, named_by

S = Edition.State

COVERS_EDITION: Final = f"""EXISTS (
    SELECT 1 FROM digests_editionitem held JOIN items_item i ON i.id = held.item_id
    WHERE held.edition_id = e.id AND (pause.topic_id = ANY(held.topics) OR {COVERS_ITEM})
)"""  # noqa: S608 - text of ours
"""Whether `pause` (of core_pause) covers the edition `e`. A topic counts as it was when the items were chosen, or as it is now.
An edition has at most 62 items, found by its index."""

IS_PAUSED: Final = f"EXISTS (SELECT 1 FROM core_pause pause WHERE {COVERS_EDITION})"  # noqa: S608 - text of ours

PAUSES_OF = f"""
SELECT e.id, pause.id FROM core_pause pause CROSS JOIN digests_edition e
WHERE e.id = ANY(%(editions)s) AND {COVERS_EDITION} ORDER BY pause.since, pause.id
"""  # noqa: S608 - text of ours
# Of the editions that are not over: a handful.
BEHIND = f"""
SELECT e.id FROM {THIS_PAUSE} CROSS JOIN digests_edition e
WHERE e.state = ANY(%(states)s) AND {COVERS_EDITION} ORDER BY e.due_at, e.id
"""  # noqa: S608 - text of ours
OPEN = [S.ASSEMBLING.value, S.BLOCKED.value, S.WAITING.value, S.SENDING.value, S.PAUSED.value]


def of_editions(edition_ids: Collection[int]) -> dict[int, list[Pause]]:
    """The pauses that cover each of these editions; one that none covers is not among the keys."""
    standing = Pause.objects.in_bulk()
    found: dict[int, list[Pause]] = {}
    if not standing or not edition_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(PAUSES_OF, {"editions": list(edition_ids)})
        for edition_id, pause_id in cursor.fetchall():
            if pause_id in standing:
                found.setdefault(edition_id, []).append(standing[pause_id])
    return found


def behind(pause: Pause) -> list[int]:
    """Ids of the editions that have not ended and that a pause covers, or would cover if it stood."""
    with connection.cursor() as cursor:
        cursor.execute(BEHIND, {**named_by(pause), "states": OPEN})
        return [row[0] for row in cursor.fetchall()]


def check_may_go(edition: Edition) -> None:
    """Raises `UserError` while a pause covers the edition: nobody approves what is to wait."""
    pauses = of_editions([edition.pk]).get(edition.pk, [])
    if pauses:
        raise UserError(
            _("%(edition)s holds items that are paused (%(value)s: %(reason)s).")
            % {"edition": edition, "value": pauses[0], "reason": pauses[0].reason.rstrip(".")},
            _("Release the pause first, or cancel the edition."),
        )
