"""What runs by the clock. Every entry is a sweep: it finds whatever is due, whoever failed to say so."""

from __future__ import annotations

from typing import Any


def _every(seconds: float, task: str) -> dict[str, Any]:
    """A tick that is dropped when it has waited as long as it takes to the next one."""
    return {"task": f"tasks.{task}", "schedule": seconds, "options": {"expires": max(seconds, 2.0)}}


BEAT: dict[str, dict[str, Any]] = {
    "read the stream": _every(5, "intake.drain"),
    "poll feeds": _every(20, "intake.poll_feeds"),
    "draft what is undrafted": _every(5, "editorial.draft_waiting"),
    "index items": _every(5, "editorial.index"),
    "fetch pictures": _every(10, "editorial.fetch_pictures"),
    "give slots": _every(10, "schedule.give_slots"),
    "begin what is due": _every(1, "schedule.tick"),
    "send mail": _every(2, "deliver.send_mail"),
    "send posts": _every(3, "deliver.send_posts"),
    "correct sent posts": _every(3, "deliver.amend"),
    "sweep leases": _every(5, "deliver.sweep"),
    "ask about unknown posts": _every(15, "feedback.reconcile"),
    "check channels": _every(60, "feedback.check_channels"),
    "judge refusals of mail": _every(10, "feedback.judge"),
    "take what mail providers told": _every(5, "feedback.take_calls"),
    "send notices to staff": _every(10, "deliver.send_notices"),
    "send letters to staff": _every(10, "deliver.send_letters"),
    "send letters to readers": _every(5, "deliver.send_reader_letters"),
    "send webhooks": _every(2, "deliver.send_hooks"),
    "end pauses of readers": _every(60, "upkeep.resume"),
    "finish editions": _every(3, "upkeep.finish"),
    "fold the tally": _every(30, "upkeep.fold"),
    "forget old deliveries": _every(15, "upkeep.prune"),
    "forget the log of webhooks": _every(60, "upkeep.forget_hooks"),
    "erase what is past its time": _every(20, "upkeep.erase"),
    "count for the dashboard": _every(300, "upkeep.count"),
    "write exports": _every(5, "upkeep.write_exports"),
    "do bulk actions": _every(3, "upkeep.work_bulk"),
    "import lists": _every(5, "upkeep.run_imports"),
    "forget lists and what bulk actions remember": _every(600, "upkeep.forget_lists"),
    "forget old exports": _every(3600, "upkeep.forget_exports"),
    "forget ended sessions": _every(600, "upkeep.forget_sessions"),
    "fold clicks and opens": _every(30, "upkeep.fold_counts"),
    "keep pictures for the archive": _every(60, "upkeep.keep_archive_pictures"),
    "forget unused pictures": _every(3600, "upkeep.forget_pictures"),
}
