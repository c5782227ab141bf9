"""What pydantic found, as a `Refused` with our codes and words; and the range in which dates are believed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_noop as _
from pydantic import ValidationError

from publisher.items.refusals import Problem, Refused, refuse, shown
from publisher.items.schema import KINDS, ItemIn

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# Before the United Nations there is nothing to publish; two years ahead covers events and long embargoes.
EARLIEST: Final = datetime(1945, 1, 1, tzinfo=UTC)
FURTHEST: Final = timedelta(days=731)

# pydantic's type of error: (our code, what was expected; None: pydantic's own message, which is ours for custom errors)
_KNOWN: Final[dict[str, tuple[str, str | None]]] = {
    "missing": ("missing_field", _("a value")),
    "string_type": ("wrong_type", _("a string")),
    "dict_type": ("wrong_type", _("an object")),
    "list_type": ("wrong_type", _("a list")),
    "tuple_type": ("wrong_type", _("a list")),
    "model_type": ("wrong_type", _("an object")),
    "model_attributes_type": ("wrong_type", _("an object")),
    "too_long": ("too_long", None),
    "empty": ("missing_field", None),
    "bad_date": ("bad_date", None),
    "datetime_type": ("bad_date", _("an RFC 3339 date with an offset")),
    "bad_language": ("bad_language", None),
    "bad_region": ("bad_region", None),
    "bad_url": ("bad_url", None),
    "literal_error": ("bad_value", None),
    "no_name": ("no_id", None),
}
_REQUIRED: Final = {"id": "no_id", "title": "no_title"}


def refusal_of(error: ValidationError) -> Refused:
    """The first problem gives the code (a missing title or id before all), the reason names up to five fields."""
    found = [_problem(details) for details in error.errors(include_url=False, include_context=False)]
    code = min((code for code, _rest in found), key=lambda code: code not in _REQUIRED.values())
    return refuse(code, [problem for _code, problem in found])


def date_refusal(item: ItemIn, now: datetime) -> Refused | None:
    """A refusal if `published_at` or `embargo_until` is before 1945 or more than two years ahead of `now`."""
    problems = [
        Problem(
            name,
            value.isoformat().replace("+00:00", "Z"),
            _("between 1945-01-01 and %(last)s") % {"last": f"{now + FURTHEST:%Y-%m-%d}"},
        )
        for name, value in (("published_at", item.published_at), ("embargo_until", item.embargo_until))
        if value is not None and not EARLIEST <= value <= now + FURTHEST
    ]
    return refuse("date_out_of_range", problems) if problems else None


def ignored_fields(given: dict[str, Any]) -> tuple[str, ...]:
    """Names of fields that an item does not have, sorted, at most 20: they were ignored."""
    return tuple(sorted(shown(name)[1:-1] for name in given.keys() - ItemIn.model_fields.keys()))[:20]


def _problem(details: ErrorDetails) -> tuple[str, Problem]:
    path = [part for part in details["loc"] if part != "[key]"]
    name = ".".join(str(part) for part in path) or "the entry"
    code, expected = _KNOWN.get(details["type"], ("bad_value", None))
    if details["type"] == "too_long" and isinstance(details["input"], list | tuple | dict):
        code, expected = "too_many", _("at most 50 entries")
    if details["type"] == "literal_error" and path == ["kind"]:
        code, expected = "bad_kind", _("one of %(kinds)s") % {"kinds": ", ".join(KINDS)}
    if code == "missing_field" and len(path) == 1:
        code = _REQUIRED.get(str(path[0]), code)
    found = _("missing") if details["type"] == "missing" else _measure(details["input"], code)
    return code, Problem(shown(name)[1:-1], found, expected or _own_words(details))


def _measure(value: object, code: str) -> str:
    if code == "too_long" and isinstance(value, str):
        return _("%(number)s characters") % {"number": f"{len(value):,}"}
    if code == "too_many" and isinstance(value, list | tuple | dict):
        return _("%(number)s entries") % {"number": f"{len(value):,}"}
    return shown(value)


def _own_words(details: ErrorDetails) -> str:
    message = details["msg"].removeprefix("Input should be ")
    return message[:1].lower() + message[1:]


def all_strings(value: object) -> Iterator[tuple[str, str]]:
    """Path and text of every string (keys too) in decoded JSON, for the check of characters."""
    stack: list[tuple[str, object]] = [("", value)]
    while stack:
        path, here = stack.pop()
        if isinstance(here, str):
            yield path or "the entry", here
        elif isinstance(here, dict):
            for key, inner in here.items():
                yield "the name of a field", key
                stack.append((f"{path}.{key}" if path else key, inner))
        elif isinstance(here, list):
            stack.extend((f"{path}.{index}", inner) for index, inner in enumerate(here))
