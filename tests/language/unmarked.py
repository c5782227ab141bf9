"""Finds texts for people that gettext does not know: in the desk's templates, and in what Python tells people.

A text is marked when it stands in `_()`, `ngettext()`, `{% trans %}` or one of their kind. What is found here is shown in English
to everybody, so a test wants nothing found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "audience",
    "core",
    "delivery",
    "desk",
    "digests",
    "hooks",
    "items",
    "people",
    "render",
    "schedule",
    "social",
)
"""What the desk shows comes from these; the command line speaks English."""
UNSHOWN = {"migrations", "embedded"}
"""Folders whose words no page shows: whoever starts the embedded servers does so at the command line."""
READ_ALOUD = (
    "title",
    "placeholder",
    "aria-label",
    "alt",
    "aria-description",
    "label",
    "data-confirm",
    "data-label",
)
UNREAD = ("script", "style", "code", "kbd", "svg")
SAYS = ("UserError", "ValidationError", "success", "error", "warning", "info")
"""What tells people: the errors, and `messages.<level>`."""
SILENT_CALLS = (
    *(
        "_",
        "gettext",
        "ngettext",
        "pgettext",
        "npgettext",
        "url",
        "static",
        "icon",
        "badge",
        "badge_of",
        "strftime",
    ),
    *(
        "get",
        "selectattr",
        "rejectattr",
        "map",
        "namespace",
        "startswith",
        "endswith",
        "replace",
        "split",
        "join",
    ),
)
_WORD = re.compile(r"[A-Za-z]{2,}")
_SENTENCE = re.compile(r"^[A-Z][a-z]+|[a-z]{2,} [a-z]{2,}")
_ATTRIBUTE = re.compile(r'\s*[a-z-]+="')
_SHORT = re.compile(r"\b[A-Z]{2,4}\b")
"""Abbreviations such as TLS are the same in every language."""
_COMMAND = re.compile(r"^publisher [a-z][\w-]*( \S+)*$")
"""What is typed at the command line is the same in every language."""
_NAMES = re.compile(r"(?i)\b(publisher|redis|postgresql|utc|csv|json|html|id|url|api|sparkpost|x)\b")


@dataclass(frozen=True)
class Found:
    """A text that is not marked, and where it stands."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.text[:100]!r}"


def in_templates() -> Iterator[Found]:
    """Of the desk's templates: text between tags, attributes that are read aloud, and constants that are written out."""
    env = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - only parsed
    for path in sorted((ROOT / "templates" / "desk").rglob("*.html")):
        tree = env.parse(path.read_text(encoding="utf-8"))
        yield from (Found(path, line, text) for line, text in _written(tree))
        yield from (Found(path, line, text) for line, text in _constants(tree))


def in_python() -> Iterator[Found]:
    """Of the rooms whose words the desk shows: what errors and messages are made of."""
    for room in ROOMS:
        for path in sorted((ROOT / "publisher" / room).rglob("*.py")):
            if UNSHOWN.intersection(path.parts):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _says(node):
                    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
                    yield from (Found(path, node.lineno, text) for each in arguments for text in _bare(each))


