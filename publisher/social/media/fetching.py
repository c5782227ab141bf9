"""Fetching items' pictures from where they lie. Drafting writes a row (`ItemPicture`), this finds it: at once by an event, else
by beat's sweep. Nothing is fetched in a transaction; a worker that dies leaves a row that is due again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from publisher.core import clock, fetch
from publisher.core.errors import Rejected, Retry
from publisher.core.marking import gettext_noop
from publisher.social.media import arriving, keeping
from publisher.social.media.store import StoreAway
from publisher.social.models import ItemPicture, StoredPicture

log = logging.getLogger(__name__)

WAITING = ItemPicture.State.WAITING
SECONDS = 20.0
"""For one picture, all redirects and bytes together."""
CLAIMED_FOR = timedelta(minutes=3)
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""After each failed try; when they are used up the picture is given up."""
MOST_TRIES = len(WAITS) + 1
ACCEPT = "image/jpeg, image/png, image/webp, image/gif;q=0.9"


def fetch_due(*, now: datetime, seconds: float) -> int:
    """Fetch pictures that are due, for about `seconds`; how many were settled. Several may run at once."""
    at, until, settled = clock.Anchored(now), now + timedelta(seconds=seconds), 0
    while (moment := at()) < until and (row := _claim(moment)):
        settled += _fetch(row, at)
    return settled


@transaction.atomic
def _claim(now: datetime) -> ItemPicture | None:
    """The picture that is due longest. It is due again later, whatever becomes of us."""
    due = ItemPicture.objects.filter(state=WAITING, next_at__lte=now).order_by("next_at", "id")
    row = due.select_for_update(skip_locked=True).first()
    if row:
        row.tries, row.next_at = row.tries + 1, now + CLAIMED_FOR
        row.save(update_fields=["tries", "next_at"])
    return row


def _fetch(row: ItemPicture, at: clock.Anchored) -> bool:
    """Whether it is settled: stored or refused."""
    if row.tries > MOST_TRIES:  # whoever tried it last died of it, or was killed, each time
        _settle(
            row,
            at,
            reason=gettext_noop("Each of %(most_tries)s tries to fetch it broke off.")
            % {"most_tries": MOST_TRIES},
        )
        return True
    try:
        answer = fetch.get(row.url, max_bytes=keeping.MOST_BYTES, accept=ACCEPT, seconds=SECONDS)
        stored = keeping.keep(answer.body, now=at())
        fits = arriving.try_on(row.item_id, stored.digest)
    except Retry as error:
        return _later(row, error, at)
    except Rejected as error:
        _settle(row, at, reason=error.reason)
    else:
        _settle(row, at, stored=stored, unfit=fits)
    return True


def _later(row: ItemPicture, error: Retry, at: clock.Anchored) -> bool:
    ours = isinstance(error, StoreAway)
    if row.tries >= MOST_TRIES and not ours:
        _settle(
            row,
            at,
            reason=gettext_noop("%(reason)s It was tried %(tries)s times.")
            % {"reason": error.reason, "tries": row.tries},
        )
        return True
    next_at = at() + max(WAITS[min(row.tries, len(WAITS)) - 1], min(error.after or timedelta(0), WAITS[-1]))
    _mine(row).update(next_at=next_at, reason=error.reason, tries=row.tries - 1 if ours else row.tries)
    log.info("picture.later", extra={"item_id": row.item_id, "reason": error.reason, "tries": row.tries})
    return False


def _settle(
    row: ItemPicture,
    at: clock.Anchored,
    *,
    stored: StoredPicture | None = None,
    reason: str = "",
    unfit: dict[int, str] | None = None,
) -> None:
    """Write what came of it and tell the posts, in one transaction. Nothing, when the item has another picture by now."""
    now = at()
    with transaction.atomic():
        item = arriving.lock_item(row.item_id)
        state = ItemPicture.State.STORED if stored else ItemPicture.State.REFUSED
        written = _mine(row).update(state=state, stored=stored, reason=reason, settled_at=now)
        if item and written:
            arriving.tell_posts(item, unfit or {}, now=now)
    log.info("picture.settled", extra={"item_id": row.item_id, "state": state.value, "reason": reason})


def _mine(row: ItemPicture) -> QuerySet[ItemPicture]:
    """The row, as long as nobody has begun it anew or claimed it after us."""
    return ItemPicture.objects.filter(pk=row.pk, url=row.url, state=WAITING, tries=row.tries)
