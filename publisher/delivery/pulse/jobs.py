"""What people call the jobs that beat starts. Their own names stand in logs."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: Final[dict[str, Promise]] = {
    "intake.drain": _("Reading new items"),
    "intake.poll_feeds": _("Asking feeds"),
    "editorial.draft_waiting": _("Drafting posts"),
    "editorial.index": _("Indexing items for the search"),
    "editorial.fetch_pictures": _("Fetching pictures"),
    "schedule.give_slots": _("Giving slots to posts"),
    "schedule.tick": _("Beginning what is due"),
    "deliver.send_mail": _("Sending mail"),
    "deliver.send_posts": _("Sending posts"),
    "deliver.amend": _("Correcting sent posts"),
    "deliver.sweep": _("Taking back what a dead worker held"),
    "deliver.send_notices": _("Mailing notices to staff"),
    "deliver.send_letters": _("Mailing accounts’ letters to staff"),
    "deliver.send_reader_letters": _("Mailing letters to readers"),
    "deliver.send_hooks": _("Sending webhooks"),
    "feedback.reconcile": _("Asking networks about unclear posts"),
    "feedback.check_channels": _("Checking channels"),
    "feedback.judge": _("Judging mail servers’ refusals"),
    "feedback.take_calls": _("Taking what mail providers told"),
    "upkeep.resume": _("Ending readers’ pauses"),
    "upkeep.finish": _("Finishing editions"),
    "upkeep.fold": _("Adding up what was sent"),
    "upkeep.fold_counts": _("Adding up clicks and opens"),
    "upkeep.count": _("Counting for the dashboard"),
    "upkeep.prune": _("Forgetting old deliveries"),
    "upkeep.erase": _("Erasing what is past its time"),
    "upkeep.write_exports": _("Writing exports"),
    "upkeep.forget_exports": _("Forgetting old exports"),
    "upkeep.work_bulk": _("Doing bulk actions"),
    "upkeep.run_imports": _("Importing lists"),
    "upkeep.forget_lists": _("Forgetting imported lists"),
    "upkeep.forget_hooks": _("Forgetting the webhooks’ log"),
    "upkeep.forget_sessions": _("Forgetting ended sessions"),
    "upkeep.keep_archive_pictures": _("Keeping the archive’s pictures"),
    "upkeep.forget_pictures": _("Forgetting unused pictures"),
}


def called(name: str) -> str:
    """What people call it; its own name for one that is not known."""
    return str(NAMES.get(name, name))
