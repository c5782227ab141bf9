"""Why a row is refused: one table of codes and sentences, in English; the desk tells them in its reader's language."""

from __future__ import annotations

from typing import Final

from publisher.audience.mailboxes import MACHINE_REFUSED
from publisher.core.marking import gettext_noop

REASONS: Final[dict[str, str]] = {
    "columns": gettext_noop("The row has %(found)s columns, the header %(expected)s."),
    "quotes": gettext_noop("A quotation mark is not closed, or text stands behind a closing one."),
    "doubtful": gettext_noop(
        "The row runs over several lines, and those inside look like rows: a quotation mark may be missing."
    ),
    "too_long": gettext_noop("The line or one of its fields is too long to be meant."),
    "damaged": gettext_noop("The %(field)s has bytes that are not %(encoding)s (shown as \ufffd)."),
    "controls": gettext_noop("The %(field)s has control characters."),
    "no_address": gettext_noop("There is no address."),
    "several": gettext_noop("There is more than one address: “%(value)s”. Each needs a row of its own."),
    "address": "%(problem)s",
    "machine": MACHINE_REFUSED,
    "role": gettext_noop("%(address)s is the mailbox of a role, not of a person."),
    "name": gettext_noop("The name is longer than %(most)s characters."),
    "language": gettext_noop("The digest does not come in “%(value)s”."),
    "topic": gettext_noop("The digest has no topic “%(value)s”."),
    "kind": gettext_noop("The digest has no kind “%(value)s”."),
    "region": gettext_noop(
        "“%(value)s” is no region: two letters of a country such as CN, or three digits of the UN (M49)."
    ),
    "zone": gettext_noop("“%(value)s” is no time zone such as Asia/Shanghai."),
    "since": gettext_noop("“%(value)s” is no date of the past such as 2026-05-31."),
    "tags": "%(problem)s",
    "attribute": "%(name)s: %(problem)s",
    "consent": gettext_noop(
        "There is no word on how this person agreed: say it in the row, or for all under “How these people agreed” "
        "(on the command line --consent)."
    ),
    "consent_long": gettext_noop("The word on how this person agreed is longer than %(most)s characters."),
}


class Refused(Exception):
    """A row cannot be imported. `code` is a key of `REASONS`."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.reason = REASONS[code] % {name: printable(value) for name, value in values.items()}
        super().__init__(self.reason)


def printable(value: object, most: int = 200) -> str:
    """What a file holds, as a terminal may show it: without controls, and not at length."""
    text = str(value)
    text = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(each if each.isprintable() else "\ufffd" for each in text)
