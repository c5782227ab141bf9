"""Lists of addresses that must not be written to, brought in as CSV; and lifting what a provider bounced wrongly."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import files, paging, refused
from publisher.api.v1.files import CsvFile, FileNameIn
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import sees_addresses, user_of
from publisher.api.v1.refused import RefusedRowOut
from publisher.api.v1.shapes import NO_NUL, Given, Id, Moment, Page, Paged, Shape
from publisher.audience.models import SuppressionImport
from publisher.audience.suppressing import importing, lifting
from publisher.core import clock
from publisher.core.masking import masked_text
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_ADDRESSES

Domain = Annotated[str, StringConstraints(max_length=255, pattern=NO_NUL)]


class SuppressionFileIn(FileNameIn):
    encoding: Annotated[str, StringConstraints(max_length=40, pattern=NO_NUL)] | None = Field(
        None, description="Left out: the one that the file certainly has."
    )


class SuppressionImportOut(Shape):
    """A list that was brought in. `read` is the sum of the four others."""

    id: int
    name: str
    by: str
    at: datetime
    read: int
    added: int
    changed: int = Field(description="Made stronger or longer.")
    unchanged: int
    refused: int
    refused_held: bool = Field(description="The refused rows are kept for a month.")


class BouncedIn(Given):
    """Hard bounces that mailboxes or servers reported from `since` on and before `until`."""

    since: Moment
    until: Moment
    domain: Domain = Field("", description="Only addresses at this domain; left out: all.")


class LiftBouncedIn(BouncedIn):
    expected: int = Field(
        ge=0, le=10**9, description="How many `count` said; with another number nothing is lifted."
    )
    because: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)] = Field(
        description="Why they may be written to again."
    )


class BouncedOut(Shape):
    entries: int


@reads("/suppressions/imports", MANAGE_AUDIENCE, tag="suppressions")
def list_suppression_imports(request: HttpRequest, wanted: Query[Paged]) -> Page[SuppressionImportOut]:
    """Lists that were brought in, newest first."""
    return paging.newest(request, importing.imports(), wanted, lambda row: _of(request, row))


@reads("/suppressions/imports/{int:suppression_import_id}", MANAGE_AUDIENCE, tag="suppressions")
def read_suppression_import(request: HttpRequest, suppression_import_id: Id) -> SuppressionImportOut:
    """One of them."""
    return _of(request, get_object_or_404(importing.imports(), pk=suppression_import_id))


@reads("/suppressions/imports/{int:suppression_import_id}/refused", MANAGE_AUDIENCE, tag="suppressions")
def list_refused_suppressions(
    request: HttpRequest, suppression_import_id: Id, wanted: Query[Paged]
) -> Page[RefusedRowOut]:
    """The rows that could not be used, in the order of the file, with the reason of each. Empty when none are kept."""
    row = get_object_or_404(SuppressionImport, pk=suppression_import_id)
    return refused.page(request, importing.refused_rows(row), wanted)


@does(
    "/suppressions/imports",
    MANAGE_AUDIENCE,
    tag="suppressions",
    status=201,
    most_bytes=importing.LARGEST,
)
def import_suppressions(request: HttpRequest, wanted: Query[SuppressionFileIn]) -> SuppressionImportOut:
    """Bring in a CSV file of addresses, all of it or nothing. It never lifts, shortens or weakens an entry; a row that cannot be
    used is kept with its reason.

    Columns: email, and if there are reason, date, until, evidence: docs/suppression.md.
    """
    done = importing.import_list(
        files.sent(request).file,
        wanted.name,
        user=user_of(request),
        now=clock.now(),
        encoding=wanted.encoding or "",
    )
    return _of(request, get_object_or_404(importing.imports(), pk=done.pk))


@does(
    "/suppressions/imports/{int:suppression_import_id}/refused/fetch",
    SEE_ADDRESSES,
    tag="suppressions",
    remembered=False,
)
def fetch_refused_suppressions(request: HttpRequest, suppression_import_id: Id) -> CsvFile:
    """The rows that could not be used as CSV, to be mended and brought in again. It stands in the audit trail."""
    row = get_object_or_404(SuppressionImport, pk=suppression_import_id)
    return CsvFile(f"refused-{row.pk}.csv", [importing.fetched(row, user=user_of(request))])


@does("/suppressions/bounced/count", MANAGE_AUDIENCE, tag="suppressions", remembered=False)
def count_bounced(request: HttpRequest, given: BouncedIn) -> BouncedOut:  # noqa: ARG001 - ninja's signature
    """How many entries `lift` with the same values would lift. Nothing is changed."""
    return BouncedOut(entries=lifting.bounced_between(given.since, given.until, given.domain).count())


@does("/suppressions/bounced/lift", MANAGE_AUDIENCE, tag="suppressions")
def lift_bounced(request: HttpRequest, given: LiftBouncedIn) -> BouncedOut:
    """Let all be written to again whose mailbox was said not to exist between two moments, while a provider was broken.

    Who complained, refused, or was put on the list by a person or a list stays. Subscribes nobody.
    """
    count = lifting.lift_bounced(
        given.since,
        given.until,
        given.domain,
        because=given.because,
        user=user_of(request),
        expected=given.expected,
    )
    return BouncedOut(entries=count)


def _of(request: HttpRequest, row: Any) -> SuppressionImportOut:
    return SuppressionImportOut(
        id=row.pk,
        name=row.name if sees_addresses(request) else masked_text(row.name),
        by=row.by_name,
        at=row.at,
        read=row.read,
        added=row.added,
        changed=row.changed,
        unchanged=row.unchanged,
        refused=row.refused,
        refused_held=row.is_held,
    )
