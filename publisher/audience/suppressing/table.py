"""A CSV file of addresses that must not be written to: its columns, and each of its rows checked. Pure but for the settings.

It reads what `suppression export` writes, what mail providers export, and a bare list of addresses.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from publisher.audience import addresses
from publisher.audience.importing import columns
from publisher.audience.importing.records import Lines, Record, Shape, records
from publisher.audience.models import Suppression
from publisher.core.errors import UserError
from publisher.core.spreadsheets import original_cell

R = Suppression.Reason

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "email": ("emailaddress", "recipient", "address"),
    "reason": ("reason", "suppressionreason", "type", "event", "status", "原因", "类型"),
    "at": ("at", "date", "created", "created at", "createdat", "timestamp", "time", "added", "日期", "时间"),
    "until": ("until", "expires", "expires at", "end", "到期"),
    "evidence": ("evidence", "note", "notes", "comment", "details", "description", "error", "备注", "证据"),
}
REASONS: Final[dict[str, R]] = {
    **{reason.value: reason for reason in R},
    **dict.fromkeys(("bounce", "hard bounce", "hardbounce", "hard", "invalid", "invalid email"), R.BOUNCED),
    **dict.fromkeys(("soft bounce", "softbounce"), R.SOFT),
    **dict.fromkeys(("complaint", "spam", "spam complaint", "spamcomplaint", "abuse"), R.COMPLAINED),
    **dict.fromkeys(
        ("unsubscribe", "unsubscribed", "unsub", "opt out", "optout", "manualsuppression", "do not contact"),
        R.REFUSED,
    ),
    **dict.fromkeys(("manual", "admin", "blocked"), R.STAFF),
}
"""What the lists of others call them: in small letters, `-`, `_` and `.` as blanks. Another word is `imported`, and is kept."""
DELIMITERS: Final = (",", ";", "\t")
LONGEST_EVIDENCE: Final = 1000
EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)


class Row(NamedTuple):
    """One good row, as it is staged."""

    line: int
    email_key: str
    reason: str
    evidence: str
    at: datetime
    until: datetime | None


class Bad(NamedTuple):
    """A row that is kept with its reason."""

    line: int
    why: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Layout:
    """`places`: the position of each column that is read. `names` are empty where the file has no header."""

    delimiter: str
    names: tuple[str, ...]
    width: int
    places: dict[str, int]


def layout_of(lines: Lines) -> Layout:
    """Read the header, or see that there is none. Raises UserError when no column holds addresses."""
    lines.begin()
    first = next(lines, "")
    best = max(DELIMITERS, key=first.count)
    names = [cell.strip() for cell in next(csv.reader([first], delimiter=best), [])]
    if "@" in first:
        lines.retreat(keep=0)
        place = next(at for at, cell in enumerate(names) if "@" in cell)
        return Layout(best, (), len(names), {"email": place})
    places = {
        columns.field_of(name): at for at, name in enumerate(names) if columns.field_of(name) == "email"
    }
    for field, known in NAMES.items():
        for at, name in enumerate(names):
            if _plain(name) in known:
                places.setdefault(field, at)
    if "email" not in places:
        raise UserError(
            _("No column of the file is known to hold addresses."),
            _("Call it email. The others: reason, date, until, evidence."),
        )
    return Layout(best, tuple(names), len(names), places)


def rows(lines: Lines, layout: Layout, *, origin: str, now: datetime) -> Iterator[Row | Bad]:
    """Each row, checked. `origin` begins the evidence of each."""
    short = frozenset(at for field, at in layout.places.items() if field != "evidence")
    shape = Shape(layout.delimiter, layout.width, layout.places["email"], short)
    for record in records(lines, shape):
        try:
            yield _checked(record, layout, origin, now)
        except UserError as error:
            yield Bad(record.line, error.message, record.cells)


def _checked(record: Record, layout: Layout, origin: str, now: datetime) -> Row:
    if record.problem:
        raise UserError(_("The row cannot be read: a quotation mark is missing, or the line is too long."))

    def cell(field: str) -> str:
        at = layout.places.get(field)
        return original_cell(record.cells[at].strip()) if at is not None and at < len(record.cells) else ""

    _address, key = addresses.checked_with_key(cell("email"))
    word = cell("reason")
    reason = REASONS.get(_plain(word), R.IMPORTED)
    at = _moment(cell("at")) or now
    if at > now + timedelta(days=1):
        raise UserError(_("Its date has not come yet."))
    until = _moment(cell("until"))
    if reason is R.SOFT and until is None:
        until = at + timedelta(days=settings.SOFT_REST_DAYS)
    if until is not None and until <= now:
        raise UserError(_("It has ended already."))
    said = [word if word and reason is R.IMPORTED and _plain(word) != R.IMPORTED else "", cell("evidence")]
    evidence = ": ".join([origin, *filter(None, said)]).replace("\0", "")[:LONGEST_EVIDENCE]
    return Row(record.line, key, reason.value, evidence, min(at, now), until)


def _moment(text: str) -> datetime | None:
    """A day or a time; seconds since 1970 as providers write them. Raises UserError."""
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{9,11}", text, re.ASCII):
            at: datetime | None = datetime.fromtimestamp(int(text), UTC)
        else:
            at = parse_datetime(text) or _midnight(text)
    except (ValueError, OverflowError, OSError):
        at = None
    if at is None:
        raise UserError(_("“%(text)s” is no date. Write it like 2026-06-01.") % {"text": text[:40]})
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at < EARLIEST or at.year > 9000:
        raise UserError(_("“%(text)s” is no date. Write it like 2026-06-01.") % {"text": text[:40]})
    return at


def _midnight(text: str) -> datetime | None:
    day = parse_date(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def _plain(name: str) -> str:
    return re.sub(r"[\s\-_.:*]+", " ", name).strip().casefold()
