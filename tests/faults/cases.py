"""What a network brings to the table of faults, and which cells it gets. Read this to add one.

1. Write `tests/faults/networks/<name>.py`. It is found by being there.
2. It defines `SUBJECT`, a `Subject`: the network's object, how to start its fake, the message, and the steps of `publish` and
   `reconcile` on the wire. `networks/sandbox.py` is the pattern.
3. `make faults ARGS="--only <name>"`.

Each cell gets a fake of its own in an empty folder, and concerns one message. Its account must speak to the address that it is
given (the proxy's), with time-outs shorter than `Subject.slow_seconds`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from publisher.social.networks.base import Account, Network, Part
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import Fault
from tests.faults import networks

PUBLISH = "publish"
NO_SERVER = Fault("no_server", faults.End.PASS, forwards=False)
"""Nobody listens at the first try. No fault of the proxy: the account gets another address."""


def _nothing(_by: timedelta) -> None:
    """A fake that keeps no time."""


@dataclass(frozen=True)
class Fake:
    """A network's fake server while it runs. `account` gives one whose client speaks to that http:// address; `count`, how many
    messages readers see now; `later` is told how much time passes in the story, for a fake whose keys or limits expire."""

    url: str
    account: Callable[[str], Account]
    count: Callable[[], int]
    later: Callable[[timedelta], None] = _nothing


@dataclass(frozen=True)
class Step:
    """A request that meets the faults: `method` and the whole `path` (a regular expression, without the query).

    `name` is `PUBLISH` for the request that makes the message visible, else a word such as "picture".
    `doubt`: the answer to `PUBLISH` is lost in this way first, so that the network is asked; for the requests of `reconcile`.
    `part`: which message of the thread meets the fault; those before it are published in peace.
    `once`: one `publish` sends this request at most once.
    """

    name: str
    method: str
    path: str
    doubt: Fault | None = None
    part: int = 0
    once: bool = False


@dataclass(frozen=True)
class Subject:
    """A network that takes part.

    `start(folder)` runs its fake there, and stores the pictures that `parts` name (`social.media.store.put`).
    `parts`: a thread, of which the first message is the usual one.
    `wait_headers`: what a 429 with a time says (called for each cell, as some name a moment).
    `may_hold`: cells by name in which staff have to decide, with the reason. A network of grade `BY_A_PERSON` needs none.
    """

    network: Network[Any]
    start: Callable[[Path], AbstractContextManager[Fake]]
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    wait_headers: Callable[[], Mapping[str, str]] = lambda: {"Retry-After": "90"}
    slow_seconds: float = 1.0
    may_hold: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Cell:
    """One fault at one step."""

    step: Step
    fault: Fault

    @property
    def name(self) -> str:
        """The fault's name, with the step before it where that is not `PUBLISH`: “picture: html_200”."""
        return self.fault.name if self.step.name == PUBLISH else f"{self.step.name}: {self.fault.name}"


def cells(subject: Subject) -> Iterator[Cell]:
    """Each step with each fault."""
    for step in subject.steps:
        for fault in _faults(subject):
            if fault is not NO_SERVER or step.name == PUBLISH:
                yield Cell(step, fault)


def subjects() -> dict[str, Subject]:
    """All networks that take part, by name."""
    modules = (importlib.import_module(f"{networks.__name__}.{found.name}") for found in _files())
    return {module.SUBJECT.network.name: module.SUBJECT for module in modules}


def _files() -> list[pkgutil.ModuleInfo]:
    return sorted(pkgutil.iter_modules(networks.__path__), key=lambda found: found.name)


def _faults(subject: Subject) -> tuple[Fault, ...]:
    return (
        faults.DROP_REPLY,
        faults.RESET,
        faults.error(500),
        faults.error(503),
        faults.error_after(500),
        faults.error_after(503),
        faults.rate_limit(),
        faults.rate_limit(subject.wait_headers()),
        faults.slow(subject.slow_seconds),
        faults.late(subject.slow_seconds),
        faults.html(200),
        faults.html(502),
        faults.TRUNCATED,
        faults.CUT_SHORT,
        NO_SERVER,
    )
