"""The limits of the sandbox network."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.social.networks.base import PictureLimits
from publisher.social.networks.sandbox.pictures import LARGEST, LONGEST_ALT, MOST

PICTURES = PictureLimits(most=MOST, max_bytes=LARGEST, max_side=1600, alt=LONGEST_ALT)


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in Unicode code points."""

    limit: int = 500
