"""What is due: slots for approved posts, posts whose slot has come, digests whose time has come."""

from __future__ import annotations

from datetime import datetime

from publisher.delivery.enqueue import assemble as assemble_edition
from publisher.delivery.posts import enqueue_due
from publisher.digests.due import create_due
from publisher.digests.models import Edition
from publisher.social.slots import channels_waiting
from publisher.social.slots import give_slots as give_slots_of
from tasks.edge import beat, stage


@stage("tasks.schedule.tick")
def tick(*, now: datetime) -> dict[str, int]:
    """Begin what is due, and go on with editions that a crash left half assembled."""
    posts = enqueue_due(now=now)
    editions = create_due(now=now)
    unassembled = Edition.objects.filter(state=Edition.State.ASSEMBLING).order_by("-priority", "due_at", "id")
    for edition_id in unassembled.values_list("id", flat=True):
        assemble_edition(edition_id, now=now)
    beat("schedule.tick", now)
    return {"posts": posts, "editions": len(editions)} if posts or editions else {}


@stage("tasks.schedule.assemble")
def assemble(*, now: datetime, edition_id: int) -> str:
    """Assemble one edition that was just made."""
    return str(assemble_edition(edition_id, now=now).state)


@stage("tasks.schedule.give_slots")
def give_slots(*, now: datetime, channel_id: int = 0, **_ids: int) -> int:
    """Give the approved posts of one channel, or of all, their slots."""
    channels = [channel_id] if channel_id else channels_waiting()
    return sum(give_slots_of(channel, now=now) for channel in channels)
