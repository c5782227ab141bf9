"""Why a row is refused: one table of codes and sentences."""

from __future__ import annotations

from typing import Final

from publisher.audience.mailboxes import MACHINE_REFUSED

REASONS: Final[dict[str, str]] = {
    "columns": "The row has {found} columns, the header {expected}.",
    "quotes": "A quotation mark is not closed, or text stands behind a closing one.",
    "doubtful": "The row runs over several lines, and those inside look like rows: a quotation mark may be missing.",
    "too_long": "The line or one of its fields is too long to be meant.",
    "damaged": "The {field} has bytes that are not {encoding} (shown as \ufffd).",
    "controls": "The {field} has control characters.",
    "no_address": "There is no address.",
    "several": "There is more than one address: “{value}”. Each needs a row of its own.",
    "address": "{problem}",
    "machine": MACHINE_REFUSED,
    "role": "{address} is the mailbox of a role, not of a person.",
    "name": "The name is longer than {most} characters.",
    "language": "The digest does not come in “{value}”.",
    "topic": "The digest has no topic “{value}”.",
    "kind": "The digest has no kind “{value}”.",
    "region": "“{value}” is no region: two letters of a country such as CN, or three digits of the UN (M49).",
    "zone": "“{value}” is no time zone such as Asia/Shanghai.",
    "since": "“{value}” is no date of the past such as 2026-05-31.",
    "consent": "There is no word on how this person agreed: say it in the row, or for all with --consent.",
    "consent_long": "The word on how this person agreed is longer than {most} characters.",
}


class Refused(Exception):
    """A row cannot be imported. `code` is a key of `REASONS`."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.reason = REASONS[code].format_map({name: printable(value) for name, value in values.items()})
        super().__init__(self.reason)


def printable(value: object, most: int = 200) -> str:
    """What a file holds, as a terminal may show it: without controls, and not at length."""
    text = str(value)
    text = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(each if each.isprintable() else "\ufffd" for each in text)
