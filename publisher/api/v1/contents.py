"""What an edition holds and says before it is sent: its items and their order, its texts, its preflight; and its waves.

The deeds run outside of a transaction of ours: each holds a lock against whoever assembles the edition, and that lock has to
last until what was changed is committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from pydantic import Field, StringConstraints

from publisher.api.v1.editions import EditionOut, SeenIn, edition_called, edition_of, edition_seen
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import NO_NUL, NO_OTHER_KEYS, BodyId, Flag, Id, Language, OneOf, Page, Shape
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import arranging, preflighting
from publisher.delivery.progress import Wave, waves_of
from publisher.digests import preflight, preflight_words, readers
from publisher.digests.models import MOST_POSITIONS, Edition
from publisher.digests.preflight import Finding
from publisher.people.permissions import SEE_DESK, WRITE

Level = Annotated[str, OneOf.of(each.value for each in preflight.Level)]
Subject = Annotated[str, StringConstraints(max_length=arranging.LONGEST["subject"], pattern=NO_NUL)]
Preheader = Annotated[str, StringConstraints(max_length=arranging.LONGEST["preheader"], pattern=NO_NUL)]
Intro = Annotated[str, StringConstraints(max_length=arranging.LONGEST["intro"], pattern=NO_NUL)]


class WaveOut(Shape):
    """A moment at which it reaches the readers whose clocks are so far ahead of UTC."""

    due_at: datetime
    offset_minutes: int
    total: int
    left: int = Field(description="So many of these mails have left.")
    queued: int


class ArrangementOut(Shape):
    """`version` is the edition's."""

    edition_id: int
    version: str
    items: list[int] = Field(description="Ids in the order in which they stand.")
    left_out: list[int] = Field(description="Ids of what a person took out.")
    why_not: str = Field(description="Why nothing of it can be changed now; empty when it can.")


class ArrangeIn(SeenIn):
    items: list[BodyId] = Field(
        min_length=1,
        max_length=MOST_POSITIONS,
        description="Just these items in this order. What it held else is left out. Those of one language stand together.",
    )


class TextsOut(Shape):
    """Texts of its own by language; where there is none, the digest's is used. `version` is the edition's."""

    edition_id: int
    version: str
    subject: dict[str, str]
    preheader: dict[str, str]
    intro: dict[str, str]


class WriteIn(SeenIn):
    """By language; an empty text is the digest's again. What is left out stays as it is."""

    subject: dict[Language, Subject] = Field(
        default_factory=dict,
        max_length=50,
        json_schema_extra=NO_OTHER_KEYS,
        description="May use the words of a digest's subject.",
    )
    preheader: dict[Language, Preheader] = Field(
        default_factory=dict, max_length=50, json_schema_extra=NO_OTHER_KEYS
    )
    intro: dict[Language, Intro] = Field(default_factory=dict, max_length=50, json_schema_extra=NO_OTHER_KEYS)


class FindingOut(Shape):
    check: str
    level: Level
    said: str
    details: list[str]
    final: bool = Field(description="Whether no reason makes it go all the same.")


class PreflightOut(Shape):
    """What was found of the edition as it is now. `looked_at` is null while nothing was."""

    level: Level
    looked_at: datetime | None
    asked_at: datetime | None = Field(description="When links, pictures and the spam filter were asked.")
    findings: list[FindingOut]


class ReadersNowOut(Shape):
    """How many it would go out to now. Null: counting took too long."""

    count: int | None
    exact: Flag


@reads("/editions/{int:edition_id}/waves", SEE_DESK, tag="editions")
def list_waves(request: HttpRequest, edition_id: Id) -> Page[WaveOut]:  # noqa: ARG001 - ninja's signature
    """Of an edition that goes by readers' clocks: each wave with how far it is, the farthest east first; none of any other."""
    return Page(data=[_wave(each) for each in waves_of(edition_called(edition_id))], next=None)


@reads("/editions/{int:edition_id}/arrangement", SEE_DESK, tag="editions")
def read_arrangement(request: HttpRequest, edition_id: Id) -> ArrangementOut:  # noqa: ARG001 - as above
    """What it holds, in order, and what was left out."""
    row = edition_called(edition_id)
    now = arranging.arrangement_of(row)
    return ArrangementOut(
        edition_id=row.pk,
        version=edition_of(row).version,
        items=list(now.order),
        left_out=list(now.left_out),
        why_not=arranging.why_not(row),
    )


