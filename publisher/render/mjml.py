"""Compiles MJML to the HTML of a mail, with errors that name template and line, and a lint for what MJML
lets pass.

mjml-python (mrml in Rust) accepts any tag, drops what it does not know without a word and names no line.
"""

from __future__ import annotations

import re
from typing import Final
from xml.parsers import expat

from mjml import mjml2html

from publisher.render.failure import TemplateFailure

TAGS: Final = frozenset(
    {"mjml", "mj-head", "mj-title", "mj-preview", "mj-attributes", "mj-all", "mj-class", "mj-style", "mj-raw"}
    | {"mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-text", "mj-image", "mj-button"}
    | {"mj-divider", "mj-spacer", "mj-table", "mj-breakpoint"}
)
_TAG = re.compile(r"<(mj[a-z-]*)")


def compile_mjml(source: str, *, template: str) -> str:
    """The HTML of an MJML document. `template` is what errors call it; lines are those of the MJML source.

    No web fonts are fetched: they would tell a third party who opens the mail.
    """
    try:
        return mjml2html(source, disable_comments=False, fonts={})
    except ValueError as error:
        raise _failure(source, template, str(error)) from error


def lint(source: str) -> list[str]:
    """What is wrong with an MJML document although it compiles: not well-formed, or tags that we do not
    use.
    """
    faults = []
    if broken := _first_break(source):
        faults.append(f"line {broken[0]}: {broken[1]}")
    for number, line in enumerate(source.splitlines(), start=1):
        faults += [f"line {number}: no tag <{tag}>" for tag in _TAG.findall(line) if tag not in TAGS]
    return faults


def _failure(source: str, template: str, message: str) -> TemplateFailure:
    broken = _first_break(source)
    if broken is None:
        return TemplateFailure(template, 0, f"MJML: {message}")
    line, reason = broken
    text = source.splitlines()[line - 1].strip()[:80] if source else ""
    return TemplateFailure(template, line, f"MJML: {message}; {reason} near “{text}”")


def _first_break(source: str) -> tuple[int, str] | None:
    """Line and reason of the first place where the document is not well-formed XML, if there is one."""
    parser = expat.ParserCreate()
    parser.UseForeignDTD(True)  # entities of HTML such as &nbsp; are then left alone
    try:
        parser.Parse(source.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        return error.lineno, expat.ErrorString(error.code) or "not well-formed"
    return None
