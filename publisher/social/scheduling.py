"""Making, changing and deleting schedules, with what that means for posts that are planned by them.

Posts that have a slot keep it, also one that the schedule no longer has, unless the person wants new ones for them. Each deed is
one transaction with an entry in the audit trail. Raises `UserError`; `Stale` when the schedule has changed since it was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import ChangedSince, UserError
from publisher.schedule.models import Schedule
from publisher.schedule.outlook import no_longer
from publisher.schedule.rules import ScheduleRules, rules_from_json
from publisher.social.models import Channel, Post
from publisher.social.slots import lock_channel

FIELDS: Final = (
    "name",
    "zone",
    "slots",
    "quiet",
    "blackouts",
    "holiday_countries",
    "least_gap_minutes",
    "most_per_day",
    "blackout_names",
)
MOST_SHOWN = 200


class Stale(ChangedSince):
    """Somebody has changed the schedule since the form was shown."""


@dataclass(frozen=True)
class Moved:
    """A planned post whose time the schedule would no longer have, and why."""

    post: Post
    why: str


def affected(schedule: Schedule, rules: ScheduleRules, *, now: datetime) -> list[Moved]:
    """The planned posts whose time the new rules no longer have, by time; at most so many as a page shows."""
    try:
        old = schedule.rules()
    except UserError:
        return []
    planned = Post.objects.filter(
        channel__schedule=schedule, state=Post.State.SCHEDULED, slot_at__gt=now
    ).select_related("channel", "item")
    found: list[Moved] = []
    for post in planned.order_by("slot_at", "pk"):
        why = no_longer(old, rules, post.slot_at) if post.slot_at else None
        if why:
            found.append(Moved(post, why))
            if len(found) == MOST_SHOWN:
                break
    return found


@transaction.atomic
def create(name: str, data: Mapping[str, Any], *, names: Mapping[str, str], user: Actor) -> Schedule:
    """A new schedule of these rules (`rules_from_json`). Raises `RulesError`, `UserError`."""
    schedule = Schedule()
    _fill(schedule, name, data, names)
    schedule.save()
    audit.record(user, "schedule.created", schedule, after=_said(schedule))
    return schedule


@transaction.atomic
def change(
    schedule_id: int,
    name: str,
    data: Mapping[str, Any],
    *,
    names: Mapping[str, str],
    user: Actor,
    version: int,
    reslot: bool,
    now: datetime,
) -> int:
    """Change it. With `reslot`, planned posts whose time it no longer has wait for a new slot; how many those are."""
    channels = _lock_channels(schedule_id)
    schedule = _locked(schedule_id, version)
    moved = affected(schedule, rules_from_json(dict(data)), now=now) if reslot else []
    before = _said(schedule)
    _fill(schedule, name, data, names)
    after = _said(schedule)
    differing = [field for field in FIELDS if before[field] != after[field]]
    if not differing:
        return 0
    schedule.version += 1
    schedule.save()
    audit.record(
        user,
        "schedule.changed",
        schedule,
        {field: before[field] for field in differing},
        {field: after[field] for field in differing} | ({"moved": len(moved)} if moved else {}),
    )
    for each in moved:
        _take_slot(each, user)
    for channel in channels:
        events.emit("channel.changed", channel_id=channel)
    return len(moved)


@transaction.atomic
def delete(schedule_id: int, *, user: Actor, version: int) -> None:
    """Delete one that no channel uses. Raises `UserError`."""
    schedule = _locked(schedule_id, version)
    users = list(
        Channel.objects.filter(schedule=schedule).order_by("name").values_list("name", flat=True)[:10]
    )
    if users:
        raise UserError(
            _("%(name)s is used by %(channels)s.") % {"name": schedule.name, "channels": ", ".join(users)},
            _("Give those channels another schedule first."),
        )
    audit.record(user, "schedule.deleted", schedule, before=_said(schedule))
    schedule.delete()


def _lock_channels(schedule_id: int) -> list[int]:
    """The ids of the channels that use it, locked in the order in which all lock channels, before the schedule."""
    ids = list(Channel.objects.filter(schedule_id=schedule_id).order_by("pk").values_list("pk", flat=True))
    return [channel_id for channel_id in ids if lock_channel(channel_id)]


def _locked(schedule_id: int, version: int) -> Schedule:
    schedule = Schedule.objects.select_for_update(no_key=True).filter(pk=schedule_id).first()
    if schedule is None:
        raise UserError(_("There is no such schedule."), _("Load the list again."))
    if schedule.version != version:
        raise Stale(
            _("The schedule has changed since you opened it."),
            _("Compare the two, then repeat what you wanted to do."),
        )
    return schedule


def _fill(schedule: Schedule, name: str, data: Mapping[str, Any], names: Mapping[str, str]) -> None:
    rules_from_json(dict(data))
    name = name.strip()
    if not name or len(name) > 80:
        raise UserError(_("The schedule needs a name of at most 80 characters."))
    others = Schedule.objects.filter(name=name)
    if (others.exclude(pk=schedule.pk) if schedule.pk else others).exists():
        raise UserError(_("There is a schedule of this name already."), _("Give it another name."))
    schedule.name = name
    for field in FIELDS:
        if field in data:
            setattr(schedule, field, data[field])
    dates = set(data.get("blackouts") or ())
    schedule.blackout_names = {day: text for day, text in names.items() if day in dates}


def _take_slot(moved: Moved, user: Actor) -> None:
    post = moved.post
    before = {"state": post.state, "slot_at": post.slot_at.isoformat() if post.slot_at else None}
    post.state, post.slot_at, post.problem = Post.State.APPROVED, None, ""
    post.version += 1
    post.save(update_fields=["state", "slot_at", "problem", "version"])
    audit.record(user, "post.reslotted", post, before, {"state": post.state, "reason": moved.why})


def _said(schedule: Schedule) -> dict[str, Any]:
    return {field: getattr(schedule, field) for field in FIELDS}
