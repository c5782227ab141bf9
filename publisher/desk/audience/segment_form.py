"""The form of conditions, between the browser and `Groups`. It works by buttons alone: each adds or drops a row of the form."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from django.http.request import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from publisher.audience.segments import fields
from publisher.audience.segments.conditions import (
    LONGEST_VALUE,
    MOST_CONDITIONS,
    MOST_GROUPS,
    Condition,
    Groups,
)
from publisher.audience.segments.fields import Field
from publisher.core.numbers import number_in
from publisher.desk.audience.filtering import Options, options

_NAME: Final = re.compile(r"c-(\d{1,2})-(\d{1,2})-field")


@dataclass(frozen=True)
class Line:
    """One condition as the form shows it; `field` None: what it is about is not there any more."""

    name: str
    condition: Condition
    field: Field | None
    options: Options


@dataclass(frozen=True)
class Sent:
    """What was sent: the conditions after the button was pressed, and whether it was one of the form's own."""

    groups: Groups
    name: str
    version: int
    deed: str


def sent_of(data: QueryDict) -> Sent:
    """Read the form, and do what its button says of it."""
    rows: dict[int, dict[int, Condition]] = {}
    for key in data:
        if found := _NAME.fullmatch(key):
            group, row = int(found[1]), int(found[2])
            condition = _condition(data, f"c-{group}-{row}")
            if _offered(condition.field):
                rows.setdefault(group, {})[row] = condition
    deed = data.get("deed", "")
    groups = [[rows[n][m] for m in sorted(rows[n]) if deed != f"drop-{n}-{m}"] for n in sorted(rows)]
    numbers = sorted(rows)
    if deed.startswith("add-"):
        _add(groups, numbers, deed, data)
    version = data.get("version", "")
    name = data.get("name", "")[:200]
    return Sent(
        tuple(tuple(group[:MOST_CONDITIONS]) for group in groups if group)[:MOST_GROUPS],
        name,
        number_in(version) or 0,
        deed if deed in ("save", "count") else "",
    )


def _add(groups: list[list[Condition]], numbers: list[int], deed: str, data: QueryDict) -> None:
    where = deed.removeprefix("add-")
    field = data.get(f"new-{where}", "")
    if field not in fields.known() or not _offered(field):
        return
    new = Condition(field, _first_op(field))
    group = number_in(where)
    if group in numbers:
        groups[numbers.index(group)].append(new)
    else:
        groups.append([new])


def _offered(name: str) -> bool:
    """Not what only the filter of the list may ask, of whom may read addresses. What is not there any more is shown as such."""
    return name not in fields.FIELDS or fields.FIELDS[name].offered


def _first_op(name: str) -> str:
    return fields.field_of(name).comparisons[0][0]


def _condition(data: QueryDict, name: str) -> Condition:
    def text(part: str) -> str:
        return data.get(f"{name}-{part}", "").replace("\0", "").strip()[:LONGEST_VALUE]

    return Condition(
        text("field"), text("op") or "is", text("value"), text("within"), data.get(f"{name}-not") == "yes"
    )


def lines_of(groups: Groups) -> list[list[Line]]:
    """The rows of the form."""
    known, offered = fields.known(), options()
    return [
        [_line(f"c-{n}-{m}", each, known, offered) for m, each in enumerate(group)]
        for n, group in enumerate(groups)
    ]


def _line(name: str, condition: Condition, known: dict[str, Field], offered: dict[str, Options]) -> Line:
    field = known.get(condition.field)
    if field is None:
        return Line(name, condition, None, [])
    return Line(name, _with_op(condition, field), field, _choices(field, offered))


def _with_op(condition: Condition, field: Field) -> Condition:
    ops = [op for op, _label in field.comparisons]
    return condition if condition.op in ops else replace(condition, op=ops[0])


def _choices(field: Field, offered: dict[str, Options]) -> Options:
    if field.control == "yes":
        return offered["suppressed"]
    return list(field.options) or offered.get(field.name, [])


def offered_fields() -> list[tuple[str, str | Promise]]:
    """What a new condition may be about."""
    return [(each.name, each.label) for each in fields.known().values() if each.offered]


def in_words(groups: Groups, *, sees: bool = True) -> list[list[str]]:
    """The conditions as a page tells them; without the address or name in them for who does not see any."""
    return [[told(line, sees=sees) for line in group] for group in lines_of(groups)]


def told(line: Line, *, sees: bool = True) -> str:
    """`Tag is Press`; of what is not there any more, its short name."""
    condition, field = line.condition, line.field
    if field is None:
        return condition.field
    op = dict(field.comparisons)[condition.op]
    value = dict(line.options).get(condition.value, condition.value)
    if field.name == "text" and not sees:
        value = "…"
    text = " ".join(str(part) for part in (field.label, op, value if condition.op != "set" else "") if part)
    if condition.within:
        text = _("%(condition)s, in the last %(weeks)s weeks") % {
            "condition": text,
            "weeks": condition.within,
        }
    return _("not: %(condition)s") % {"condition": text} if condition.negated else text
