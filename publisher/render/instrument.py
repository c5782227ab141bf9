"""Rewrites a parsed staff template so that it counts what it spends, and refuses what such a template may
not contain.

Every loop is counted round by round, every text by its length, and lists hold plain values only (nested
lists double in size at each step). Only render/sandbox.py uses this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final, TypeVar, cast

from jinja2 import TemplateSyntaxError, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, Undefined
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from publisher.render import budget

_Node = TypeVar("_Node", bound=nodes.Node)

_REFUSED: Final[dict[type[nodes.Node], str]] = {
    nodes.Block: "blocks are not available here",
    nodes.Extends: "a template here cannot extend another",
    nodes.FromImport: "a template here cannot import another",
    nodes.Import: "a template here cannot import another",
    nodes.Include: "a template here cannot include another",
    nodes.Pow: "** is not available here",
}


class Instrument(NodeTransformer):
    """Wraps loops, texts and lists of one template in the counting filters below."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit(self, node: nodes.Node, *args: object, **kwargs: object) -> object:
        """Refuse what is refused, then rewrite as the visitor of the node's type says."""
        if reason := _REFUSED.get(type(node)):
            raise TemplateSyntaxError(reason, node.lineno, self.name)
        return super().visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """Count each round."""
        if node.recursive:
            raise TemplateSyntaxError("recursive loops are not available here", node.lineno, self.name)
        self.generic_visit(node)
        node.iter = _wrapped("_counted", node.iter)
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        """Count what is written, fixed text too: it may stand in a loop."""
        self.generic_visit(node)
        fixed = sum(len(part.data) for part in node.nodes if isinstance(part, nodes.TemplateData))
        written = [
            part if isinstance(part, nodes.TemplateData) else _wrapped("_written", part)
            for part in node.nodes
        ]
        tick = _wrapped("_spent", nodes.Const(fixed, lineno=node.lineno))
        node.nodes = [_placed(tick, node), *written]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        """`~` looks at the lengths before it builds."""
        self.generic_visit(node)
        return _wrapped("_joined", _placed(nodes.List(node.nodes, lineno=node.lineno), node))

    def visit_List(self, node: nodes.List) -> nodes.Node:
        """Plain values only."""
        self.generic_visit(node)
        node.items = [_wrapped("_plain", item) for item in node.items]
        return node

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        """Plain values only, unless names are being assigned."""
        self.generic_visit(node)
        if node.ctx == "load":
            node.items = [_wrapped("_plain", item) for item in node.items]
        return node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:
        """Plain values only."""
        self.generic_visit(node)
        node.value = _wrapped("_plain", node.value)
        return node

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        """A macro's spare arguments could be nested without end."""
        if node.name in {"varargs", "kwargs"}:
            raise TemplateSyntaxError(f"{node.name} is not available here", node.lineno, self.name)
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:
        """The counting filters are not for templates to call."""
        if node.name.startswith("_"):
            raise TemplateSyntaxError(f"no filter named {node.name!r}", node.lineno, self.name)
        self.generic_visit(node)
        return node


def printable(value: object) -> object:
    """`value` if writing it out makes sense and is cheap; a list written out is a mistake."""
    if isinstance(value, Undefined | str | int | float | datetime | date) or value is None:
        return value
    kind = type(value).__name__.removesuffix("View").lower()
    article = "an" if kind[0] in "aeiou" else "a"
    raise SecurityError(f"{article} {kind} cannot be written out; name a part of it, or use join")


@pass_context
def _counted(_: Context, value: Iterable[object]) -> Iterable[object]:
    return _Counted(value)


class _Counted:
    """An iterable that counts each round; keeps its length, so that `loop.last` and `loop.length` work."""

    def __init__(self, value: Iterable[object]) -> None:
        self._value = value

    def __iter__(self) -> Iterator[object]:
        spent = budget.current()
        for item in self._value:
            spent.step()
            yield item

    def __len__(self) -> int:
        return len(self._value)  # type: ignore[arg-type]  # TypeError is what the loop expects of an iterator


@pass_context
def _spent(_: Context, characters: int) -> str:
    budget.current().spend(characters)
    return ""


@pass_context
def _written(_: Context, value: object) -> object:
    if not isinstance(value, Undefined):
        budget.current().spend(len(str(printable(value))))
    return value


@pass_context
def _joined(context: Context, values: list[object]) -> str:
    texts = [value if isinstance(value, Markup) else str(printable(value)) for value in values]
    budget.current().spend(sum(map(len, texts)))
    return Markup("").join(texts) if context.eval_ctx.autoescape else "".join(texts)


@pass_context
def _plain(_: Context, value: object) -> object:
    if isinstance(value, list | tuple | dict | set):
        raise SecurityError("a list inside a list is not available here")
    return value


COUNTERS: Final = {
    "_counted": _counted,
    "_spent": _spent,
    "_written": _written,
    "_joined": _joined,
    "_plain": _plain,
}


def _wrapped(counter: str, node: nodes.Node) -> nodes.Expr:
    return _placed(
        nodes.Filter(cast(nodes.Expr, node), counter, [], [], None, None, lineno=node.lineno), node
    )


def _placed(node: _Node, like: nodes.Node) -> _Node:
    node.environment = like.environment
    return node
