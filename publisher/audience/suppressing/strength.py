"""Which reason takes the place of which: one of who was heard weighs more than one of who was not. Pure."""

from __future__ import annotations

from typing import Final

from publisher.audience.models import Suppression

R = Suppression.Reason

STRENGTH: Final = {R.SOFT: 0, R.IMPORTED: 1, R.BOUNCED: 2, R.STAFF: 3, R.COMPLAINED: 4, R.REFUSED: 5}
"""A reason takes the place of a weaker one only."""
