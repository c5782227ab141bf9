"""Digests: reading, making and changing them. What one may hold is decided in `digests/forming.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import BeforeValidator, Field, StringConstraints
from pydantic import ValidationError as Invalid

from publisher.api import problems
from publisher.api.v1 import paging, versions
from publisher.api.v1.frame import does, reads
from publisher.api.v1.items import ItemKind, Slug
from publisher.api.v1.keys import held_by, user_of
from publisher.api.v1.schedules import TimeOfDay, Weekday, Zone
from publisher.api.v1.shapes import (
    NO_NUL,
    NO_OTHER_KEYS,
    Flag,
    Given,
    Language,
    Line,
    OneOf,
    Page,
    Shape,
    Text,
    Version,
    whole,
)
from publisher.core import clock
from publisher.core.masking import masked
from publisher.digests import forming, readers
from publisher.digests.forming import DAYS, DigestIn
from publisher.digests.models import Digest
from publisher.people.permissions import DESIGN, SEE_DESK
from publisher.review.models import MOST_APPROVALS

Layout = Annotated[str, OneOf.of(Digest.Layout.values)]
Counting = Annotated[str, OneOf.of(Digest.Counting.values)]
OnUnknown = Annotated[str, OneOf.of(Digest.OnUnknown.values)]
SegmentName = Annotated[str, StringConstraints(max_length=80, pattern=NO_NUL)]
DigestSlug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]
Mail = Annotated[str, StringConstraints(max_length=320, pattern=NO_NUL)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
BY_LANGUAGE = Field(max_length=20, description="By language.", json_schema_extra=NO_OTHER_KEYS)
Lines = Annotated[dict[Language, Line], BY_LANGUAGE]
Texts = Annotated[dict[Language, Text], BY_LANGUAGE]


def _number(low: int, high: int) -> Any:
    return Annotated[int, Field(ge=low, le=high), BeforeValidator(whole)]


class DigestOut(Shape):
    """A newsletter: what it holds and when it goes out."""

    id: int
    version: int
    slug: str
    title: dict[str, str] = Field(description="By language.")
    intro: dict[str, str]
    subject: dict[str, str] = Field(description="Templates, by language; empty: the usual one.")
    layout: str
    languages: list[str]
    from_name: dict[str, str]
    from_address: str
    reply_to: str
    organisation: str | dict[str, str]
    postal_address: str | dict[str, str]
    accent: str
    zone: str
    weekday: int = Field(description="Monday is 0; of a weekly digest.")
    rhythm: str = Field(description="each, daily, weekly or monthly.")
    monthday: int = Field(description="1 to 28; of a monthly digest.")
    family: str = Field(description="Digests of one family hold the same at different rhythms; may be empty.")
    at: str = Field(description="Time of day in its zone.")
    local_time: bool = Field(description="Whether readers get it at that time of their own clocks.")
    send_from: str | None
    send_until: str | None
    needs_approval: bool
    approvals: int
    priority: int
    seeds: list[str] = Field(description="Who gets a copy of every edition; masked without the scope design.")
    window_days: int
    max_age_days: int
    most_items: int
    kinds: list[str]
    topics: list[int]
    segment: str = Field(
        description="Of its subscribers only those in the segment of this name get it; empty: all."
    )
    on_unknown: str
    archived: bool = Field(description="Whether its editions stand in the public archive.")
    counting: str = Field(description="What is counted of clicks and opens: off, totals, persons.")
    enabled: bool
    last_number: int
    created_at: datetime


class DigestSettings(Given):
    """docs/publication.md explains each."""

    title: Lines = Field(default_factory=dict)
    intro: Texts = Field(default_factory=dict)
    subject: Lines = Field(default_factory=dict)
    layout: Layout = "digest"
    languages: list[Language] = Field(default_factory=list, max_length=20)
    from_name: Lines = Field(default_factory=dict)
    from_address: Mail = ""
    reply_to: Mail = ""
    organisation: Line | Lines = ""
    postal_address: Line | Lines = ""
    accent: Colour = "#0b6e99"
    zone: Zone = "Asia/Shanghai"
    weekday: Weekday = 0
    at: TimeOfDay = "08:00"
    local_time: Flag = False
    send_from: TimeOfDay | None = None
    send_until: TimeOfDay | None = None
    needs_approval: Flag = False
    approvals: _number(0, MOST_APPROVALS) = 0  # type: ignore[valid-type]  # an annotation that is made
    priority: _number(-100, 100) = 0  # type: ignore[valid-type]
    seeds: list[Mail] = Field(default_factory=list, max_length=50)
    window_days: _number(1, 366) = 7  # type: ignore[valid-type]
    max_age_days: _number(1, 3_650) = 30  # type: ignore[valid-type]
    most_items: _number(1, 31) = 12  # type: ignore[valid-type]
    kinds: list[ItemKind] = Field(default_factory=list, max_length=20, description="Empty: all.")
    topics: list[Slug] = Field(default_factory=list, max_length=200, description="Slugs; empty: all.")
    segment: SegmentName = Field("", description="The name of a segment; empty: everybody who subscribes.")
    on_unknown: OnUnknown = "resend"
    archived: Flag = False
    counting: Counting = "off"
    enabled: Flag = True


class DigestMakeIn(DigestSettings):
    """A new one. `title`, `languages`, `from_name` and `from_address` must be given. docs/publication.md explains each."""

    slug: DigestSlug


class DigestChangeIn(DigestSettings):
    """What shall be another; what is left out stays as it is. docs/publication.md explains each."""

    version: Version | None = None


@reads("/digests", SEE_DESK, tag="digests")
def list_digests(request: HttpRequest) -> Page[DigestOut]:
    """Every digest, by name."""
    return paging.whole(list(Digest.objects.order_by("slug")), lambda row: _of(request, row))


@reads("/digests/{slug:slug}", SEE_DESK, tag="digests")
def read_digest(request: HttpRequest, slug: Slug) -> DigestOut:
    """One digest."""
    return _of(request, get_object_or_404(Digest, slug=slug))


@does("/digests", DESIGN, tag="digests", status=201)
def make_digest(request: HttpRequest, given: DigestMakeIn) -> DigestOut:
    """Make one; switched on, it begins its editions by itself."""
    done = forming.put(_wanted(given, given.slug), user=user_of(request), now=clock.now(), new=True)
    return _of(request, done.digest)


@does("/digests/{slug:slug}/change", DESIGN, tag="digests", versioned=True)
def change_digest(request: HttpRequest, slug: Slug, given: DigestChangeIn) -> DigestOut:
    """Change what is given of it. Editions that are assembled already stay as they are."""
    get_object_or_404(Digest, slug=slug)
    seen = versions.seen(request, given.version)
    forming.put(_wanted(given, slug), user=user_of(request), now=clock.now(), seen=seen)
    return _of(request, Digest.objects.get(slug=slug))


def _wanted(given: DigestSettings, slug: str) -> DigestIn:
    """What was given and nothing else. Raises `ProblemError` (422)."""
    named = given.model_dump(exclude_unset=True, exclude={"version", "slug"})
    if "weekday" in named:
        named["weekday"] = DAYS[named["weekday"]]
    try:
        return DigestIn.model_validate({**named, "slug": slug})
    except Invalid as error:
        raise problems.of_invalid(error) from error


def _of(request: HttpRequest, row: Digest) -> DigestOut:
    seeds = row.seeds if DESIGN in held_by(request) else [masked(each) for each in row.seeds]
    same = (
        *("slug", "version", "layout", "languages", "from_address", "reply_to", "accent", "zone", "weekday"),
        *("local_time", "needs_approval", "approvals", "priority", "window_days", "max_age_days"),
        *(
            "rhythm",
            "monthday",
            "family",
            "most_items",
            "kinds",
            "topics",
            "on_unknown",
            "archived",
            "counting",
            "enabled",
        ),
        *("last_number", "created_at"),
    )
    return DigestOut(
        id=row.pk,
        at=f"{row.at:%H:%M}",
        send_from=_time(row.send_from),
        send_until=_time(row.send_until),
        seeds=seeds,
        segment=readers.name_of(row.segment),
        organisation=_texts(row.organisation),
        postal_address=_texts(row.postal_address),
        **{name: _texts(getattr(row, name)) for name in ("title", "intro", "subject", "from_name")},
        **{name: getattr(row, name) for name in same},
    )


def _time(at: time | None) -> str | None:
    return f"{at:%H:%M}" if at else None


def _texts(value: Any) -> Any:
    """One text, or texts by language."""
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, Mapping) else str(value)
