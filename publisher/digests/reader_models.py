"""Who gets what of an edition, while it is open: the variant of each selection, and the readers of one that is narrowed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class EditionSelection(models.Model):
    """Which variant a distinct selection receives in an edition: the bridge from subscribers to renderings.

    Up to a million rows an edition, written by one statement and forgotten when it ends: so it has the one index that claims
    need, and no foreign keys in the database, whose checks would cost more than the rows.
    """

    edition = models.ForeignKey(
        "digests.Edition", on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    selection_id = models.BigIntegerField()
    variant = models.ForeignKey(
        "digests.Variant", on_delete=models.CASCADE, db_index=False, db_constraint=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "selection_id"], name="edition_selection_once")
        ]


class EditionReader(models.Model):
    """A subscriber of the digest who was in the edition's segment when it was assembled (`readers.py`).

    Up to a million rows an edition, written by one statement and forgotten when it ends; of other editions there are none.
    """

    edition = models.ForeignKey(
        "digests.Edition", on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    subscriber_id = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "subscriber_id"], name="edition_reader_once")
        ]
