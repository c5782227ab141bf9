"""The words of the public pages, a file for each language. To add one, add a file with the same keys and name it here.

Not gettext: readers have other languages than the staff, and a page is shown in the language of its reader's subscription.
Braces such as `{title}` are filled by the templates.
"""

from __future__ import annotations

from typing import Final

from publisher.render.words import base
from publisher.site.words import ar, choices, en, open_pages, zh

_BY_LANGUAGE: Final = {
    "en": en.WORDS | choices.EN,
    "zh": zh.WORDS | choices.ZH,
    "ar": ar.WORDS | choices.AR,
}
WORDS: Final[dict[str, dict[str, str]]] = {
    code: {**words, **open_pages.WORDS[code]} for code, words in _BY_LANGUAGE.items()
}


def spoken(language: str) -> str:
    """The language of the pages in which a reader of `language` (BCP 47) is spoken to; English where there are no words."""
    return base(language) if base(language) in WORDS else "en"


LANGUAGE_NAMES: Final[dict[str, str]] = {
    "en": "English",
    "zh": "中文",
    "fr": "Français",
    "es": "Español",
    "ar": "العربية",
    "ru": "Русский",
}
"""What languages call themselves."""
