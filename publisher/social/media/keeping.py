"""What is in the store, and how a picture gets in and out of it, so that none is deleted that somebody needs.

A row of `StoredPicture` is written before the bytes and deleted after them, each under the row's lock. Whoever puts a picture
in has a day to say where it is used; `forget` looks only at older ones, and again under the lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import connection, transaction

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.media import store
from publisher.social.models import ItemPicture, StoredPicture

log = logging.getLogger(__name__)

MOST_BYTES = 20_000_000
"""Of a picture that is taken at all: more than any network takes, and what a camera makes."""
UNUSED_FOR = timedelta(days=1)
AT_ONCE = 200

# Each post's pictures are one or four; posts are read in one pass for a batch, some times a day.
SHOWN = """
SELECT DISTINCT shown ->> 'digest'
FROM social_post, jsonb_array_elements(social_post.pictures) AS shown
WHERE shown ->> 'digest' = ANY(%(digests)s)
"""


def keep(data: bytes, *, now: datetime) -> StoredPicture:
    """Store a picture. Raises `Rejected` with what is wrong with it (no picture, too large), `StoreAway`."""
    if len(data) > MOST_BYTES:
        raise Rejected(
            gettext_noop("It is larger than %(most_bytes)s MB.") % {"most_bytes": MOST_BYTES // 1000000}
        )
    from publisher.social.media.inspection import inspected  # noqa: PLC0415 - Pillow, which mail workers do without

    seen = inspected(data)
    digest = store.digest_of(data)
    with transaction.atomic():
        row, _made = StoredPicture.objects.update_or_create(
            digest=digest,
            defaults={"put_at": now},
            create_defaults={
                "put_at": now,
                "type": seen.type,
                "width": seen.width,
                "height": seen.height,
                "size": len(data),
            },
        )
        store.put(data)
    return row


def forget(*, now: datetime, in_use: Callable[[Collection[str]], Collection[str]]) -> int:
    """Delete pictures that no item and no post shows, nor whoever else `in_use` knows of; how many.

    Safe to stop anywhere: what is left goes the next time. Raises `StoreAway`.
    """
    forgotten, after = 0, ""
    while batch := _old(now, after):
        forgotten += _forget(batch, now, in_use)
        after = batch[-1]
    if forgotten:
        log.info("pictures.forgotten", extra={"pictures": forgotten})
    return forgotten


def _old(now: datetime, after: str) -> list[str]:
    rows = StoredPicture.objects.filter(put_at__lt=now - UNUSED_FOR, digest__gt=after).order_by("digest")
    return list(rows.values_list("digest", flat=True)[:AT_ONCE])


@transaction.atomic
def _forget(batch: list[str], now: datetime, in_use: Callable[[Collection[str]], Collection[str]]) -> int:
    """Locked first and looked at then: whoever puts one of them in meanwhile waits, and stores it anew."""
    rows = StoredPicture.objects.select_for_update(skip_locked=True).order_by("digest")
    locked = list(rows.filter(digest__in=batch, put_at__lt=now - UNUSED_FOR).values_list("digest", flat=True))
    used = set(ItemPicture.objects.filter(stored__in=locked).values_list("stored_id", flat=True))
    used |= _on_posts(locked) | set(in_use(locked))
    unused = [digest for digest in locked if digest not in used]
    for digest in unused:
        store.delete(digest)
    StoredPicture.objects.filter(digest__in=unused).delete()
    return len(unused)


def _on_posts(digests: list[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(SHOWN, {"digests": digests})
        return {str(row[0]) for row in cursor.fetchall()}
