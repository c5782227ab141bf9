"""What is due: slots for approved posts, posts whose slot has come, digests whose time has come."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from publisher.delivery import trouble
from publisher.delivery.enqueue import assemble as assemble_edition
from publisher.delivery.posts import enqueue_due
from publisher.delivery.turns import LONG, turn
from publisher.digests.due import ALERT_PRIORITY, create_for, rhythmic
from publisher.digests.models import Edition
from publisher.social.slots import channels_waiting
from publisher.social.slots import give_slots as give_slots_of
from tasks.edge import apart, beat, stage

ASSEMBLING_SECONDS = 60.0
"""After that long another edition may be begun beside it: so long nobody waits who was refused a turn by a dead process."""


@stage("tasks.schedule.tick")
def tick(*, now: datetime) -> dict[str, int]:
    """Begin what is due, and go on with editions that a crash left half assembled. What fails stops nothing behind it."""
    begun = {"posts": 0, "editions": 0}
    with apart("posts"):
        begun["posts"] = enqueue_due(now=now, apart=apart)
    for digest_id in rhythmic():
        with apart("digest", digest_id=digest_id):
            begun["editions"] += create_for(digest_id, now=now) is not None
    unassembled = Edition.objects.filter(state=Edition.State.ASSEMBLING).order_by("-priority", "due_at", "id")
    for edition_id in trouble.awake(unassembled.values_list("id", flat=True)):
        _assemble(edition_id, now)
    beat("schedule.tick", now)
    return begun if any(begun.values()) else {}


@stage("tasks.schedule.assemble")
def assemble(*, now: datetime, edition_id: int) -> None:
    """Assemble one edition that was just made."""
    _assemble(edition_id, now)


def _assemble(edition_id: int, now: datetime) -> None:
    """One at a time on this host, so that posts and ticks find a free process; an alert waits for none."""
    with turn(LONG, seconds=ASSEMBLING_SECONDS) as mine:
        if mine or _is_urgent(edition_id):
            with apart("edition", partial(trouble.begin, edition_id), edition_id=edition_id):
                trouble.over(assemble_edition(edition_id, now=now))


def _is_urgent(edition_id: int) -> bool:
    return Edition.objects.filter(pk=edition_id, priority__gte=ALERT_PRIORITY).exists()


@stage("tasks.schedule.give_slots")
def give_slots(*, now: datetime, channel_id: int = 0, **_ids: int) -> int:
    """Give the approved posts of one channel, or of all, their slots."""
    given = 0
    for each in [channel_id] if channel_id else channels_waiting():
        with apart("slots", channel_id=each):
            given += give_slots_of(each, now=now)
    return given