def _written(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    reader = _Reader()
    for data in tree.find_all((nodes.TemplateData, nodes.Output)):
        if isinstance(data, nodes.Output):
            for node in data.nodes:
                reader.line = node.lineno
                reader.feed(
                    node.data if isinstance(node, nodes.TemplateData) else "\N{REPLACEMENT CHARACTER}"
                )
    yield from reader.found


class _Reader(HTMLParser):
    """Collects what a person would read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.line = 0
        self.found: list[tuple[int, str]] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in UNREAD
        for name, value in attrs:
            if name in READ_ALOUD:
                self._keep(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in UNREAD

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._keep(data)

    def _keep(self, text: str) -> None:
        if _WORD.search(_SHORT.sub("", _NAMES.sub("", text))) and not _ATTRIBUTE.match(text):
            self.found.append((self.line, " ".join(text.split())))


def _constants(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            yield from _shown(node)
    for call in tree.find_all(nodes.Call):
        if _callee(call) not in SILENT_CALLS:
            for each in (*call.args, *(pair.value for pair in call.kwargs)):
                if (
                    isinstance(each, nodes.Const)
                    and isinstance(each.value, str)
                    and _SENTENCE.search(each.value)
                    and not _COMMAND.match(each.value)
                ):
                    yield each.lineno, each.value


def _shown(node: nodes.Node) -> Iterator[tuple[int, str]]:
    """Constants that an expression may write out."""
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str) and _SENTENCE.search(node.value) and not _ATTRIBUTE.match(node.value):
            yield node.lineno, node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _shown(node.expr1)
        yield from (_shown(node.expr2) if node.expr2 else ())
    elif isinstance(node, nodes.Or | nodes.And | nodes.Add):
        yield from _shown(node.left)
        yield from _shown(node.right)
    elif isinstance(node, nodes.Concat):
        for part in node.nodes:
            yield from _shown(part)
    elif isinstance(node, nodes.Filter) and node.node is not None:
        yield from _shown(node.node)


def _callee(call: nodes.Call) -> str:
    target = call.node
    return target.name if isinstance(target, nodes.Name) else getattr(target, "attr", "")


def _says(call: ast.Call) -> bool:
    target = call.func
    if isinstance(target, ast.Attribute):
        of_messages = isinstance(target.value, ast.Name) and target.value.id in ("messages", "forms")
        return target.attr in SAYS and of_messages
    return isinstance(target, ast.Name) and target.id in SAYS


def _bare(node: ast.expr) -> Iterator[str]:
    """Literals with words that no call of gettext holds."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _SENTENCE.search(node.value):
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        if _WORD.search(text) and not text.startswith("_"):
            yield text
    elif isinstance(node, ast.BinOp):
        yield from _bare(node.left)
        yield from _bare(node.right)
    elif isinstance(node, ast.IfExp):
        yield from _bare(node.body)
        yield from _bare(node.orelse)


def in_the_desk() -> Iterator[Found]:
    """Of the desk's Python, and of the labels of choices in every room: any words that gettext does not know."""
    for path in sorted((ROOT / "publisher" / "desk").rglob("*.py")):
        if not UNSHOWN.intersection(path.parts):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from (Found(path, node.lineno, text) for node, text in _all_bare(tree))
    for room in ROOMS:
        for path in sorted((ROOT / "publisher" / room).rglob("*.py")):
            if not UNSHOWN.intersection(path.parts):
                tree = ast.parse(path.read_text(encoding="utf-8"))
                yield from (Found(path, line, text) for line, text in _labels(tree))


def _labels(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            getattr(base, "attr", "") == "TextChoices" for base in node.bases
        ):
            for row in node.body:
                if isinstance(row, ast.Assign) and isinstance(row.value, ast.Tuple):
                    yield from ((row.lineno, text) for text in _bare(row.value.elts[-1]))


MARKS = (
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
)
UNSAID = (
    "getLogger",
    "removeprefix",
    "info",
    "warning",
    "debug",
    "exception",
    "compile",
    "fullmatch",
    "path",
    "reverse",
    "redirect",
    "show",
    "render",
    "TypeVar",
    "OAuth2Error",
    "InvalidTokenError",
)
"""Calls whose texts nobody reads: logs, patterns, addresses, templates, names of types, errors that are only logged."""
UNSAID_AS = ("samesite", "link_rel")
"""Arguments that browsers read."""


def bare_texts(tree: ast.AST) -> Iterator[str]:
    """Every text in a piece of code that reads like words and is not marked."""
    yield from (text for _node, text in _all_bare(tree))


def _all_bare(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Literals that read like words, outside of marks, docstrings, logs and annotations."""
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        of_log = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") in (
            "log",
            "logging",
        )
        if called in MARKS or of_log or (called in UNSAID and called not in ("info", "warning")):
            return
    if isinstance(node, ast.keyword) and node.arg in UNSAID_AS:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant | ast.JoinedStr):
        yield from ((node, text) for text in _bare(node) if not _LOOKS_LIKE_CODE.search(text))
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _all_bare(child)


_LOOKS_LIKE_CODE = re.compile(
    r"SELECT |^[\w-]+/[\w/.+-]+$|^\w+\.\w+$|^https?:|^[\w-]+$(?<![A-Z][a-z]{2})|<\w+|^%|^[?;&]|^[\w-]+[=:]+$|^attachment;|^#"
    r"|=$|^[a-z]+-\S*$|^\{[{%]"
)
