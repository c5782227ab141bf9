"""The look of the mails: colours for light and dark, and a font stack for each script. System fonts only.

Nothing is fetched: a web font would tell a third party who opens the mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from publisher.render import colour
from publisher.render.words import base, direction


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb: around the card, the card, text in it, lesser text, lines, and the accent."""

    page: str
    card: str
    ink: str
    soft: str
    line: str
    accent: str


@dataclass(frozen=True, slots=True)
class Fonts:
    """CSS font stacks for headings and for text, and the line height of text."""

    head: str
    body: str
    leading: str


# Outlook takes the first font of a stack or Times, so each begins with a font that Windows has.
_SANS: Final = "'Segoe UI', -apple-system, BlinkMacSystemFont, Roboto, 'Helvetica Neue', Arial"
_HANS: Final = (
    f"{_SANS}, 'Microsoft YaHei', 'PingFang SC', 'Hiragino Sans GB', 'Noto Sans CJK SC', sans-serif"
)
_HANT: Final = f"{_SANS}, 'Microsoft JhengHei', 'PingFang TC', 'Noto Sans CJK TC', sans-serif"
_RTL: Final = "'Segoe UI', -apple-system, 'Geeza Pro', Tahoma, 'Noto Sans Arabic', Arial, sans-serif"

_LATIN_FONTS: Final = Fonts("Georgia, 'Times New Roman', serif", f"{_SANS}, sans-serif", "1.6")
_HANS_FONTS: Final = Fonts(_HANS, _HANS, "1.75")
_HANT_FONTS: Final = Fonts(_HANT, _HANT, "1.75")
_RTL_FONTS: Final = Fonts(_RTL, _RTL, "1.75")


def light(accent: str) -> Palette:
    """The palette for a light screen; the accent is darkened until text in it can be read."""
    page, card = "#eef0f3", "#ffffff"
    return Palette(page, card, "#1d2329", "#59636e", "#dfe3e8", colour.readable(accent, card))


def dark(accent: str) -> Palette:
    """The palette for a dark screen; the accent is lightened until text in it can be read."""
    page, card = "#0f1318", "#191f26"
    return Palette(page, card, "#e8ebee", "#a3adb8", "#333c46", colour.readable(accent, card))


def fonts(language: str) -> Fonts:
    """The fonts for a language (BCP 47)."""
    if base(language) == "zh":
        traditional = any(tag in language.lower() for tag in ("hant", "-tw", "-hk", "-mo"))
        return _HANT_FONTS if traditional else _HANS_FONTS
    return _RTL_FONTS if direction(language) == "rtl" else _LATIN_FONTS
