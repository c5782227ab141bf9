"""Imports in the desk: a file is given, its columns are chosen, it is tried, and then imported; each by a worker.

The file is kept until the import has ended, is withdrawn, or two days have passed; the refused rows, a week. Who imported what,
when, and how those people agreed stays.
"""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from publisher.audience import tags
from publisher.audience.importing import dialect, keeping, opening, refused
from publisher.audience.importing.columns import ATTRIBUTE, FIELDS, IGNORE, OWN, are_own, field_of
from publisher.audience.importing.records import Lines
from publisher.audience.importing.refused import RefusedRow
from publisher.audience.importing.rows import MOST_CONSENT
from publisher.audience.models import Attribute, Upload
from publisher.audience.stale import Stale
from publisher.core import audit, events
from publisher.core.errors import UserError
from publisher.core.masking import masked_text

MOST_BYTES = 300 << 20
KEEP_FILE = timedelta(days=2)
KEEP_REFUSED = timedelta(days=7)
EXAMPLES = 3
"""Rows that are shown under the names of their columns."""
REFUSED_ROWS = "refused_rows"
"""Of an outcome: the first refused rows, with reasons that may name addresses."""
S = Upload.State


@dataclass(frozen=True)
class Reading:
    """How a file is read, and into what. `columns`: number of a column from 1 → field."""

    digest_id: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    consent: str = ""
    language: str = ""
    encoding: str = ""
    update: bool = False
    refuse_roles: bool = False
    tag: str = ""

    @classmethod
    def of(cls, upload: Upload) -> Reading:
        """As it was saved."""
        return cls(**upload.settings_of) if upload.settings_of else cls()


@dataclass(frozen=True)
class Column:
    """A column as a person chooses what it means."""

    number: int
    name: str
    meant: str
    examples: tuple[str, ...]


def take(name: str, chunks: Iterable[bytes], size: int, *, user: User, now: datetime) -> Upload:
    """Keep a file that was given. Raises `UserError`."""
    if not size:
        raise UserError(_("The file is empty."), _("Choose another."))
    if size > MOST_BYTES:
        raise UserError(
            _("The file has more than %(most)s MB.") % {"most": MOST_BYTES >> 20},
            _("Divide it, or import it at the command line: publisher subscribers import."),
        )
    key = secrets.token_urlsafe(32)
    keeping.put(key, keeping.ORIGINAL, chunks)
    upload = Upload.objects.create(
        file_name=_shortened(name), size=size, key=key, asked_by=user, created_at=now
    )
    audit.record(user, "upload.given", upload, after={"size": size})
    return upload


