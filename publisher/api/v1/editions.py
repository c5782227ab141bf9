"""Editions: reading them and their variants, and what staff do with one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging, versions
from publisher.api.v1.digests import SegmentName
from publisher.api.v1.frame import does, reads
from publisher.api.v1.items import Slug
from publisher.api.v1.keys import require, user_of
from publisher.api.v1.shapes import Address, Flag, Given, Id, Language, Line, OneOf, Page, Paged, Shape
from publisher.core import clock
from publisher.counting.links import plain_variant
from publisher.delivery import arranging, copies, letting_go, mail_doubts, progress
from publisher.delivery.corrections import assemble_again
from publisher.digests import editions, readers, webview
from publisher.digests.models import Edition, Variant
from publisher.digests.readers import Narrowed
from publisher.people.permissions import PUBLISH, SEE_ADDRESSES, SEE_DESK, WRITE

EditionState = Annotated[str, OneOf.of(Edition.State.values)]
EditionVersion = Annotated[str, StringConstraints(max_length=100, pattern=r"^[!#-~]+$")]
MOST_VARIANTS = 200


class EditionFilter(Paged):
    state: EditionState | None = None
    digest: Slug | None = None


class EditionOut(Shape):
    """One issue. `version` changes with its state and with each assembling."""

    id: int
    version: str
    state: EditionState
    name: str
    digest_id: int
    digest: str
    number: int | None
    due_at: datetime
    window_from: datetime
    window_to: datetime
    segment: str = Field(
        description="Of the digest's subscribers only those in the segment of this name get it; empty: all."
    )
    problem: str
    approved_by: str
    withdrawn: bool
    created_at: datetime
    assembled_at: datetime | None
    finished_at: datetime | None
    trace_id: str


class ProgressOut(Shape):
    """Its mails to readers, each counted once."""

    total: int
    left: int
    waiting: int
    unclear: int
    nothing: int = Field(description="Refused, suppressed or cancelled.")
    by_state: dict[str, int]


class ItemOfEdition(Shape):
    item_id: int
    revision: int
    position: int
    title: str


class ReadersOut(Shape):
    """Of an edition that goes to a segment: what was asked when it was assembled, and how many subscribers of the digest were in
    it."""

    segment_id: int
    segment: str = Field(description="Its name then.")
    asked_at: datetime
    subscribed: int
    inside: int


class EditionDetail(EditionOut):
    items: list[ItemOfEdition]
    progress: ProgressOut
    readers: ReadersOut | None = Field(description="None for everybody, and before it is assembled.")


class VariantOut(Shape):
    """The edition as some of its readers get it."""

    id: int
    language: str
    region: str
    subject: str
    selections: int
    recipients: int
    retired: bool
    rendered_at: datetime | None


class VariantDetail(VariantOut):
    html: str
    text: str


class SeenIn(Given):
    version: EditionVersion | None = None


class LetGoIn(SeenIn):
    reason: Line = Field(
        "",
        description="Why it is to be sent although the preflight found what keeps it; not everything can be overruled.",
    )


class ChooseReadersIn(SeenIn):
    segment: SegmentName = Field(description="The name of a segment; empty: everybody who subscribes.")


class TestIn(Given):
    """A test goes to one address, in a language or as one subscriber gets it."""

    to: Address
    language: Language | None = None
    like: Address | None = Field(
        None,
        description="The address of the subscriber whose mail it shall be. Needs the scope see_addresses.",
    )


class TestOut(Shape):
    delivery_id: int
    to: str


class ArrivedIn(Given):
    arrived: Flag = Field(description="Whether they count as sent; else they are sent again.")


class MailCountOut(Shape):
    mails: int


@reads("/editions", SEE_DESK, tag="editions")
def list_editions(request: HttpRequest, wanted: Query[EditionFilter]) -> Page[EditionOut]:
    """Editions, the latest due first."""
    given = {"state": wanted.state, "digest__slug": wanted.digest}
    rows = Edition.objects.select_related("digest").filter(**{k: v for k, v in given.items() if v})
    return paging.latest(request, rows, "due_at", wanted, edition_of)


@reads("/editions/{int:edition_id}", SEE_DESK, tag="editions")
def read_edition(request: HttpRequest, edition_id: Id) -> EditionDetail:  # noqa: ARG001 - ninja's signature
    """One edition, with its items and how far it is."""
    row = edition_called(edition_id)
    entries = row.edition_items.select_related("item").defer("item__body_html", "item__body_text")
    totals = progress.sending(row)
    return EditionDetail(
        **_facts(row),
        items=[
            ItemOfEdition(
                item_id=each.item_id, revision=each.revision, position=each.position, title=each.item.title
            )
            for each in entries
        ],
        progress=ProgressOut(
            total=totals.total,
            left=totals.left,
            waiting=totals.waits,
            unclear=totals.unclear,
            nothing=totals.nothing,
            by_state=totals.counts,
        ),
        readers=_readers(row),
    )


@reads("/editions/{int:edition_id}/variants", SEE_DESK, tag="editions")
def list_variants(request: HttpRequest, edition_id: Id) -> Page[VariantOut]:  # noqa: ARG001 - ninja's signature
    """Its renderings, those with most readers first; 200 at most."""
    rows = edition_called(edition_id).variants.defer("html", "text", "message")
    ordered = list(rows.order_by("retired", "-recipients", "-selections", "pk")[:MOST_VARIANTS])
    return paging.whole(ordered, lambda row: VariantOut(**_variant(row)))


@reads("/editions/{int:edition_id}/variants/{int:variant_id}", SEE_DESK, tag="editions")
def read_variant(request: HttpRequest, edition_id: Id, variant_id: Id) -> VariantDetail:  # noqa: ARG001 - ninja's signature
    """One rendering: its HTML and its text, with nobody's own links."""
    row = get_object_or_404(
        Variant.objects.select_related("edition__digest"), pk=variant_id, edition_id=edition_id
    )
    html = webview.html_of(plain_variant(row), settings.BASE_URL) if row.html else ""
    text = webview.text_of(row, settings.BASE_URL) if row.text else ""
    return VariantDetail(**_variant(row), html=html, text=text)


