"""An edition that went out by the usual way, with its links counted or not."""

from __future__ import annotations

from typing import Any

from publisher.delivery.enqueue import assemble
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.desk.builders import an_edition


def a_counted_edition(
    counting: str,
    *,
    items: list[Item] | None = None,
    readers: int = 1,
    digest: Digest | None = None,
    **given: Any,
) -> Edition:
    """Assembled; in `sending`, and let go."""
    if digest is None:
        digest = a_digest(counting=counting, **given)
        for _ in range(readers):
            a_subscriber(digest, name="Ilse")
    edition = an_edition(
        digest,
        items=items if items is not None else [an_item()],
        state="assembling",
        assembled_at=None,
        after_assembly="waiting" if digest.needs_approval else "sending",
    )
    assemble(edition.pk, now=NOON)
    return Edition.objects.select_related("digest").get(pk=edition.pk)
