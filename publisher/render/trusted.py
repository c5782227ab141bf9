"""The Jinja2 environments of our own template files under templates/: HTML mails (escaped) and text mails.

Templates that staff may edit run in render/sandbox.py. Every value passes `neutralise`, so no item can
forge a slot.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from markupsafe import Markup

from publisher.render import dates, words
from publisher.render.failure import TEMPLATE_ERRORS, failure_from
from publisher.render.slots import Mark, neutralise

TEMPLATES: Final = Path(__file__).resolve().parents[2] / "templates"


def render_file(name: str, values: Mapping[str, object]) -> str:
    """One template file, e.g. `email/digest.mjml.j2`, rendered. Raises TemplateFailure."""
    try:
        return _environment().get_template(name).render(values)
    except (TemplateError, *TEMPLATE_ERRORS) as error:
        raise failure_from(error, name) from error


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("mjml.j2", "html.j2"), default=False),
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        direction=words.direction,
        kind_label=words.kind_label,
        long_date=dates.long_date,
        phrase=words.phrase,
    )
    return environment


def _harmless(value: Any) -> Any:
    """Any text but our own marks without what could be read as one."""
    if isinstance(value, Mark) or not isinstance(value, str):
        return value
    harmless = neutralise(value)
    return Markup(harmless) if isinstance(value, Markup) else harmless  # noqa: S704 - was Markup before