def columns_of(upload: Upload, encoding: str = "") -> list[Column]:
    """What the file's columns are called and taken for. Raises `UserError` when it cannot be read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        keeping.beginning(upload.key, keeping.ORIGINAL, path)
        with opening.opened(path) as file:
            found = opening.encoding_of(file, upload.file_name, given=encoding)
            with opening.as_text(file, found) as text:
                rows = _first_rows(Lines(text), upload.file_name)
    own = len(OWN) if are_own(rows[0]) else 0
    names, *examples = [row[own:] for row in rows]
    if any("@" in cell for cell in names):  # it has no header
        names, examples = [str(at + 1) for at in range(len(names))], [names, *examples]
    known = {each.key: each for each in Attribute.objects.all()}
    taken: set[str] = set()
    columns = []
    for at, name in enumerate(names):
        meant = _meaning(name, known)
        meant = "" if meant in taken else meant
        taken.add(meant)
        shown = tuple(row[at][:60] for row in examples if at < len(row) and row[at].strip())
        columns.append(Column(at + 1, name.strip()[:80], meant or IGNORE, shown[:EXAMPLES]))
    return columns


def _first_rows(lines: Lines, name: str) -> list[list[str]]:
    """The first rows as they stand, the header among them."""
    delimiter, cells = dialect.first_row(lines, name)
    lines.begin()
    rows = [cells]
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    with suppress(csv.Error):  # broken quotes: what is before them is enough
        next(reader, None)
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
            if len(rows) > EXAMPLES:
                break
    return rows


def _meaning(name: str, known: Mapping[str, Attribute]) -> str:
    if found := field_of(name):
        return found
    if name.startswith(ATTRIBUTE) and name.removeprefix(ATTRIBUTE) in known:
        return name
    plain = " ".join(name.replace("_", " ").replace("-", " ").split()).casefold()
    fitting = (key for key, each in known.items() if plain in (key.replace("_", " "), each.label.casefold()))
    key = next(fitting, "")
    return f"{ATTRIBUTE}{key}" if key else ""


@transaction.atomic
def check(upload_id: int, reading: Reading, *, version: int) -> Upload:
    """Have it tried: nothing is changed by that. Raises `Stale`, and `UserError`."""
    upload = _open(upload_id, version)
    if upload.state not in (S.NEW, S.CHECKED, S.FAILED):
        raise UserError(_("This import has begun already."))
    checked = _checked(reading)
    upload.settings_of, upload.digest_id = asdict(checked), checked.digest_id
    upload.state, upload.outcome, upload.problem, upload.hint = S.CHECKING, {}, "", ""
    upload.finished_at, upload.version, upload.tries = None, upload.version + 1, 0
    upload.save()
    events.emit("upload.asked")
    return upload


@transaction.atomic
def begin(upload_id: int, *, version: int, user: User, now: datetime) -> Upload:
    """Have it imported as it was tried. Raises `Stale`, and `UserError`."""
    upload = _open(upload_id, version)
    if upload.state != S.CHECKED:
        raise UserError(_("It has not been tried yet."), _("Try it first."))
    reading = Reading.of(upload)
    if reading.tag:
        tags.made(reading.tag, user=user, now=now)
    upload.state, upload.version, upload.tries = S.WAITING, upload.version + 1, 0
    upload.save(update_fields=["state", "version", "tries"])
    told = {"digest": upload.digest_id, "how": masked_text(reading.consent)}
    audit.record(user, "upload.begun", upload, after=told)
    events.emit("upload.asked")
    return upload


@transaction.atomic
def withdraw(upload_id: int, *, version: int, user: User, now: datetime) -> Upload:
    """Forget a file that is not to be imported. Raises `Stale`, and `UserError`."""
    upload = _open(upload_id, version)
    if upload.state not in (S.NEW, S.CHECKED, S.FAILED):
        raise UserError(_("This import has begun already."))
    upload.state, upload.finished_at, upload.version = S.WITHDRAWN, now, upload.version + 1
    upload.save(update_fields=["state", "finished_at", "version"])
    audit.record(user, "upload.withdrawn", upload)
    transaction.on_commit(lambda: forget_files(upload))
    return upload


def refused_file(upload: Upload, *, user: User) -> Iterator[bytes]:
    """The rows that were refused, to be mended and given again; who fetched them is kept. Raises `UserError`: they are gone."""
    if not upload.refused_held:
        raise UserError(_("The refused rows are not there any more."), _("They are kept for a week."))
    audit.record(user, "upload.refused_fetched", upload)
    return keeping.get(upload.key, keeping.REFUSED)


def refused_rows(upload: Upload) -> Iterator[RefusedRow]:
    """The same one by one, without what they held; none when they are gone."""
    return refused.read(keeping.get(upload.key, keeping.REFUSED)) if upload.refused_held else iter(())


def forget_files(upload: Upload) -> None:
    """Delete both files."""
    keeping.forget(upload.key, keeping.ORIGINAL)
    keeping.forget(upload.key, keeping.REFUSED)
    Upload.objects.filter(pk=upload.pk).update(held=False, refused_held=False)


def forget(*, now: datetime) -> int:
    """Delete files whose time is over; of how many imports."""
    left = Upload.objects.filter(held=True, created_at__lt=now - KEEP_FILE).exclude(state__in=Upload.OPEN)
    for upload in left:
        keeping.forget(upload.key, keeping.ORIGINAL)
        state = upload.state if upload.state in (S.DONE, S.WITHDRAWN) else S.WITHDRAWN
        Upload.objects.filter(pk=upload.pk).update(
            held=False, state=state, finished_at=upload.finished_at or now
        )
    shown = Q(refused_held=True) | Q(outcome__has_key=REFUSED_ROWS)
    old = Upload.objects.filter(shown, created_at__lt=now - KEEP_REFUSED)
    for upload in old:
        keeping.forget(upload.key, keeping.REFUSED)
        counts = {name: value for name, value in upload.outcome.items() if name != REFUSED_ROWS}
        Upload.objects.filter(pk=upload.pk).update(refused_held=False, outcome=counts)
    return len(left) + len(old)


def _open(upload_id: int, version: int) -> Upload:
    upload = Upload.objects.select_for_update().get(pk=upload_id)
    if upload.version != version:
        raise Stale(_("This import has changed since you opened it."), _("Look at it again."))
    if not upload.held:
        raise UserError(_("The file is not there any more."), _("Give it again."))
    return upload


def _checked(reading: Reading) -> Reading:
    if reading.digest_id is None:
        raise UserError(_("Choose a digest."))
    meant = [each for each in reading.columns.values() if each != IGNORE]
    _check_fields(meant)
    consent = " ".join(reading.consent.split())
    if len(consent) > MOST_CONSENT:
        raise UserError(_("The word on consent has at most %(most)s characters.") % {"most": MOST_CONSENT})
    if not consent and "consent" not in meant:
        raise UserError(
            _("There is no word on how these people agreed."),
            _("Write it down, or choose the column that says it: it is the proof of consent."),
        )
    tag = tags.checked(reading.tag) if reading.tag.strip() else ""
    return replace(reading, consent=consent, tag=tag)


def _check_fields(meant: Sequence[str]) -> None:
    attributes = {f"{ATTRIBUTE}{key}" for key in Attribute.objects.values_list("key", flat=True)}
    for each in meant:
        if each not in FIELDS and each not in attributes:
            raise UserError(
                _("A column is taken for something that is not there: %(name)s.") % {"name": each[:60]}
            )
        if meant.count(each) > 1:
            raise UserError(_("Two columns are taken for the same: %(name)s.") % {"name": each})
    if "email" not in meant:
        raise UserError(_("No column is taken for the address."), _("Choose which one holds it."))


def _shortened(name: str) -> str:
    plain = "".join(each for each in Path(name).name if each.isprintable())
    return plain[-200:] or "list.csv"


def trail_of(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """The counts of an outcome, for the audit trail."""
    return {
        key: value for key, value in outcome.items() if isinstance(value, int) and not isinstance(value, bool)
    }