@does("/editions/{int:edition_id}/arrange", WRITE, tag="editions", versioned=True, alone=True)
def arrange_edition(request: HttpRequest, edition_id: Id, given: ArrangeIn) -> EditionOut:
    """Let it hold just these items, in this order. It is assembled again, and approved no more."""
    row = edition_seen(request, edition_id, given)
    return edition_of(
        arranging.arrange(edition_id, given.items, user=user_of(request), now=clock.now(), seen=row.version)
    )


@reads("/editions/{int:edition_id}/texts", SEE_DESK, tag="editions")
def read_texts(request: HttpRequest, edition_id: Id) -> TextsOut:  # noqa: ARG001 - as above
    """The subjects, introductions and preheaders that it has of its own."""
    row = edition_called(edition_id)
    return TextsOut(
        edition_id=row.pk,
        version=edition_of(row).version,
        subject=row.subject,
        preheader=row.preheader,
        intro=row.intro,
    )


@does("/editions/{int:edition_id}/write", WRITE, tag="editions", versioned=True, alone=True)
def write_edition(request: HttpRequest, edition_id: Id, given: WriteIn) -> EditionOut:
    """Give it subjects, introductions and preheaders of its own. It is assembled again, and approved no more."""
    row = edition_seen(request, edition_id, given)
    return edition_of(
        arranging.write(
            edition_id,
            subject=_texts(row, "subject", given.subject),
            preheader=_texts(row, "preheader", given.preheader),
            intro=_texts(row, "intro", given.intro),
            user=user_of(request),
            now=clock.now(),
            seen=row.version,
        )
    )


@reads("/editions/{int:edition_id}/preflight", SEE_DESK, tag="editions")
def read_preflight(request: HttpRequest, edition_id: Id) -> PreflightOut:  # noqa: ARG001 - as above
    """Whether it is fit to be sent, by what was looked at last."""
    return _preflight(edition_id)


@does("/editions/{int:edition_id}/look-over", WRITE, tag="editions", alone=True)
def look_edition_over(request: HttpRequest, edition_id: Id) -> PreflightOut:  # noqa: ARG001 - as above
    """Look it over closely: links, pictures and the spam filter are asked, which takes 8 seconds at most."""
    if edition_called(edition_id).state not in preflighting.BEFORE_SENDING:
        raise UserError("It can be looked over once it is assembled, and until it is sent.")
    preflighting.look_closely(edition_id, now=clock.now())
    return _preflight(edition_id)


@reads("/editions/{int:edition_id}/readers-now", SEE_DESK, tag="editions")
def count_readers(request: HttpRequest, edition_id: Id) -> ReadersNowOut:  # noqa: ARG001 - as above
    """How many subscribers it would go out to now."""
    row = edition_called(edition_id)
    found = readers.count(row.digest_id, row.segment, now=clock.now())
    return ReadersNowOut(count=found.number, exact=found.exact)


def _wave(wave: Wave) -> WaveOut:
    return WaveOut(
        due_at=wave.due_at,
        offset_minutes=round(wave.offset.total_seconds() / 60),
        total=wave.total,
        left=wave.left,
        queued=wave.queued,
    )


def _texts(row: Edition, field: str, given: Mapping[str, str]) -> dict[str, str]:
    """What the edition says itself with what was given in place. Raises `UserError` for a language of no reader."""
    own = arranging.as_values(row, field)
    if strange := sorted(set(given) - set(own)):
        raise UserError(f"Its digest does not come in {strange[0]}.", f"It comes in: {', '.join(own)}.")
    return own | dict(given)


def _preflight(edition_id: int) -> PreflightOut:
    row = Edition.objects.select_related("preflight").get(pk=edition_called(edition_id).pk)
    found = preflight.current(row)
    looked = row.preflight if found is not None else None
    return PreflightOut(
        level=preflight.worst(found or []).value,
        looked_at=looked.at if looked else None,
        asked_at=looked.asked_at if looked else None,
        findings=[_finding(each) for each in found or []],
    )


def _finding(each: Finding) -> FindingOut:
    return FindingOut(
        check=each.check,
        level=each.level.value,
        said=preflight_words.said(each),
        details=list(each.details),
        final=each.final,
    )