@does("/editions/{int:edition_id}/approve", PUBLISH, tag="editions", versioned=True)
def approve_edition(request: HttpRequest, edition_id: Id, given: LetGoIn) -> EditionOut:
    """Let a waiting edition go out."""
    row = edition_seen(request, edition_id, given)
    return edition_of(
        letting_go.approve(
            edition_id, user=user_of(request), now=clock.now(), seen=row.version, despite=given.reason
        )
    )


@does("/editions/{int:edition_id}/pause", PUBLISH, tag="editions", versioned=True)
def pause_edition(request: HttpRequest, edition_id: Id, given: SeenIn) -> EditionOut:
    """Stop before the next mail is claimed. What a server has accepted by then has left."""
    edition_seen(request, edition_id, given)
    return edition_of(editions.pause(edition_id, user=user_of(request), now=clock.now()))


@does("/editions/{int:edition_id}/resume", PUBLISH, tag="editions", versioned=True)
def resume_edition(request: HttpRequest, edition_id: Id, given: LetGoIn) -> EditionOut:
    """Go on with a paused edition; one that could not be assembled is tried again."""
    row = edition_seen(request, edition_id, given)
    return edition_of(
        letting_go.resume(
            edition_id, user=user_of(request), now=clock.now(), seen=row.version, despite=given.reason
        )
    )


@does("/editions/{int:edition_id}/cancel", PUBLISH, tag="editions", versioned=True)
def cancel_edition(request: HttpRequest, edition_id: Id, given: SeenIn) -> EditionOut:
    """End it for good: what is queued will not leave."""
    edition_seen(request, edition_id, given)
    return edition_of(editions.cancel(edition_id, user=user_of(request), now=clock.now()))


