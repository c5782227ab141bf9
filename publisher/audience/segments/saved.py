"""Segments: conditions with a name, for exports, bulk actions and filters. Each change is told to who had it open."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from publisher.audience.models import Segment
from publisher.audience.segments import conditions, matching
from publisher.audience.segments.conditions import Groups
from publisher.audience.stale import Stale
from publisher.core import audit
from publisher.core.errors import UserError

LONGEST = 80


@transaction.atomic
def create(name: str, groups: Groups, *, user: User, now: datetime) -> Segment:
    """Save conditions. Raises `UserError`."""
    text = _checked(name, groups, now)
    segment = Segment(
        name=text,
        key=text.casefold(),
        groups=conditions.written(groups),
        created_by=user,
        created_at=now,
        changed_at=now,
    )
    _save(segment)
    audit.record(user, "segment.made", segment, after={"name": text})
    return segment


@transaction.atomic
def change(segment_id: int, name: str, groups: Groups, *, version: int, user: User, now: datetime) -> Segment:
    """Replace name and conditions. Raises `Stale`, and `UserError`."""
    text = _checked(name, groups, now)
    segment = Segment.objects.select_for_update().get(pk=segment_id)
    if segment.version != version:
        raise Stale(
            _("%(name)s has changed since you opened it.") % {"name": segment}, _("Look at it again.")
        )
    before = {"name": segment.name, "groups": segment.groups}
    after = {"name": text, "groups": conditions.written(groups)}
    if before == after:
        return segment
    segment.name, segment.key, segment.groups = text, text.casefold(), after["groups"]
    segment.version += 1
    segment.changed_at = now
    _save(segment)
    audit.record(
        user,
        "segment.changed",
        segment,
        {"name": before["name"]},
        {"name": text, "fields": [key for key in after if before[key] != after[key]]},
    )
    return segment


@transaction.atomic
def remove(segment_id: int, *, user: User) -> None:
    """Forget the conditions; the subscribers stay as they are."""
    segment = Segment.objects.select_for_update().get(pk=segment_id)
    audit.record(user, "segment.removed", segment, {"name": segment.name})
    segment.delete()


def groups_of(segment: Segment) -> Groups:
    """Raises `UserError` when they cannot be read."""
    return conditions.read(segment.groups)


def _checked(name: str, groups: Groups, now: datetime) -> str:
    text = " ".join(name.split())
    if not text or len(text) > LONGEST or not text.isprintable():
        raise UserError(
            _("A segment needs a name of 1 to %(most)s characters.") % {"most": LONGEST},
            _("Write what these readers have in common."),
        )
    if not groups:
        raise UserError(_("A segment needs a condition."), _("Without one it is the list of subscribers."))
    matching.matching(conditions.within_limits(groups), now=now)  # each can be asked
    return text


def _save(segment: Segment) -> None:
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError:
        raise UserError(
            _("There is a segment %(name)s already.") % {"name": segment.name}, _("Choose another name.")
        ) from None
