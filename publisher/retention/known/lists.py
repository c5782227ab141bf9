"""What is known of readers from the lists that staff work with."""

from __future__ import annotations

from typing import Final

from publisher.retention.known.row import AUDIENCE, NOBODY, Known

LISTS: Final[dict[str, Known]] = {
    "audience.Segment": Known(
        "name key groups version created_by created_at changed_at",
        "saved conditions, which may name an address; who made them",
        "to find the same readers again",
        "staff",
        "until staff remove it; an address of somebody who is erased goes at once",
        AUDIENCE,
    ),
    "audience.Bulk": Known(
        "action given groups state expected total done changed undone cursor problem asked_by undone_by at finished_at undone_at "
        "forgotten",
        "what was done to many readers at once, by whom; its conditions may name an address",
        "to do it in the background, and to say who did it",
        "staff",
        "the conditions 7 days, the rest for ever",
        AUDIENCE,
    ),
    "audience.BulkRow": Known(
        "bulk subscriber changed before mark kept",
        "what one reader was before a bulk action",
        "to undo it",
        "the bulk action",
        "7 days, or until the reader is erased",
        NOBODY,
    ),
    "audience.Upload": Known(
        "digest_id file_name size key settings_of state version outcome runs tries problem hint held refused_held asked_by "
        "created_at finished_at",
        "a list of people that staff gave: the file, its refused rows, counts, the source of consent",
        "to look at it, try it and import it",
        "staff",
        "the file 2 days, refused rows and their reasons 7 days, the counts for ever",
        "Editors and admins (*manage audience*).",
    ),
    "audience.SuppressionImport": Known(
        "name by by_name at read added changed unchanged refused refused_rows",
        "a list of addresses not to write to: counts, and the rows that were refused",
        "to mend what was refused",
        "staff",
        "refused rows 30 days, the counts for ever",
        AUDIENCE,
    ),
    "feedback.Mailbox": Known(
        "name way host port security certificate login username secret token_url client_id scope folder after taken_folder "
        "active version created_by created_at memory taken last_message_at looked_at waits_by_idle failures failing_since said "
        "todo next_at reader lease_until",
        "a mailbox of the office and its login, which is encrypted",
        "to read what comes back",
        "staff",
        "until staff remove it",
        "Admins (*set up*), without the secret.",
    ),
}
