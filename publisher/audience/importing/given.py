"""The cells in which somebody chose: language, topics, kinds, region. Pure; the database knows them as a `Selection`.

A cell that is empty, or a column that is not there, says nothing: a new reader gets all of it, a known one keeps what they have.
`all` says it outright. What a row says travels in the written form of a `Choice`, with null where it says nothing: equal ones are
found, and completed, in SQL (`NOTE_CHOICES` in `statements.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, TypeVar

from publisher.audience.choices import encoded
from publisher.audience.importing.refusals import Refused
from publisher.audience.regions import region_code
from publisher.core.told import in_english
from publisher.items.languages import normalise_tag, primary
from publisher.items.models import Kind, Topic
from publisher.render.words import KIND_NAMES, KINDS

T = TypeVar("T", int, str)

_REMEMBERED: Final = 20_000  # distinct cells of each column; others are read again
_NOTHING: Final = encoded(None)
_ALL: Final = frozenset({"all", "*", "everything", "全部", "所有"})
_PARTS: Final = re.compile(r"[;|；\n]")
_PIECES: Final = re.compile(r"[,，、]")
_LANGUAGES: Final = {
    "english": "en",
    "英文": "en",
    "英语": "en",
    "chinese": "zh",
    "中文": "zh",
    "汉语": "zh",
    "简体中文": "zh-Hans",
    "繁體中文": "zh-Hant",
    "french": "fr",
    "français": "fr",
    "法语": "fr",
    "spanish": "es",
    "español": "es",
    "西班牙语": "es",
    "arabic": "ar",
    "العربية": "ar",
    "阿拉伯语": "ar",
    "russian": "ru",
    "русский": "ru",
    "俄语": "ru",
}


@dataclass(frozen=True)
class Offer:
    """What a digest lets its readers choose from. `topics` and `kinds` by each of their names, casefolded."""

    digest_id: int
    languages: tuple[str, ...]
    topics: Mapping[str, int]
    kinds: Mapping[str, str]


def offer(
    digest_id: int, languages: Iterable[str], topic_ids: Iterable[int] = (), kinds: Iterable[str] = ()
) -> Offer:
    """What the digest holds; no topics or kinds means all. Retired topics are not offered."""
    only = set(topic_ids)
    topics = [topic for topic in Topic.objects.filter(retired=False) if not only or topic.pk in only]
    offered = tuple(kinds) or tuple(Kind.values)
    return Offer(
        digest_id,
        tuple(languages),
        {name.casefold(): topic.pk for topic in topics for name in _names_of(topic) if name},
        {name.casefold(): kind for kind in offered for name in _names_of_kind(kind)},
    )


class Given:
    """Reads the cells of one file. What a cell says is remembered: most say what others said."""

    def __init__(self, offer: Offer) -> None:
        remember = lru_cache(maxsize=_REMEMBERED)
        self._topics = remember(partial(_several, known=offer.topics, code="topic"))
        self._kinds = remember(partial(_several, known=offer.kinds, code="kind"))
        self._language = remember(partial(_language, offered=frozenset(map(primary, offer.languages))))
        self._region = remember(_region)

    def written(self, topics: str, kinds: str, language: str, region: str) -> str:
        """What the cells say. Raises Refused for what the digest has not."""
        return (
            f"[{self._topics(topics)},{self._kinds(kinds)},{self._language(language)},{self._region(region)}]"
        )


def _several(cell: str, known: Mapping[str, T], code: str) -> str:
    """Everything that is offered, one by one, is everything: what will be offered later, too."""
    cell = cell.strip().casefold()
    if not cell:
        return _NOTHING
    if cell in _ALL:
        return "[]"
    try:
        found = {known[part] for part in cell.split(";")}
    except KeyError:
        found = set(_named(cell, known, code))
    return "[]" if found == set(known.values()) else encoded(sorted(found))


def _named(cell: str, known: Mapping[str, T], code: str) -> Iterator[T]:
    """Parts between `;` or `|`. A part that is no name may be a list with commas (names hold commas, too)."""
    for part in filter(None, map(str.strip, _PARTS.split(cell))):
        pieces = [part] if part in known else [piece.strip() for piece in _PIECES.split(part)]
        for piece in filter(None, pieces):
            if piece not in known:
                raise Refused(code, value=piece)
            yield known[piece]


def _language(cell: str, offered: frozenset[str]) -> str:
    cell = cell.strip()
    if not cell:
        return _NOTHING
    tag = normalise_tag(_LANGUAGES.get(cell.casefold(), cell))
    if tag is None or primary(tag) not in offered:
        raise Refused("language", value=cell)
    return encoded(tag)


def _region(cell: str) -> str:
    if not cell or cell.isspace():
        return _NOTHING
    code = region_code(cell)
    if code is None:
        raise Refused("region", value=cell.strip())
    return encoded(code)


def _names_of(topic: Topic) -> tuple[str, ...]:
    """`sdg-3` is also “SDG 3” and “SDG3”."""
    slug = topic.slug
    return (
        slug,
        slug.replace("-", " "),
        slug.replace("-", ""),
        topic.name_en,
        topic.name_zh,
        *topic.names.values(),
        topic.tag_en,
        topic.tag_zh,
    )


def _names_of_kind(kind: str) -> tuple[str, ...]:
    labels = [names[KIND_NAMES.index(kind)] for names in KINDS.values()]
    return (kind, kind.replace("_", " "), in_english(Kind(kind).label), *labels)
