"""Deeds that may let something go that waited for a clearance: clear a tag, remove it, switch it off. Called by the desk.

What waited goes on by itself: posts that still wait get slots, editions are sent. An edition whose time is long past by then is
paused for a person, as after any other stop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from publisher.core.audit import Actor
from publisher.delivery.stopping import pause_old
from publisher.digests import uncleared
from publisher.digests.models import Edition
from publisher.review import clearances, tags, texts
from publisher.review.models import Clearance, ClearanceTag, ItemTag, Kind, TextTag

GREW_OLD = gettext_noop(
    "It waited for a clearance, and its time passed long ago; look at it before it goes on."
)


@transaction.atomic
def clear(
    item_id: int, tag_id: int, *, user: Actor, revision: int, note: str = "", now: datetime
) -> Clearance:
    """As `clearances.clear`, which says what it raises."""
    with _letting_go(now):
        return clearances.clear(item_id, tag_id, user=user, revision=revision, note=note, now=now)


@transaction.atomic
def remove_tag(item_id: int, tag_id: int, *, user: Actor, reason: str, now: datetime) -> ItemTag:
    """As `clearances.remove_tag`, which says what it raises."""
    with _letting_go(now):
        return clearances.remove_tag(item_id, tag_id, user=user, reason=reason, now=now)


@transaction.atomic
def clear_texts(
    edition_id: int, tag_id: int, *, user: Actor, seen: str, note: str = "", now: datetime
) -> TextTag:
    """As `review.texts.clear`, of an edition's own texts."""
    with _letting_go(now):
        edition = Edition.objects.select_for_update(of=("self",)).get(pk=edition_id)
        return texts.clear(
            Kind.EDITION, edition.pk, tag_id, user=user, seen=seen, note=note, thing=edition, now=now
        )


@transaction.atomic
def remove_from_texts(edition_id: int, tag_id: int, *, user: Actor, reason: str, now: datetime) -> TextTag:
    """As `review.texts.remove`, of an edition's own texts."""
    with _letting_go(now):
        edition = Edition.objects.select_for_update(of=("self",)).get(pk=edition_id)
        return texts.remove(
            Kind.EDITION, edition.pk, tag_id, user=user, reason=reason, thing=edition, now=now
        )


@transaction.atomic
def save_tag(
    tag_id: int | None,
    *,
    user: Actor,
    version: int = 0,
    name: str,
    meaning: str,
    group_id: int,
    words: Sequence[str],
    active: bool,
    now: datetime,
) -> ClearanceTag:
    """As `tags.save`, which says what it raises."""
    with _letting_go(now):
        return tags.save(
            tag_id,
            user=user,
            version=version,
            name=name,
            meaning=meaning,
            group_id=group_id,
            words=words,
            active=active,
            now=now,
        )


@contextmanager
def _letting_go(now: datetime) -> Iterator[None]:
    """Editions that nothing holds any more are paused, if their time is long past."""
    before = uncleared.waiting()
    yield
    freed = before - uncleared.waiting()
    if freed:
        due = Edition.objects.filter(pk__in=freed).order_by("due_at").values_list("due_at", flat=True)
        pause_old(due[0], why=GREW_OLD, now=now, among=freed)
