"""Makes a chosen accent colour readable on light and on dark: contrast by WCAG 2.2 (relative luminance)."""

from __future__ import annotations

import re
from typing import Final

from publisher.render.views import DEFAULT_ACCENT

READABLE: Final = 4.5
_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")
_STEPS: Final = 50


def readable(colour: str, background: str) -> str:
    """`colour`, moved towards black or white just as far as text in it on `background` needs (4.5 : 1).

    Anything that is not #rrggbb counts as the default accent: a wrong setting must not stop a mail.
    """
    start = colour if _HEX.match(colour) else DEFAULT_ACCENT
    goal = "#ffffff" if _luminance(background) < 0.18 else "#000000"
    for step in range(_STEPS + 1):
        candidate = _mixed(start, goal, step / _STEPS)
        if contrast(candidate, background) >= READABLE:
            return candidate
    return goal


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two #rrggbb colours, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _mixed(start: str, goal: str, share: float) -> str:
    pairs = zip(_channels(start), _channels(goal), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
