"""Runs the templates that staff may edit (subjects, social texts): no access to Python, and limits that hold.

`render_staff` is the only door. The limits live in render/budget.py, the counting in render/instrument.py,
what a template may call in render/allowed.py. Our own template files run in render/trusted.py instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, Final, cast

from jinja2 import StrictUndefined, Template, TemplateError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from publisher.render import budget
from publisher.render.allowed import FILTERS, METHODS, short_range
from publisher.render.budget import Budget, Limits, OverBudget
from publisher.render.failure import TEMPLATE_ERRORS, TemplateFailure, failure_from
from publisher.render.instrument import COUNTERS, Instrument

DEFAULT_LIMITS: Final = Limits()
_LARGEST_NUMBER: Final = 10**15


def render_staff(
    source: str, values: Mapping[str, object], *, name: str, limits: Limits = DEFAULT_LIMITS
) -> str:
    """The plain text that the template `source` makes of `values`. `name` is what errors call the template.

    Raises TemplateFailure, with the line, for whatever is wrong: syntax, unknown names, forbidden calls,
    limits.
    """
    if len(source) > limits.source:
        raise TemplateFailure(name, 0, f"the template is longer than {limits.source} characters")
    with budget.spending(Budget(limits)):
        try:
            template = Template.from_code(
                _ENVIRONMENT, _compiled(source, name), _ENVIRONMENT.make_globals(None)
            )
            return _collect(template.generate(**values), limits)
        except UndefinedError as error:
            raise _with_suggestion(failure_from(error, name), values) from error
        except (TemplateError, *TEMPLATE_ERRORS) as error:
            raise failure_from(error, name) from error


def _collect(chunks: Iterable[str], limits: Limits) -> str:
    written: list[str] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limits.output:
            raise OverBudget(f"writes more than {limits.output} characters")
        written.append(chunk)
    return "".join(written)


@lru_cache(maxsize=256)
def _compiled(source: str, name: str) -> CodeType:
    return _ENVIRONMENT.compile(source, name, name)


def _with_suggestion(failure: TemplateFailure, values: Mapping[str, object]) -> TemplateFailure:
    """The same failure, with the nearest known name or the list of them."""
    _, quote, rest = failure.message.partition("“")
    wrong = rest.partition("”")[0]
    if not quote or "known here" not in failure.message:
        return failure
    return TemplateFailure(failure.template, failure.line, failure.message + _hint(wrong, list(values)))


def _hint(wrong: str, known: Sequence[object]) -> str:
    names = [str(name) for name in known]
    near = difflib.get_close_matches(wrong, names, n=1)
    if near:
        return f"; did you mean “{near[0]}”?"
    return "; known are " + ", ".join(sorted(names)) if names else ""


class _Unknown(StrictUndefined):
    """A name that is not there: any use of it is an error, in words for the person who edits the template."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        if self._undefined_obj is missing:
            return f"“{self._undefined_name}” is not known here"
        owner = self._undefined_obj
        kind = type(owner).__name__.removesuffix("View").lower()
        known = (
            [field.name for field in fields(owner)]
            if is_dataclass(owner)
            else list(owner)
            if isinstance(owner, dict)
            else []
        )
        return f"there is no “{self._undefined_name}” in this {kind}{_hint(str(self._undefined_name), known)}"


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja2's immutable sandbox, with a counted run and short lists of what may be called."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=_Unknown, trim_blocks=True, lstrip_blocks=True, autoescape=False)
        self.filters = FILTERS | COUNTERS
        self.globals = {"range": short_range}

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        counted = cast(nodes.Template, Instrument(name or "").visit(source))
        return super()._generate(counted, name, filename, defer_init)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Data is open; of methods only the listed ones of each type."""
        for kind, methods in METHODS.items():
            if isinstance(obj, kind):
                return attr in methods
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """`str.format` stays an ordinary method, which METHODS does not list: its widths know no limit."""

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Count each call, and look at the text that it gives back."""
        budget.current().step()
        return _checked(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on modest numbers; texts and lists grow by what the budget allows."""
        if operator == "%" and isinstance(left, str):
            raise SecurityError("formatting with % is not available here; use ~")
        if operator == "*" and not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError("* multiplies numbers only")
        if operator == "+" and isinstance(left, str | list | tuple):
            budget.current().spend(len(left) + (len(right) if isinstance(right, str | list | tuple) else 0))
        return _checked(super().call_binop(context, operator, left, right))


def _checked(value: Any) -> Any:
    if isinstance(value, str):
        budget.current().spend(len(value))
    elif isinstance(value, int | float) and abs(value) > _LARGEST_NUMBER:
        raise SecurityError("a number is too large")
    return value


_ENVIRONMENT: Final = _Environment()
