"""The newest edition of a digest that went out, as one choice would have got it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, QuerySet

from publisher.audience.models import Selection
from publisher.digests.matching import variant_for
from publisher.digests.models import MOST_POSITIONS, Digest, Edition, Variant
from publisher.items.languages import primary
from publisher.items.visibility import visible_q
from publisher.review import uncleared


def latest_variant(digest: Digest, selection: Selection, *, now: datetime) -> Variant | None:
    """What this choice received of the newest edition that was sent to everybody, else the fullest in its language. None: there
    is none, or each shows something that was withdrawn or is not public by now. Whoever had it keeps it; nobody gets it anew."""
    edition = (
        Edition.objects.filter(
            digest=digest, state=Edition.State.SENT, number__isnull=False, segment__isnull=True
        )
        .order_by("-due_at")
        .first()
    )
    if edition is None:
        return None
    rendered = _public(edition, now).filter(retired=False).exclude(html="")
    own = variant_for(edition, selection)
    found = rendered.filter(pk=own.pk).first() if own else None
    return found or rendered.filter(language=primary(selection.language)).order_by("-mask").first()


def _public(edition: Edition, now: datetime) -> QuerySet[Variant]:
    """Its renderings all of whose items everybody may see."""
    waiting = uncleared.open_rows().order_by().values("item_id")
    items = edition.edition_items.filter(visible_q(now, "item__")).exclude(item__in=waiting)
    shown = sum(1 << position for position in items.values_list("position", flat=True))
    others = ~shown & ((1 << MOST_POSITIONS) - 1)
    rows = edition.variants.select_related("edition").annotate(hidden=F("mask").bitand(others))
    return rows.filter(hidden=0)
