"""How a row of works goes on when one of them fails unforeseen: whoever runs it hands in what each of them is done in.

A task hands in `tasks.edge.apart`, which logs the error and goes on. Without it the error ends the whole row, as tests want it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Apart = Callable[..., AbstractContextManager[None]]
"""Called with the name of the work, what to do with an error (`then`, optional), and ids for the log by name."""


def together(_work: str, _then: Callable[[Exception], None] | None = None, **_ids: int) -> nullcontext[None]:
    """Nothing is caught."""
    return nullcontext()
