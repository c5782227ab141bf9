"""What is stored of a note before it is sent. Pure, and survives JSON."""

from __future__ import annotations

from typing import Any

from publisher.core.errors import Rejected
from publisher.social.networks.base import Part
from village_board.measure import measure
from village_board.rules import Rules


def payload(part: Part) -> dict[str, Any]:
    """Raises `Rejected` for what does not fit."""
    fit = measure(part.text, Rules())
    if not fit.fits:
        raise Rejected(f"The text does not fit the village board: {fit.why}.")
    return {"text": part.text, "language": part.language}
