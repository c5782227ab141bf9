"""Bulk actions: one deed on many subscribers, counted, begun with the number that was seen, watched, stopped and undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import BeforeValidator, Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.conditions import ConditionOut, Conditions, groups_in, groups_out
from publisher.api.v1.frame import does, reads
from publisher.api.v1.items import Slug
from publisher.api.v1.keys import sees_addresses, user_of
from publisher.api.v1.labels import TagName
from publisher.api.v1.shapes import NO_NUL, BodyId, Flag, Given, Id, OneOf, Page, Paged, Shape, whole
from publisher.api.v1.subscribers import AttributeKey, ChoiceIn, choice_of, digest_named
from publisher.audience import attributes
from publisher.audience.bulk import asking
from publisher.audience.bulk.asking import COUNT_SECONDS, UNDO_FOR, Wish
from publisher.audience.models import Bulk, Segment, Tag
from publisher.audience.segments import conditions, matching, saved
from publisher.audience.segments.conditions import Groups
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import LARGEST
from publisher.digests.models import Digest
from publisher.people.permissions import MANAGE_AUDIENCE

A = Bulk.Action
Action = Annotated[str, OneOf.of(A.values)]
State = Annotated[str, OneOf.of(Bulk.State.values)]

Why = Annotated[str, StringConstraints(max_length=asking.LONGEST_HOW, pattern=NO_NUL)]
Number = Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(whole)]
TAKES: Final[Mapping[str, frozenset[str]]] = {
    A.TAG: frozenset({"tag"}),
    A.UNTAG: frozenset({"tag"}),
    A.SET: frozenset({"attribute", "value"}),
    A.UNSUBSCRIBE: frozenset({"digest", "how"}),
    A.SUBSCRIBE: frozenset({"digest", "how", "topics", "kinds", "language", "region"}),
    A.SUPPRESS: frozenset({"how"}),
}
"""What is to be said of each deed. More is refused: a digest given with `suppress` would seem to be a limit."""


class WhoIn(Given):
    """Whom it is about: those in a segment who fit all of the conditions, as far as they are given."""

    segment: BodyId | None = None
    conditions: Conditions = Field(default_factory=list)
    everybody: Flag = Field(False, description="Say so to mean all subscribers; then nothing else.")


class DeedIn(ChoiceIn):
    """Who is meant, and what is to be done."""

    who: WhoIn
    action: Action
    tag: TagName | None = Field(
        None, description="tag, untag: its name. There has to be one: POST /tags makes it."
    )
    attribute: AttributeKey | None = Field(None, description="set: its key.")
    value: str | int | float | bool | None = Field(None, description="set: null takes it away.")
    digest: Slug | None = Field(
        None, description="subscribe; and unsubscribe, where left out means all digests."
    )
    how: Why = Field("", description="subscribe: the proof that they agreed; unsubscribe and suppress: why.")


class BulkIn(DeedIn):
    expected: Number = Field(
        description="The number that you saw. Nothing is done when it has changed by more than one in a hundred, and five."
    )


class MeantOut(Shape):
    number: int = Field(description="Subscribers who are meant: what to send as `expected`.")


class BulkOut(Shape):
    id: int
    state: State
    action: Action
    who: list[list[ConditionOut]] = Field(
        description="Groups of conditions, as they were when it was begun; empty: everybody, or forgotten after its week."
    )
    tag: str | None
    attribute: str | None
    value: str | int | float | bool | None = Field(description="null without the scope see_addresses, too.")
    digest: str | None = Field(description="null: all, or none is meant.")
    how: str
    expected: int
    total: int = Field(description="Those who were found when it was begun.")
    done: int = Field(description="Of these, dealt with.")
    changed: int = Field(description="Of those, changed.")
    undone: int
    problem: str
    asked_by: str
    undone_by: str
    at: datetime
    finished_at: datetime | None
    undone_at: datetime | None
    undo_until: datetime
    why_not_undo: str = Field(description="Empty: it can be undone.")


class BulkFilter(Paged):
    state: State | None = None


@dataclass(frozen=True)
class _Names:
    """What is called how, read once for a page."""

    tags: Mapping[int, str]
    digests: Mapping[int, str]

    @classmethod
    def all(cls) -> _Names:
        return cls(
            dict(Tag.objects.values_list("pk", "name")), dict(Digest.objects.values_list("pk", "slug"))
        )


@reads("/bulk-actions", MANAGE_AUDIENCE, tag="bulk actions")
def list_bulk_actions(request: HttpRequest, wanted: Query[BulkFilter]) -> Page[BulkOut]:
    """What was done to many, newest first."""
    rows = Bulk.objects.select_related("asked_by", "undone_by")
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    names = _Names.all()
    return paging.newest(request, rows, wanted, lambda row: _of(request, row, names))


@reads("/bulk-actions/{int:bulk_id}", MANAGE_AUDIENCE, tag="bulk actions")
def read_bulk_action(request: HttpRequest, bulk_id: Id) -> BulkOut:
    """One, and how far it is."""
    return _one(request, bulk_id)


@does("/bulk-actions/count", MANAGE_AUDIENCE, tag="bulk actions", remembered=False)
def count_bulk_action(request: HttpRequest, given: DeedIn) -> MeantOut:
    """Check a deed, and count whom it would be about. Nothing is changed."""
    asking.checked(_wish(given))
    number = matching.exactly(_groups(request, given.who), now=clock.now(), seconds=COUNT_SECONDS)
    return MeantOut(number=number)


@does("/bulk-actions", MANAGE_AUDIENCE, tag="bulk actions", status=201)
def begin_bulk_action(request: HttpRequest, given: BulkIn) -> BulkOut:
    """Have it done by a worker, to as many as you saw. Other numbers by now are 409 `stale`, with the number in `fields`."""
    bulk = asking.ask(
        _groups(request, given.who),
        _wish(given),
        expected=given.expected,
        user=user_of(request),
        now=clock.now(),
    )
    return _one(request, bulk.pk)


@does("/bulk-actions/{int:bulk_id}/stop", MANAGE_AUDIENCE, tag="bulk actions")
def stop_bulk_action(request: HttpRequest, bulk_id: Id) -> BulkOut:
    """End it after its present batch. What is done stays, and can be undone."""
    get_object_or_404(Bulk, pk=bulk_id)
    asking.stop(bulk_id, user=user_of(request), now=clock.now())
    return _one(request, bulk_id)


@does("/bulk-actions/{int:bulk_id}/undo", MANAGE_AUDIENCE, tag="bulk actions")
def undo_bulk_action(request: HttpRequest, bulk_id: Id) -> BulkOut:
    """Take it back within seven days, for those whom nobody has changed since."""
    get_object_or_404(Bulk, pk=bulk_id)
    asking.undo(bulk_id, user=user_of(request), now=clock.now())
    return _one(request, bulk_id)


def _groups(request: HttpRequest, who: WhoIn) -> Groups:
    narrowed = who.segment is not None or bool(who.conditions)
    if who.everybody == narrowed:
        raise UserError(
            "It does not say who is meant." if not narrowed else "It means everybody, and only some.",
            'Send `segment`, `conditions` or both, or else "everybody": true.',
        )
    base: Groups = ()
    if who.segment is not None:
        segment = Segment.objects.filter(pk=who.segment).first()
        if segment is None:
            raise UserError("There is no such segment.", "GET /api/v1/segments lists them.")
        base = saved.groups_of(segment)
        if not base:  # no condition would mean everybody
            raise UserError("The segment has no conditions.", "Choose another.")
    extra = groups_in(request, [who.conditions], for_segment=False)
    return conditions.within_limits(conditions.both(base, extra[0] if extra else ()))


def _wish(given: DeedIn) -> Wish:
    takes = TAKES[given.action]
    if strange := sorted(given.model_fields_set - takes - {"who", "action", "expected"}):
        raise UserError(f"{given.action} takes no {strange[0]}.", f"It takes: {', '.join(sorted(takes))}.")
    if given.action == A.SET and "value" not in given.model_fields_set:
        raise UserError("There is no value.", "Send it; null takes the attribute away.")
    digest = digest_named(given.digest) if given.digest else None
    return Wish(
        action=given.action,
        tag=given.tag or "",
        attribute=given.attribute or "",
        value=attributes.shown(given.value),
        digest_id=digest.pk if digest else None,
        choice=choice_of(given, digest) if digest and given.action == A.SUBSCRIBE else None,
        how=given.how,
    )


def _one(request: HttpRequest, bulk_id: int) -> BulkOut:
    row = get_object_or_404(Bulk.objects.select_related("asked_by", "undone_by"), pk=bulk_id)
    return _of(request, row, _Names.all())


def _of(request: HttpRequest, row: Bulk, names: _Names) -> BulkOut:
    given: dict[str, Any] = row.given
    return BulkOut(
        id=row.pk,
        state=row.state,
        action=row.action,
        who=groups_out(request, row.groups),
        tag=names.tags.get(given["tag"]) if "tag" in given else None,
        attribute=given.get("attribute"),
        value=given.get("value") if sees_addresses(request) else None,
        digest=names.digests.get(given["digest"]) if given.get("digest") else None,
        how=given.get("how", ""),
        expected=row.expected,
        total=row.total,
        done=row.done,
        changed=row.changed,
        undone=row.undone,
        problem=row.problem,
        asked_by=row.asked_by.get_username() if row.asked_by else "",
        undone_by=row.undone_by.get_username() if row.undone_by else "",
        at=row.at,
        finished_at=row.finished_at,
        undone_at=row.undone_at,
        undo_until=row.at + UNDO_FOR,
        why_not_undo=asking.why_not_undo(row, clock.now()),
    )
