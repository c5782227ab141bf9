"""The query string: what an operation takes, and that nothing else is in it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args

from django.http import HttpRequest

from publisher.api.problems import ProblemError


def query_names(function: Callable[..., Any]) -> frozenset[str]:
    """The names of the filter that the function takes as `wanted`."""
    parameter = inspect.signature(function, eval_str=True).parameters.get("wanted")
    if parameter is None:
        return frozenset()
    model = get_args(parameter.annotation)[0]
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def check_query(request: HttpRequest, names: frozenset[str]) -> None:
    """Refuse what is not known: a mistyped filter must not show everything. Raises `ProblemError`."""
    unknown = sorted(set(request.GET) - names)
    if unknown:
        known = ", ".join(sorted(names)) or "none"
        raise ProblemError(
            422,
            "invalid",
            f"There is no such value of the query string: {unknown[0][:40]}.",
            f"This address takes: {known}.",
            fields=[
                {"name": name[:40], "found": "something", "expected": "nothing"} for name in unknown[:10]
            ],
        )
    twice = [name for name in request.GET if len(request.GET.getlist(name)) > 1]
    if twice:
        raise ProblemError(
            422, "invalid", f"{twice[0][:40]} stands twice in the query string.", "Give it once."
        )
