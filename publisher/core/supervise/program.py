"""What a supervised program is. A description only: `supervisor` runs it."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from publisher.core.child import Step

GENTLE = (Step(signal.SIGTERM, 10), Step(signal.SIGKILL, 5))
HURRIED = (Step(signal.SIGTERM, 1), Step(signal.SIGKILL, 5))


@dataclass(frozen=True)
class Program:
    """A command line, and how it is stopped: step after step until it is gone.

    `pass_fds` are sockets that it inherits.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stopping: Sequence[Step] = GENTLE
    hurrying: Sequence[Step] = HURRIED
    pass_fds: Sequence[int] = field(default=())
