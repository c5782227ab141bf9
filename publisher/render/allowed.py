"""The filters, methods and functions that a staff template may call. What is not listed here does not exist
for it.

Only what finishes in time and space linear in its input is listed; each filter's result is counted against
the budget.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final

from jinja2 import Environment, pass_environment
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as ALL_FILTERS
from jinja2.filters import make_attrgetter

from publisher.render import budget
from publisher.render.instrument import printable

_LONGEST_RANGE: Final = 1_000

_TEXT_METHODS = frozenset(
    {"capitalize", "casefold", "count", "endswith", "find", "isdigit", "lower", "lstrip", "removeprefix"}
    | {"removesuffix", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper"}
)
_DATE_PARTS = frozenset({"day", "hour", "isoformat", "isoweekday", "minute", "month", "weekday", "year"})

METHODS: Final[dict[type, frozenset[str]]] = {
    str: _TEXT_METHODS,
    bytes: frozenset(),
    bool: frozenset(),
    int: frozenset(),
    float: frozenset(),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    date: _DATE_PARTS,
}


def short_range(*numbers: int) -> range:
    """`range`, of at most a thousand rounds."""
    rounds = range(*numbers)
    if len(rounds) > _LONGEST_RANGE:
        raise SecurityError(f"a range has at most {_LONGEST_RANGE} rounds")
    return rounds


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, its result's length spent. Keeps Jinja2's marks (pass_context and the like) on the
    function.
    """

    @functools.wraps(function)
    def counted(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        budget.current().spend(len(result) if isinstance(result, str | list | tuple) else 0)
        return result

    return counted


@pass_environment
def _join(
    environment: Environment, values: Iterable[object], separator: str = "", attribute: str | None = None
) -> str:
    read = make_attrgetter(environment, attribute) if attribute else lambda value: value
    texts = [str(printable(read(value))) for value in values]
    budget.current().spend(sum(map(len, texts)) + len(separator) * len(texts))
    return str(separator).join(texts)


def _replace(text: object, old: str, new: str) -> str:
    whole = str(printable(text))
    budget.current().spend(len(whole) + whole.count(str(old)) * len(str(new)))
    return whole.replace(str(old), str(new))


def _string(value: object) -> str:
    return str(printable(value))


_PLAIN: Final = (
    *("abs", "capitalize", "d", "default", "first", "float", "int", "last", "length", "list", "lower", "map"),
    *("max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "title", "trim"),
    *("truncate", "unique", "upper", "wordcount"),
)

FILTERS: Final[dict[str, Callable[..., Any]]] = {
    **{name: _counted(ALL_FILTERS[name]) for name in _PLAIN},
    "join": _join,
    "replace": _replace,
    "string": _string,
}
