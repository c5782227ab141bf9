"""Suppressions: addresses that must not be written to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import require, sees_addresses, user_of
from publisher.api.v1.shapes import NO_NUL, Address, Done, Given, Id, Line, Moment, OneOf, Page, Paged, Shape
from publisher.audience import by_staff
from publisher.audience.models import Suppression
from publisher.audience.suppressing.searching import EXPIRIES, FIELDS, SOURCES, Search, report_of
from publisher.core import clock
from publisher.core.masking import masked
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_ADDRESSES, SEE_DESK

Reason = Annotated[str, OneOf.of(Suppression.Reason.values)]
Source = Annotated[str, OneOf.of(list(SOURCES))]
Expiry = Annotated[str, OneOf.of(list(EXPIRIES))]


class SuppressionFilter(Paged):
    email: Address | None = Field(None, description="The whole address. Needs the scope see_addresses.")
    reason: Reason | None = None
    source: Source | None = Field(
        None, description="report: what came back; import: a list; other: a person."
    )
    expiry: Expiry | None = Field(
        None, description="standing: now; ends: by itself, later; good: for ever; ended: not any more."
    )


class SuppressionOut(Shape):
    id: int
    email: str = Field(description="As it is compared; masked without the scope see_addresses.")
    reason: Reason
    evidence: str
    at: datetime
    until: datetime | None = Field(description="null: for good.")
    report_id: int | None = Field(description="The report of a mailbox or provider that it follows from.")


class SuppressIn(Given):
    email: Address
    evidence: Line = Field("", description="Why; for whoever asks later.")
    until: Moment | None = None


class LiftIn(Given):
    because: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]


@reads("/suppressions", SEE_DESK, tag="suppressions")
def list_suppressions(request: HttpRequest, wanted: Query[SuppressionFilter]) -> Page[SuppressionOut]:
    """The list, last added first."""
    if wanted.email:
        require(request, SEE_ADDRESSES, "To search by address")
    search = Search({name: getattr(wanted, name) or "" for name in FIELDS})
    rows = search.rows(now=clock.now())
    plain = sees_addresses(request)
    return paging.newest(request, rows, wanted, lambda row: _of(row, plain=plain))


@reads("/suppressions/{int:suppression_id}", SEE_DESK, tag="suppressions")
def read_suppression(request: HttpRequest, suppression_id: Id) -> SuppressionOut:
    """One entry of the list."""
    return _of(get_object_or_404(Suppression, pk=suppression_id), plain=sees_addresses(request))


@does("/suppressions", MANAGE_AUDIENCE, tag="suppressions", status=201)
def suppress(request: HttpRequest, given: SuppressIn) -> SuppressionOut:
    """Put an address on the list. One that stands there already stays as it is."""
    row = by_staff.suppress(
        given.email, evidence=given.evidence, until=given.until, user=user_of(request), now=clock.now()
    )
    return _of(row, plain=sees_addresses(request))


@does("/suppressions/{int:suppression_id}/lift", MANAGE_AUDIENCE, tag="suppressions")
def lift_suppression(request: HttpRequest, suppression_id: Id, given: LiftIn) -> Done:
    """Take an address off the list."""
    get_object_or_404(Suppression, pk=suppression_id)
    by_staff.lift(suppression_id, because=given.because, user=user_of(request), now=clock.now())
    return Done(said="The address may be written to again.")


def _of(row: Suppression, *, plain: bool) -> SuppressionOut:
    return SuppressionOut(
        id=row.pk,
        email=row.email_key if plain else masked(row.email_key),
        reason=row.reason,
        evidence=row.evidence if plain else "",
        at=row.at,
        until=row.until,
        report_id=report_of(row),
    )
