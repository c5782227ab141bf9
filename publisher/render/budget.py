"""What one run of a staff template may spend, counted while it runs: no signals, so it holds in any thread
or process.

render/instrument.py puts the counting calls into the compiled template; render/sandbox.py opens and closes
the budget.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from jinja2 import TemplateRuntimeError


@dataclass(frozen=True, slots=True)
class Limits:
    """Most that a template may use: CPU seconds of its thread, steps (loop rounds and calls), characters."""

    seconds: float = 0.5
    steps: int = 50_000
    output: int = 100_000
    value: int = 100_000
    work: int = 2_000_000
    source: int = 20_000


class OverBudget(TemplateRuntimeError):
    """A template used more than its limits allow."""


@dataclass(slots=True)
class Budget:
    """Counts down while one template runs. CPU time and not the clock on the wall: a busy machine is no
    fault.
    """

    limits: Limits
    clock: Callable[[], float] = time.thread_time
    steps: int = 0
    work: int = 0
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self._until = self.clock() + self.limits.seconds

    def step(self) -> None:
        """One loop round or call."""
        self.steps += 1
        if self.steps > self.limits.steps:
            raise OverBudget(f"runs more than {self.limits.steps} steps: a loop is too long")
        if self.clock() > self._until:
            raise OverBudget(f"takes more than {self.limits.seconds} seconds of computing")

    def spend(self, characters: int) -> None:
        """Characters written or built, also those that are thrown away later."""
        self.step()
        if characters > self.limits.value:
            raise OverBudget(f"builds a text of more than {self.limits.value} characters")
        self.work += characters
        if self.work > self.limits.work:
            raise OverBudget(f"builds more than {self.limits.work} characters of text on the way")


_current: ContextVar[Budget] = ContextVar("template_budget")


def current() -> Budget:
    """The budget of the template that this thread runs now."""
    return _current.get()


@contextmanager
def spending(budget: Budget) -> Iterator[Budget]:
    """Make `budget` the current one inside the block."""
    token = _current.set(budget)
    try:
        yield budget
    finally:
        _current.reset(token)
