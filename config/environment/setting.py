"""One setting: its name, and how its text becomes a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setting:
    """One variable: how it is called, what it means, how its text becomes a value."""

    name: str
    default: str
    unit: str
    example: str
    meaning: str
    parse: Callable[[str], Any]

    @property
    def field(self) -> str:
        return self.name.removeprefix("PUBLISHER_").lower()
