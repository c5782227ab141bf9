"""Conditions as data. A subscriber fits who meets every condition of at least one group; no group at all means everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from publisher.core.errors import UserError

MOST_GROUPS = 8
MOST_CONDITIONS = 12
"""In one group."""
LONGEST_VALUE = 200


@dataclass(frozen=True)
class Condition:
    """`field` is a name that `fields.py` knows, `value` as it was typed; `within` a number of weeks, or empty."""

    field: str
    op: str = "is"
    value: str = ""
    within: str = ""
    negated: bool = False

    def written(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "op": self.op,
            "value": self.value,
            "within": self.within,
            "not": self.negated,
        }


Groups = tuple[tuple[Condition, ...], ...]


def written(groups: Groups) -> list[list[dict[str, Any]]]:
    """As JSON has them."""
    return [[each.written() for each in group] for group in groups]


def read(data: Any) -> Groups:
    """What `written` wrote, also when it came through somebody's hands. Raises `UserError`."""
    try:
        groups = tuple(tuple(_condition(each) for each in group) for group in data)
    except (TypeError, KeyError, AttributeError):
        raise UserError(
            _("These conditions cannot be read."), _("Choose them anew on the page of subscribers.")
        ) from None
    return within_limits(groups)


def within_limits(groups: Groups) -> Groups:
    """The groups that have conditions. Raises `UserError` for more than a page can show."""
    groups = tuple(group for group in groups if group)
    if len(groups) > MOST_GROUPS or any(len(group) > MOST_CONDITIONS for group in groups):
        raise UserError(
            _("There are at most %(groups)s groups of %(conditions)s conditions.")
            % {"groups": MOST_GROUPS, "conditions": MOST_CONDITIONS},
            _("Take some away."),
        )
    return groups


def both(groups: Groups, more: Iterable[Condition]) -> Groups:
    """Whoever fits `groups` and all of `more`."""
    extra = tuple(more)
    if not extra:
        return groups
    return tuple((*group, *extra) for group in groups) or (extra,)


def _condition(data: Mapping[str, Any]) -> Condition:
    texts = [str(data.get(name, "")) for name in ("field", "op", "value", "within")]
    field, op, value, within = (text.replace("\0", "")[:LONGEST_VALUE] for text in texts)
    return Condition(field, op or "is", value.strip(), within.strip(), bool(data.get("not")))
