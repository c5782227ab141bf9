"""The form in which every network says how long a text is. The measures themselves live with each network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

Rules_contra = TypeVar("Rules_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Measure:
    """`length` and `limit` in the network's own unit; `why` says in words why a text does not fit, else is
    empty.
    """

    length: int
    limit: int
    fits: bool
    why: str = ""


class Measurer(Protocol[Rules_contra]):
    """How a network measures a text by its rules (limits that a server or an account may change)."""

    def __call__(self, text: str, rules: Rules_contra, /) -> Measure: ...
