"""Sentences that were stored in English, told in the viewer's language.

Why something failed is written once, in the database, by whoever found out: a worker, the command line, somebody's request.
The pages show it in the language of whoever reads. So a stored sentence is held against the catalogue's texts, its places are
read out, and the translation is filled with them. What no text of the catalogue made (the words of a mail server) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from babel.messages.mofile import read_mo
from django.conf import settings
from django.utils.translation import get_language, override, to_locale

_PLACE: Final = re.compile(r"%\((\w+)\)[sd]|%%")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?]) +(?=[A-Z“0-9])")
_LIST: Final = re.compile(r"; (?![^()]*\))")
_BEHIND: Final = re.compile(r"(.+) \(([^()]*)\)", re.DOTALL)
LEAST_LETTERS: Final = 6
"""A text with fewer letters of its own (`%(name)s: %(reason)s`) would take nearly every sentence for its own."""
KEPT: Final = 4096


@dataclass(frozen=True)
class Form:
    """A text with places, and its translation."""

    pattern: re.Pattern[str]
    translation: str
    letters: int


class Phrasebook:
    """The texts of one language. Pure, once it is made."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._whole: dict[str, str] = {}
        forms: list[Form] = []
        for text, translation in pairs:
            if not translation:
                continue
            if not _PLACE.search(text):
                self._whole[text] = translation
            elif (letters := sum(map(str.isalpha, _PLACE.sub("", text)))) >= LEAST_LETTERS:
                forms.append(Form(_pattern(text), translation, letters))
        self._forms = sorted(forms, key=lambda form: -form.letters)

    def tell(self, text: str) -> str:
        """The translation of a stored text: of the whole, else sentence by sentence, else reason by reason."""
        whole = self._told(text)
        if whole is not None:
            return whole
        sentences = _SENTENCE_END.split(text)
        if len(sentences) == 1:
            return self._parts(text)
        told = [self._told(sentence) for sentence in sentences]
        if not any(told):
            return text
        return "".join(new or f" {old} " for new, old in zip(told, sentences, strict=True)).strip()

    def _told(self, text: str) -> str | None:
        if text in self._whole:
            return self._whole[text]
        for form in self._forms:
            if match := form.pattern.fullmatch(text):
                values = {name: self.tell(value) for name, value in match.groupdict().items()}
                return form.translation % values
        return None

    def _parts(self, text: str) -> str:
        """A list of reasons, each with how often or where it holds behind it: `public holiday: Labour Day (CN) (3); …`."""
        reasons = _LIST.split(text)
        if len(reasons) > 1:
            return "; ".join(map(self.tell, reasons))
        if behind := _BEHIND.fullmatch(text):
            return f"{self.tell(behind[1])} ({self.tell(behind[2])})"
        return text


def told(text: str) -> str:
    """`text` in the active language, as far as the catalogue knows it."""
    language = get_language() or "en"
    return _told(text, to_locale(language)) if text and not language.startswith("en") else text


def in_english(thing: object) -> str:
    """The text of `thing` as it is stored, whatever language whoever asks has."""
    with override("en"):
        return str(thing)


def without_stop(text: str) -> str:
    """A sentence that goes on in another: its full stop is left out."""
    return text.rstrip(".。 ")


@lru_cache(maxsize=KEPT)
def _told(text: str, locale: str) -> str:
    return _phrasebook(locale).tell(text)


@lru_cache
def _phrasebook(locale: str) -> Phrasebook:
    path = Path(settings.LOCALE_PATHS[0]) / locale / "LC_MESSAGES" / "django.mo"
    if not path.exists():
        return Phrasebook(())
    with path.open("rb") as file:
        catalogue = read_mo(file)
    pairs: list[tuple[str, str]] = []
    for message in catalogue:
        texts, translations = _texts(message.id), _texts(message.string)
        pairs += [
            (text, translations[min(index, len(translations) - 1)])
            for index, text in enumerate(texts)
            if text and translations
        ]
    return Phrasebook(pairs)


def _texts(of: str | list[str] | tuple[str, ...] | None) -> list[str]:
    """One text, or the forms of a plural."""
    return [of] if isinstance(of, str) else list(of or ())


def _pattern(text: str) -> re.Pattern[str]:
    """Matches what the text becomes when its places are filled; a place that stands twice holds the same twice."""
    out, position, seen = "", 0, set[str]()
    for match in _PLACE.finditer(text):
        out += re.escape(text[position : match.start()])
        name = match[1]
        if name is None:
            out += "%"
        elif name in seen:
            out += f"(?P={name})"
        else:
            seen.add(name)
            out += f"(?P<{name}>.+?)"
        position = match.end()
    return re.compile(out + re.escape(text[position:]), re.DOTALL)
