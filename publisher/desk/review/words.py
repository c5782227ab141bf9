"""What the audit trail says of approvals, comments and clearances."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DEEDS: Final[dict[str, Promise]] = {
    "post.approved_by_one": _("approved it, as one of two"),
    "post.changes_asked": _("asked for changes"),
    "post.commented": _("commented on it"),
    "post.lacks_approvals": _("made it a draft again, since it lacks approvals"),
    "edition.approved_by_one": _("approved it, as one of two"),
    "edition.changes_asked": _("asked for changes"),
    "edition.commented": _("commented on it"),
    "clearance.tag_set": _("set a clearance tag"),
    "clearance.tag_removed": _("removed a clearance tag"),
    "clearance.words_written": _("wrote words that ask for a clearance"),
    "clearance.given": _("cleared it"),
    "clearance.taken_back": _("took a clearance back"),
    "clearance_tag.created": _("made a clearance tag"),
    "clearance_tag.changed": _("changed a clearance tag"),
    "clearance_role.created": _("made a clearance role"),
    "clearance_role.changed": _("changed a clearance role"),
}
THINGS: Final[dict[str, Promise]] = {"clearancetag": _("Clearance tag"), "group": _("Clearance role")}
FIELDS: Final[dict[str, Promise]] = {
    "approvals": _("Approvals"),
    "tag": _("Tag"),
    "note": _("Note"),
    "role": _("Role"),
    "members": _("Members"),
    "words": _("Words"),
    "meaning": _("Meaning"),
    "active": _("In use"),
}
