"""Imports of subscribers: a file is given, looked at, tried, and then imported; the last two by a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import files, paging, refused, versions
from publisher.api.v1.files import CsvFile, FileNameIn
from publisher.api.v1.frame import does, reads
from publisher.api.v1.items import Slug
from publisher.api.v1.keys import sees_addresses, user_of
from publisher.api.v1.refused import RefusedRowOut
from publisher.api.v1.shapes import (
    NO_NUL,
    NO_OTHER_KEYS,
    Flag,
    Id,
    Language,
    OneOf,
    Page,
    Paged,
    Shape,
    VersionIn,
)
from publisher.api.v1.subscribers import digest_named
from publisher.audience.importing import running, uploads
from publisher.audience.importing.rows import MOST_CONSENT
from publisher.audience.importing.uploads import Reading
from publisher.audience.models import Upload
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.masking import masked_text
from publisher.digests.models import Digest
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_ADDRESSES

State = Annotated[str, OneOf.of(Upload.State.values)]
ColumnNumber = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}$")]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=NO_NUL)]
Columns = Annotated[dict[ColumnNumber, FieldName], Field(max_length=1000, json_schema_extra=NO_OTHER_KEYS)]
Consent = Annotated[str, StringConstraints(max_length=MOST_CONSENT, pattern=NO_NUL)]
Encoding = Annotated[str, StringConstraints(max_length=40, pattern=NO_NUL)]
TagName = Annotated[str, StringConstraints(max_length=60, pattern=NO_NUL)]
CHOOSING = (Upload.State.NEW, Upload.State.CHECKED, Upload.State.FAILED)


class ImportFilter(Paged):
    state: State | None = None


class ColumnOut(Shape):
    number: int = Field(description="From 1.")
    name: str
    field: str = Field(description="What it is taken for; ignore: it is not read.")
    examples: list[str] = Field(description="Of its first rows; empty without the scope see_addresses.")


class ReadingOut(Shape):
    """How a file is read, as it was tried last."""

    columns: dict[str, str] = Field(description="Field by number of column.")
    consent: str
    language: str
    encoding: str
    update: bool
    refuse_roles: bool
    tag: str


class ImportProgressOut(Shape):
    step: str = Field(description="reading, sorting, writing.")
    done: int
    of: int


class ImportOut(Shape):
    id: int
    version: int
    state: State = Field(description="new: give it to `check`; checked: to `begin`; done: imported.")
    file_name: str
    size: int
    digest: str | None
    reading: ReadingOut | None
    counts: dict[str, int] = Field(
        description="Rows: of the try what would become of them, then what did. `refused` of them are in the refused rows."
    )
    reasons: dict[str, int] = Field(description="How many were refused for what.")
    problem: str
    hint: str
    asked_by: str
    created_at: datetime
    finished_at: datetime | None
    file_held: bool = Field(description="The file is kept until its import has ended, two days at most.")
    refused_held: bool = Field(description="The refused rows are kept for a week.")


class ImportDetail(ImportOut):
    columns: list[ColumnOut] = Field(description="While they may be chosen.")
    unreadable: str = Field(description="Why the columns cannot be read.")
    progress: ImportProgressOut | None


class CheckIn(VersionIn):
    """How the file is to be read, and into what."""

    digest: Slug
    consent: Consent = Field(
        "", description="How these people agreed, unless a column says it (`consent`): the proof of consent."
    )
    columns: Columns | None = Field(
        None,
        description="Field by number of column: email, name, first, last, language, topics, kinds, region, tags, zone, consent, "
        "since, attribute:KEY, or ignore. Left out: as `columns` of the import says.",
    )
    language: Language | None = Field(
        None, description="For new readers whose row says none; left out: the digest's first."
    )
    encoding: Encoding = Field("", description="Left out: the one that the file certainly has.")
    update: Flag = Field(False, description="Change those who have the digest already.")
    refuse_roles: Flag = Field(False, description="Refuse mailboxes of roles, such as info@.")
    tag: TagName = Field("", description="For everybody in the file; one that is not there is made.")


@reads("/imports", MANAGE_AUDIENCE, tag="imports")
def list_imports(request: HttpRequest, wanted: Query[ImportFilter]) -> Page[ImportOut]:
    """Lists that were given, newest first."""
    rows = Upload.objects.select_related("asked_by")
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    slugs = _slugs()
    return paging.newest(request, rows, wanted, lambda row: ImportOut(**_facts(request, row, slugs)))


@reads("/imports/{int:import_id}", MANAGE_AUDIENCE, tag="imports")
def read_import(request: HttpRequest, import_id: Id) -> ImportDetail:
    """One: its columns while they may be chosen, how far it is, and what came of it."""
    return _detail(request, import_id)


@reads("/imports/{int:import_id}/refused", MANAGE_AUDIENCE, tag="imports")
def list_refused_rows(request: HttpRequest, import_id: Id, wanted: Query[Paged]) -> Page[RefusedRowOut]:
    """The rows that were refused, in the order of the file, with the reason of each. Empty when none are kept."""
    row = get_object_or_404(Upload, pk=import_id)
    rows = uploads.refused_rows(row) if row.refused_held else ()
    return refused.page(request, rows, wanted)


@does(
    "/imports",
    MANAGE_AUDIENCE,
    tag="imports",
    status=201,
    alone=True,
    most_bytes=uploads.MOST_BYTES,
)
def give_import(request: HttpRequest, wanted: Query[FileNameIn]) -> ImportDetail:
    """Give a CSV file of subscribers. Nothing is imported before it was tried."""
    sent = files.sent(request)
    row = uploads.take(wanted.name, sent.pieces(), sent.size, user=user_of(request), now=clock.now())
    return _detail(request, row.pk)


@does("/imports/{int:import_id}/check", MANAGE_AUDIENCE, tag="imports", versioned=True)
def check_import(request: HttpRequest, import_id: Id, given: CheckIn) -> ImportDetail:
    """Have it tried by a worker: what would become of each row, and which are refused. Nothing is changed by that."""
    row = get_object_or_404(Upload, pk=import_id)
    version = versions.seen(request, given.version)
    uploads.check(row.pk, _reading(row, given), version=version)
    return _detail(request, row.pk)


@does("/imports/{int:import_id}/begin", MANAGE_AUDIENCE, tag="imports", versioned=True)
def begin_import(request: HttpRequest, import_id: Id, given: VersionIn) -> ImportDetail:
    """Have it imported by a worker, as it was tried."""
    row = get_object_or_404(Upload, pk=import_id)
    version = versions.seen(request, given.version)
    uploads.begin(row.pk, version=version, user=user_of(request), now=clock.now())
    return _detail(request, row.pk)


@does("/imports/{int:import_id}/withdraw", MANAGE_AUDIENCE, tag="imports", versioned=True)
def withdraw_import(request: HttpRequest, import_id: Id, given: VersionIn) -> ImportDetail:
    """Forget a file that is not to be imported."""
    row = get_object_or_404(Upload, pk=import_id)
    version = versions.seen(request, given.version)
    uploads.withdraw(row.pk, version=version, user=user_of(request), now=clock.now())
    return _detail(request, row.pk)


@does("/imports/{int:import_id}/refused/fetch", SEE_ADDRESSES, tag="imports", remembered=False)
def fetch_refused_rows(request: HttpRequest, import_id: Id) -> CsvFile:
    """The refused rows as CSV, to be mended and given again: line and reason in front. It stands in the audit trail."""
    row = get_object_or_404(Upload, pk=import_id)
    return CsvFile(f"refused-{row.pk}.csv", uploads.refused_file(row, user=user_of(request)))


def _reading(row: Upload, given: CheckIn) -> Reading:
    digest = digest_named(given.digest)
    if given.language and given.language not in digest.languages:
        raise UserError(
            f"{digest} does not come in {given.language}.", f"It comes in {', '.join(digest.languages)}."
        )
    columns = given.columns
    if columns is None:
        columns = {str(each.number): each.meant for each in uploads.columns_of(row, given.encoding.strip())}
    return Reading(
        digest_id=digest.pk,
        columns=columns,
        consent=given.consent,
        language=given.language or "",
        encoding=given.encoding.strip(),
        update=given.update,
        refuse_roles=given.refuse_roles,
        tag=given.tag,
    )


def _detail(request: HttpRequest, import_id: int) -> ImportDetail:
    row = get_object_or_404(Upload.objects.select_related("asked_by"), pk=import_id)
    columns, unreadable = _columns(row, plain=sees_addresses(request))
    progress = running.progress_of(row) if row.state in Upload.OPEN else None
    return ImportDetail(
        **_facts(request, row, _slugs()),
        columns=columns,
        unreadable=unreadable,
        progress=ImportProgressOut(step=progress[0], done=progress[1], of=progress[2]) if progress else None,
    )


def _columns(row: Upload, *, plain: bool) -> tuple[list[ColumnOut], str]:
    if not row.held or row.state not in CHOOSING:
        return [], ""
    reading = Reading.of(row)
    try:
        found = uploads.columns_of(row, reading.encoding)
    except UserError as error:
        return [], f"{error.message} {error.hint}".strip()
    columns = [
        ColumnOut(
            number=each.number,
            name=each.name if plain else masked_text(each.name),
            field=reading.columns.get(str(each.number), each.meant),
            examples=list(each.examples) if plain else [],
        )
        for each in found
    ]
    return columns, ""


def _slugs() -> dict[int, str]:
    return dict(Digest.objects.values_list("pk", "slug"))


def _facts(request: HttpRequest, row: Upload, slugs: dict[int, str]) -> dict[str, Any]:
    reading = Reading.of(row) if row.settings_of else None
    plain = sees_addresses(request)
    return {
        "id": row.pk,
        "version": row.version,
        "state": row.state,
        "file_name": row.file_name if plain else masked_text(row.file_name),
        "size": row.size,
        "digest": slugs.get(row.digest_id or 0),
        "reading": ReadingOut(
            columns=dict(reading.columns),
            consent=reading.consent if plain else masked_text(reading.consent),
            language=reading.language,
            encoding=reading.encoding,
            update=reading.update,
            refuse_roles=reading.refuse_roles,
            tag=reading.tag,
        )
        if reading
        else None,
        "counts": uploads.trail_of(row.outcome),
        "reasons": row.outcome.get("reasons", {}),
        "problem": row.problem if plain else masked_text(row.problem),
        "hint": row.hint if plain else masked_text(row.hint),
        "asked_by": row.asked_by.get_username() if row.asked_by else "",
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "file_held": row.held,
        "refused_held": row.refused_held,
    }
