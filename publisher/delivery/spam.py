"""What a spam filter that is installed here makes of a mail: SpamAssassin by its local rules, without asking the network."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Final

SECONDS: Final = 20.0
_TOTAL = re.compile(r"\(\s*(-?[\d.]+) points")
_RULE = re.compile(r"^\s*(-?\d+\.\d+)\s+([A-Z][A-Z0-9_]+)", re.MULTILINE)


@dataclass(frozen=True)
class Score:
    """The points in all, and the names of the rules that gave any."""

    points: float
    rules: tuple[str, ...]


def program() -> str:
    """Where the filter is; "" when it is not installed."""
    return shutil.which("spamassassin") or ""


def score(message: bytes, *, seconds: float = SECONDS) -> Score | None:
    """The score of a whole message (RFC 5322); None when the filter is not there, failed, or was too slow."""
    found = program()
    if not found or seconds <= 0:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a program by its path, its input is our own mail
            [found, "-L", "-t"], input=message, capture_output=True, check=True, timeout=seconds
        )
    except (subprocess.SubprocessError, OSError):
        return None
    report = done.stdout.decode("utf-8", "replace").rpartition("Content analysis details:")[2]
    total = _TOTAL.search(report)
    if total is None:
        return None
    rules = [name for points, name in _RULE.findall(report) if float(points) > 0]
    return Score(float(total[1]), tuple(rules))
