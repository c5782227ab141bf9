"""How texts are cut into words to be found by, and a person's words into a query. Pure.

PostgreSQL knows no words in Chinese, Japanese, Korean or Thai script, where nothing parts them: those are found by each sign and
each pair of neighbouring signs. All other scripts are left to PostgreSQL's own dictionaries (`CONFIGURATIONS`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_UNPARTED: Final = (
    r"[\u0e00-\u0e7f\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003134f]+"
)
_RUN: Final = re.compile(_UNPARTED)
_TERM: Final = re.compile(r"\"[^\"]*\"|“[^”]*”|\S+")
_QUOTES: Final = '"“”'
_INNER: Final = re.compile(r"\w+(?:['’\-./]\w+)*")

CONFIGURATIONS: Final = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "nb": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Text search configurations of PostgreSQL by the language's first subtag. Others have `PLAIN`."""
PLAIN: Final = "simple"
MOST_TERMS: Final = 12
MOST_LETTERS: Final = 200
"""Of a query: what is beyond is left out, since nobody looks for more words and each costs."""


def configuration(language: str) -> str:
    """Of a BCP 47 tag: `english` for en-GB."""
    return CONFIGURATIONS.get(language.split("-", maxsplit=1)[0].lower(), PLAIN)


def signs(text: str) -> list[str]:
    """Each sign and each pair of neighbours of scripts that part no words; each once, in a fixed order."""
    found: set[str] = set()
    for run in _RUN.findall(text):
        found.update(run)
        found.update(first + second for first, second in pairwise(run))
    return sorted(found)


def parted(text: str) -> str:
    """The text without the scripts that `signs` takes care of."""
    return _RUN.sub(" ", text)


@dataclass(frozen=True)
class Query:
    """One term as queries of PostgreSQL: as it `stands`, or by the `forms` that a language's dictionary knows."""

    stands: str
    forms: str


def queries(said: str) -> list[Query]:
    """What a person typed, term by term: all must match. [] when nothing can be looked for.

    As it stands a word matches by its beginning, so that a list narrows while somebody types; a dictionary's stem does not,
    since it is short already. Words in quotes match whole, next to each other. No sign of the person's reaches the query's own
    language.
    """
    found: list[Query] = []
    for term in _TERM.findall(said[:MOST_LETTERS])[:MOST_TERMS]:
        quoted = term[0] in _QUOTES
        bare = term.strip(_QUOTES)
        found += [Query(of_run, of_run) for of_run in map(_of_run, _RUN.findall(bare))]
        words = [_literal(word) for word in _INNER.findall(parted(bare))]
        if quoted:
            found += [Query(phrase, phrase) for phrase in [" <-> ".join(words)] if phrase]
        else:
            found += [Query(f"{word}:*", word) for word in words]
    return found


def _of_run(run: str) -> str:
    """A run of signs: all its pairs, or its only sign."""
    return " & ".join(map(_literal, _pairs(run)))


def _pairs(run: str) -> Iterable[str]:
    return [run] if len(run) == 1 else dict.fromkeys(first + second for first, second in pairwise(run))


def _literal(word: str) -> str:
    """As a quoted lexeme of a tsquery."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
