"""The names of languages in the viewer's own language."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale, UnknownLocaleError
from django.utils import translation


def language_name(tag: str) -> str:
    """`English` of `en`, `Chinese` of `zh`; the tag itself where nobody knows a name."""
    return _name(tag, translation.get_language() or "en")


@lru_cache(maxsize=256)
def _name(tag: str, viewer: str) -> str:
    try:
        name = Locale.parse(tag, sep="-").get_display_name(viewer.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return tag
    return name[:1].upper() + name[1:] if name else tag
