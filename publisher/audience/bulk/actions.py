"""The table of deeds: what each needs to know, and which statements do it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publisher.audience.bulk import deeds
from publisher.audience.models import Bulk

Action = Bulk.Action


@dataclass(frozen=True)
class Deed:
    """`does` are run for each batch, in this order; `undoes` answers a row for each whom it touched."""

    does: tuple[str, ...]
    undoes: str


DEEDS: Mapping[str, Deed] = {
    Action.TAG: Deed((deeds.TAG,), deeds.UNDO_TAG),
    Action.UNTAG: Deed((deeds.UNTAG,), deeds.UNDO_UNTAG),
    Action.SET: Deed((deeds.SET,), deeds.UNDO_SET),
    Action.UNSUBSCRIBE: Deed((deeds.UNSUBSCRIBE, deeds.LEFT), deeds.UNDO_UNSUBSCRIBE),
    Action.SUBSCRIBE: Deed((deeds.SUBSCRIBE,), deeds.UNDO_SUBSCRIBE),
    Action.SUPPRESS: Deed((deeds.SUPPRESS,), deeds.UNDO_SUPPRESS),
}


def values_of(bulk: Bulk) -> dict[str, Any]:
    """What the statements of a deed are filled with, but for the batch and the moment."""
    given = bulk.given
    return {
        "bulk": bulk.pk,
        "at": bulk.at,
        "tag": given.get("tag"),
        "attribute": given.get("attribute"),
        "value": None if given.get("value") is None else json.dumps(given["value"]),
        "digest": given.get("digest"),
        "selection": given.get("selection"),
        "how": str(given.get("how", ""))[:200],
        "undoing": f"bulk action {bulk.pk} was undone",
    }
