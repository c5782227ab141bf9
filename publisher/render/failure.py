"""The one error of the renderers, and how an exception of Jinja2 becomes it: which template, which line,
what is wrong.
"""

from __future__ import annotations

from jinja2 import TemplateNotFound, TemplateSyntaxError

# What running a template can raise: a template is code, written by people who will mistype.
TEMPLATE_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)


class TemplateFailure(Exception):
    """A template could not be rendered. `line` counts from 1; 0 means that no line is to blame."""

    def __init__(self, template: str, line: int, message: str) -> None:
        where = f"{template}, line {line}" if line else template
        super().__init__(f"{where}: {message}")
        self.template = template
        self.line = line
        self.message = message


def failure_from(error: BaseException, template: str) -> TemplateFailure:
    """The failure that `error`, raised while `template` was compiled or run, stands for."""
    if isinstance(error, TemplateFailure):
        return error
    if isinstance(error, TemplateSyntaxError):
        return TemplateFailure(error.name or template, error.lineno, error.message or "not a valid template")
    if isinstance(error, TemplateNotFound):
        return TemplateFailure(template, 0, f"there is no template {error.name!r}")
    name, line = _place(error, template)
    if isinstance(error, RecursionError):
        return TemplateFailure(name, line, "calls itself too deeply")
    if isinstance(error, MemoryError):
        return TemplateFailure(name, line, "needs too much memory")
    return TemplateFailure(name, line, str(error) or type(error).__name__)


def _place(error: BaseException, template: str) -> tuple[str, int]:
    """Name and line of the innermost template frame in the traceback (Jinja2 rewrites it to template
    lines).
    """
    name, line = template, 0
    trace = error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename.endswith(".j2") or filename == template:
            name, line = filename.rsplit("/templates/", 1)[-1], trace.tb_lineno
        trace = trace.tb_next
    return name, line
