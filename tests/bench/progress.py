"""What a benchmark is doing, on stderr, for a person who waits."""

from __future__ import annotations

import sys


def say(text: str, *, again: bool = False) -> None:
    """One line; with `again` it replaces the one before on a terminal, and is left out elsewhere."""
    if again and not sys.stderr.isatty():
        return
    end = "\r" if again else "\n"
    sys.stderr.write(f"  … {text}{end}")
    sys.stderr.flush()
