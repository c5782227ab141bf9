"""What one reader receives of an edition. The database computes the same for all at once (`assembling.GROUP`); a test holds
the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable

from publisher.audience.models import Selection
from publisher.digests.models import Edition, EditionItem, Variant
from publisher.items.languages import primary


def variant_for(edition: Edition, selection: Selection) -> Variant | None:
    """The rendering that this choice receives; None when it matches nothing, or nobody had received that yet."""
    entries = list(edition.edition_items.select_related("item"))
    mask = mask_of(selection, entries)
    linked = any(selection.region in entry.item.links for entry in entries if mask >> entry.position & 1)
    region = selection.region if selection.region and linked else ""
    found = edition.variants.filter(
        mask=mask, language=primary(selection.language), region=region, retired=False
    )
    return found.select_related("edition").first() if mask else None


def mask_of(selection: Selection, entries: Iterable[EditionItem]) -> int:
    """Bit n is set when the item at position n is in the reader's language and of what was chosen. Pure."""
    return sum(1 << entry.position for entry in entries if _matches(selection, entry))


def _matches(selection: Selection, entry: EditionItem) -> bool:
    return (
        primary(entry.item.language) == primary(selection.language)
        and (not selection.kinds or entry.item.kind in selection.kinds)
        and (not selection.topics or not set(selection.topics).isdisjoint(entry.topics))
    )
