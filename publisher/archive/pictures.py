"""Pictures of the archive's pages: fetched once by a worker, kept in the store, and served from here.

A page never makes us fetch anything, and never leads a reader to another host. A picture that is not stored yet, or cannot be
had, is not shown.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from publisher.archive.models import Picture
from publisher.core import clock, fetch
from publisher.core.errors import Rejected, Retry
from publisher.digests.models import Edition, EditionItem
from publisher.items.visibility import visible_q
from publisher.social.media import keeping
from publisher.social.media.fetching import ACCEPT
from publisher.social.media.fitting import Fitted, fitted
from publisher.social.models import ItemPicture
from publisher.social.networks.base import PictureLimits

log = logging.getLogger(__name__)

LIMITS: Final = PictureLimits(
    most=1, max_bytes=400_000, max_side=1200, types=frozenset({"image/jpeg", "image/png"})
)
SECONDS: Final = 20.0
WAITS: Final = (
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
)
"""After each failed try; then it is given up."""
CLAIMED_FOR: Final = timedelta(minutes=3)
AT_ONCE: Final = 500


def name_of(url: str) -> str:
    """What a picture is called in our addresses."""
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:32]


def fitted_picture(name: str) -> Fitted | None:
    """The picture as a page shows it; None while it is not stored."""
    row = Picture.objects.filter(name=name).only("stored_id").first()
    try:
        return fitted(row.stored_id, LIMITS) if row and row.stored_id else None
    except (Rejected, Retry):
        return None


def stored(names: Collection[str]) -> dict[str, tuple[int, int]]:
    """Those that can be shown, each with its width and height: a page leaves the room before it has the picture."""
    rows = Picture.objects.filter(name__in=list(names), stored__isnull=False)
    found = rows.values_list("name", "stored__width", "stored__height")
    return {name: (width, height) for name, width, height in found}


def fetch_due(*, now: datetime, seconds: float) -> int:
    """Learn which pictures archived editions need, and fetch those that are due, for about `seconds`; how many were stored."""
    _learn(now)
    at, until, kept = clock.Anchored(now), now + timedelta(seconds=seconds), 0
    while (moment := at()) < until and (row := _claim(moment)):
        kept += _fetch(row, at)
    return kept


def _learn(now: datetime) -> None:
    """A row for each picture that has none. What is not public yet (an embargo) is looked at again later."""
    held = EditionItem.objects.filter(
        visible_q(now, "item__"),
        edition__digest__archived=True,
        edition__state=Edition.State.SENT,
        edition__segment__isnull=True,
        item__image_url__startswith="http",
    )
    known = Picture.objects.values("url")
    urls = held.exclude(item__image_url__in=known).values_list("item__image_url", flat=True).distinct()
    Picture.objects.bulk_create(
        [Picture(name=name_of(url), url=url, next_at=now) for url in urls[:AT_ONCE]], ignore_conflicts=True
    )


@transaction.atomic
def _claim(now: datetime) -> Picture | None:
    """The one that is due longest. It is due again later, whatever becomes of us."""
    due = Picture.objects.filter(next_at__lte=now).order_by("next_at", "pk")
    row = due.select_for_update(skip_locked=True).first()
    if row:
        row.tries, row.next_at = row.tries + 1, now + CLAIMED_FOR
        row.save(update_fields=["tries", "next_at"])
    return row


def _fetch(row: Picture, at: clock.Anchored) -> bool:
    own = ItemPicture.objects.filter(url=row.url, state=ItemPicture.State.STORED, stored__isnull=False)
    if digest := own.values_list("stored_id", flat=True).first():
        Picture.objects.filter(pk=row.pk).update(stored=digest, next_at=None)
        return True
    if row.tries > len(WAITS) + 1:  # whoever tried it last died of it, each time
        Picture.objects.filter(pk=row.pk).update(next_at=None)
        return False
    try:
        answer = fetch.get(row.url, max_bytes=keeping.MOST_BYTES, accept=ACCEPT, seconds=SECONDS)
        kept = keeping.keep(answer.body, now=at())
        fitted(kept.digest, LIMITS)
    except Rejected as error:
        log.info("archive.picture_refused", extra={"url": row.url, "reason": error.reason})
        Picture.objects.filter(pk=row.pk).update(next_at=None)
        return False
    except Retry as error:
        more = row.tries <= len(WAITS)
        next_at = at() + WAITS[row.tries - 1] if more else None
        log.info("archive.picture_later", extra={"url": row.url, "reason": error.reason})
        Picture.objects.filter(pk=row.pk).update(next_at=next_at)
        return False
    Picture.objects.filter(pk=row.pk).update(stored=kept, next_at=None)
    return True


def in_use(digests: Collection[str]) -> set[str]:
    """Those of the store's pictures that the archive shows. Rows of pictures that no archived edition needs are deleted first."""
    _forget()
    rows = Picture.objects.filter(stored__in=list(digests))
    return {str(digest) for digest in rows.values_list("stored_id", flat=True)}


def _forget() -> None:
    needed = EditionItem.objects.filter(
        edition__digest__archived=True, edition__state=Edition.State.SENT, edition__segment__isnull=True
    )
    Picture.objects.exclude(url__in=needed.values("item__image_url")).delete()