@does("/editions/{int:edition_id}/assemble-again", PUBLISH, tag="editions", versioned=True)
def assemble_edition_again(request: HttpRequest, edition_id: Id, given: SeenIn) -> EditionOut:
    """Render all of it anew, with today's templates, texts and revisions."""
    edition_seen(request, edition_id, given)
    return edition_of(assemble_again(edition_id, user=user_of(request)))


@does("/editions/{int:edition_id}/choose-readers", PUBLISH, tag="editions", versioned=True, alone=True)
def choose_readers(request: HttpRequest, edition_id: Id, given: ChooseReadersIn) -> EditionOut:
    """Send it to those of its digest's subscribers who are in a segment, or to all, while nothing of it has left. It is assembled
    again."""
    row = edition_seen(request, edition_id, given)
    return edition_of(
        arranging.choose_readers(
            edition_id,
            readers.called(given.segment),
            user=user_of(request),
            now=clock.now(),
            seen=row.version,
        )
    )


@does("/editions/{int:edition_id}/send-test", WRITE, tag="editions", status=201)
def send_test(request: HttpRequest, edition_id: Id, given: TestIn) -> TestOut:
    """Send its mail to one address now, whatever its state is."""
    edition_called(edition_id)
    if given.like:
        require(request, SEE_ADDRESSES, "To send what one subscriber gets")
    language = "" if given.like else given.language or ""
    row = copies.send_test(
        edition_id,
        to=given.to,
        language=language,
        like=given.like or "",
        actor=user_of(request),
        now=clock.now(),
    )
    return TestOut(delivery_id=row.pk, to=row.address)


@does("/editions/{int:edition_id}/settle", PUBLISH, tag="editions")
def settle_edition(request: HttpRequest, edition_id: Id, given: ArrivedIn) -> MailCountOut:
    """Say of every unclear mail of an edition whether it arrived; those that did not are sent again."""
    edition_called(edition_id)
    count = mail_doubts.confirm_edition(
        edition_id, user=user_of(request), arrived=given.arrived, now=clock.now()
    )
    return MailCountOut(mails=count)


def edition_of(row: Edition) -> EditionOut:
    """An edition as it is answered."""
    return EditionOut(**_facts(row))


def version_of(row: Edition) -> str:
    """What a caller saw of it: its state, and which assembling."""
    return f"{row.state}@{row.version}" if row.version else row.state


def edition_seen(request: HttpRequest, edition_id: int, given: SeenIn) -> Edition:
    """The edition, if it is as the caller saw it; the services look again under lock."""
    row = edition_called(edition_id)
    said = versions.seen_text(request, given.version)
    if said != version_of(row):
        raise versions.stale(
            request,
            f"{row} is “{row.get_state_display()}” now, or was assembled again.",
            "Read it again, then decide.",
        )
    return row


def edition_called(edition_id: int) -> Edition:
    """Raises `Http404`."""
    return get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)


def _facts(row: Edition) -> dict[str, Any]:
    return {
        "id": row.pk,
        "version": version_of(row),
        "state": row.state,
        "name": row.short_name,
        "digest_id": row.digest_id,
        "digest": row.digest.slug,
        "number": row.number,
        "due_at": row.due_at,
        "window_from": row.window_from,
        "window_to": row.window_to,
        "segment": readers.name_for(row),
        "problem": row.problem,
        "approved_by": row.approved_by,
        "withdrawn": row.withdrawn,
        "created_at": row.created_at,
        "assembled_at": row.assembled_at,
        "finished_at": row.finished_at,
        "trace_id": row.trace_id,
    }


def _readers(row: Edition) -> ReadersOut | None:
    found = Narrowed.of(row)
    if found is None:
        return None
    return ReadersOut(
        segment_id=found.segment,
        segment=found.name,
        asked_at=found.at,
        subscribed=found.subscribed,
        inside=found.inside,
    )


def _variant(row: Variant) -> dict[str, Any]:
    return {
        "id": row.pk,
        "language": row.language,
        "region": row.region,
        "subject": row.subject,
        "selections": row.selections,
        "recipients": row.recipients,
        "retired": row.retired,
        "rendered_at": row.rendered_at,
    }
