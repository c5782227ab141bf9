"""Conditions on subscribers, as segments and bulk actions are given them, and what a condition may be about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from django.http import HttpRequest
from pydantic import BeforeValidator, Field, StringConstraints

from publisher.api.v1.keys import require, sees_addresses
from publisher.api.v1.shapes import NO_NUL, Flag, Given, Shape, whole
from publisher.audience.segments import conditions, fields
from publisher.audience.segments.conditions import (
    LONGEST_VALUE,
    MOST_CONDITIONS,
    MOST_GROUPS,
    Condition,
    Groups,
)
from publisher.audience.segments.fields import MOST_WEEKS
from publisher.audience.segments.fields import Field as Known
from publisher.core.errors import UserError
from publisher.people.permissions import SEE_ADDRESSES

FieldName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=NO_NUL)]
Op = Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=NO_NUL)]
Value = Annotated[str, StringConstraints(max_length=LONGEST_VALUE, pattern=NO_NUL)]
Weeks = Annotated[int, Field(ge=1, le=MOST_WEEKS), BeforeValidator(whole)]


class ConditionIn(Given):
    field: FieldName = Field(description="One of GET /conditions.")
    op: Op | None = Field(None, description="One of the field's; left out: its first.")
    value: Value = Field("", description="As text: a number, an id, yes or no, a day such as 2026-05-31.")
    within_weeks: Weeks | None = Field(None, description="Of what was sent: how far back; left out: always.")
    negated: Flag = Field(False, description="Who does not fit it.")


Conditions = Annotated[list[ConditionIn], Field(max_length=MOST_CONDITIONS)]
GroupsIn = Annotated[
    list[Annotated[list[ConditionIn], Field(min_length=1, max_length=MOST_CONDITIONS)]],
    Field(
        min_length=1,
        max_length=MOST_GROUPS,
        description="Somebody fits who fits all conditions of one of the groups.",
    ),
]


class ConditionOut(Shape):
    field: str
    op: str
    value: str = Field(description="Of a search for addresses and names: … without the scope see_addresses.")
    within_weeks: int | None
    negated: bool


class ConditionFieldOut(Shape):
    """What a condition may be about."""

    field: str
    label: str
    kind: str = Field(description="choice: one of `values`, or an id where there are none; yes: yes or no.")
    ops: list[str]
    values: list[str]
    in_segments: bool = Field(description="Whether a segment may have it; else only a bulk action.")


def known() -> list[ConditionFieldOut]:
    """Everything that a condition may be about, those of attributes last."""
    return [
        ConditionFieldOut(
            field=each.name,
            label=str(each.label),
            kind=each.control,
            ops=_ops(each),
            values=[value for value, _label in each.options],
            in_segments=each.offered,
        )
        for each in fields.known().values()
    ]


def groups_in(request: HttpRequest, given: Iterable[Iterable[ConditionIn]], *, for_segment: bool) -> Groups:
    """What was sent as conditions. Raises `UserError` for what cannot be asked, and `ProblemError` for who may not."""
    return conditions.within_limits(
        tuple(tuple(_condition(request, each, for_segment=for_segment) for each in group) for group in given)
    )


def groups_out(request: HttpRequest, groups: Any) -> list[list[ConditionOut]]:
    """Conditions as they are stored. What cannot be read any more is left out."""
    try:
        found: Sequence[Sequence[Condition]] = conditions.read(groups)
    except UserError:
        found = ()
    plain = sees_addresses(request)
    return [[_out(each, plain=plain) for each in group] for group in found]


def _condition(request: HttpRequest, given: ConditionIn, *, for_segment: bool) -> Condition:
    field = fields.field_of(given.field)
    if not field.offered:
        if for_segment:
            raise UserError(
                f"A segment has no condition on {given.field}.",
                "GET /api/v1/conditions says which it may have.",
            )
        require(request, SEE_ADDRESSES, "To search by address or name")
    op = given.op or _ops(field)[0]
    if op not in _ops(field):
        raise UserError(
            f"{given.field} is not compared by “{op[:20]}”.", f"It is compared by: {', '.join(_ops(field))}."
        )
    value = given.value.strip()
    if field.control == "yes" and op == "is" and value not in ("yes", "no"):
        raise UserError(f"The value of {given.field} is neither yes nor no.", "Write yes or no.")
    return Condition(given.field, op, value, str(given.within_weeks or ""), given.negated)


def _ops(field: Known) -> list[str]:
    return [op for op, _label in field.comparisons]


def _out(each: Condition, *, plain: bool) -> ConditionOut:
    field = fields.FIELDS.get(each.field)
    hidden = field is not None and not field.offered and not plain
    return ConditionOut(
        field=each.field,
        op=each.op,
        value="…" if hidden else each.value,
        within_weeks=int(each.within) if each.within.isdecimal() else None,
        negated=each.negated,
    )
