"""What a command reports: a text for people, or the same as JSON with `--json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec

import click

P = ParamSpec("P")


@dataclass(frozen=True)
class Report:
    """`data` is printed as JSON with `--json`, `text` otherwise. The exit code is `code` when not `ok`."""

    data: Mapping[str, Any]
    text: str
    ok: bool = True
    code: int = 1


def reporting(command: Callable[P, Report]) -> Callable[P, int]:
    """Add `--json` to a command that returns a `Report`. Stands directly above the function."""

    @click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
    @wraps(command)
    def reports(*args: P.args, **kwargs: P.kwargs) -> int:
        as_json = kwargs.pop("as_json", False)
        report = command(*args, **kwargs)
        click.echo(
            json.dumps(report.data, ensure_ascii=False, indent=2, default=_plain) if as_json else report.text
        )
        return 0 if report.ok else report.code

    return reports


def _plain(value: object) -> str:
    """Times as RFC 3339 writes them."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def table(rows: Mapping[str, object]) -> str:
    """Two columns: names, and what they hold."""
    width = max((len(name) for name in rows), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows.items())
