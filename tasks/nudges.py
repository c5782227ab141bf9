"""The one table: which event nudges which tasks. `publisher.core.events` calls `nudge`; nothing else names tasks by event."""

from __future__ import annotations

import logging

import redis
from kombu.exceptions import OperationalError

from publisher.core.redis import client
from tasks.app import app

log = logging.getLogger(__name__)

NUDGES: dict[str, tuple[str, ...]] = {
    "entry.added": ("tasks.intake.drain",),
    "item.accepted": ("tasks.editorial.draft", "tasks.editorial.index"),
    "items.accepted": ("tasks.editorial.draft_waiting", "tasks.editorial.index"),
    "item.retracted": ("tasks.editorial.retract",),
    "topics.decided": ("tasks.editorial.draft",),
    "picture.wanted": ("tasks.editorial.fetch_pictures",),
    "post.approved": ("tasks.schedule.give_slots",),
    "channel.changed": (
        "tasks.editorial.draft_waiting",
        "tasks.schedule.give_slots",
        "tasks.feedback.check_channels",
    ),
    "notice.written": ("tasks.deliver.send_notices",),
    "export.asked": ("tasks.upkeep.write_exports",),
    "bulk.asked": ("tasks.upkeep.work_bulk",),
    "upload.asked": ("tasks.upkeep.run_imports",),
    "hook.asked": ("tasks.deliver.send_hooks",),
    "provider.called": ("tasks.feedback.take_calls",),
    "letter.written": ("tasks.deliver.send_letters",),
    "reader_letter.written": ("tasks.deliver.send_reader_letters",),
    "edition.ready": ("tasks.schedule.assemble",),
    "edition.changed": ("tasks.deliver.send_mail",),
    "correction.asked": ("tasks.deliver.amend",),
    "delivery.due": ("tasks.deliver.send_mail", "tasks.deliver.send_posts"),
}


MOST_WAITING = 5_000
"""Nudges in one queue. With no worker at work they would fill Redis, and beat's sweeps find the same work anyway."""


def nudge(event: str, ids: dict[str, int]) -> None:
    """Send the tasks of an event. A broker that is away is logged: beat's sweeps do the same work a little later."""
    for task in NUDGES.get(event, ()):
        try:
            if client().llen(task.split(".")[1]) < MOST_WAITING:
                app.send_task(task, kwargs=ids, retry=False)
        except (OperationalError, redis.RedisError, OSError) as error:
            log.warning("nudge.lost", extra={"event": event, "task": task, "error": str(error)})
