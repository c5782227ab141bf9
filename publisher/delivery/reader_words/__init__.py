"""What letters to readers say, a file for each language. A new kind of letter gets an entry of the same name in each.

A letter is paragraphs. `{names}` are filled by its maker (`reader_letters.py`); a line whose value is empty is left out, and so
is a paragraph without lines. Of `each` there is one paragraph for every digest, where `DIGESTS` stands.
"""

from __future__ import annotations

from typing import Final

from publisher.delivery.reader_words import ar, en, zh
from publisher.delivery.reader_words.text import Language
from publisher.render.words import base

LANGUAGES: Final[dict[str, Language]] = {"en": en.LANGUAGE, "zh": zh.LANGUAGE, "ar": ar.LANGUAGE}


def spoken(language: str) -> str:
    """The language (BCP 47) in which a reader of `language` is written to; English where there are no words."""
    return base(language) if base(language) in LANGUAGES else "en"
