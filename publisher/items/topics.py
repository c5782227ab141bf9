"""Topics and their words: `config/topics.yaml` read and checked. Matching them against a text is in `suggesting.py`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from publisher.core.errors import UserError

_PATTERN_LENGTH: Final = 200
_TAG: Final = r"^\w*$"
_UNSAFE: Final = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\}|\(\?[^:!]|\(\?!(?!\\d\)))|\\[1-9]|\(\?P")


class _Topic(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    kind: Literal["sdg", "agency"]
    name_en: Annotated[str, Field(min_length=1, max_length=120)]
    name_zh: Annotated[str, Field(min_length=1, max_length=120)]
    names: dict[
        Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], Annotated[str, Field(min_length=1, max_length=120)]
    ] = {}
    tag_en: Annotated[str, Field(max_length=60, pattern=_TAG)] = ""
    tag_zh: Annotated[str, Field(max_length=60, pattern=_TAG)] = ""
    color: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
    words_en: Annotated[
        list[Annotated[str, Field(min_length=3, max_length=_PATTERN_LENGTH)]], Field(max_length=60)
    ]
    words_zh: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=_PATTERN_LENGTH)]], Field(max_length=60)
    ]


@dataclass(frozen=True)
class TopicRule:
    """A topic with its words. `expressions` are those of `words_en` that stood between slashes, checked. `names` are those in
    further languages, each with its language.

    `tag_en` and `tag_zh` are its hashtags without the sign, "" where they are made of its name.
    """

    slug: str
    kind: Literal["sdg", "agency"]
    name_en: str
    name_zh: str
    tag_en: str
    tag_zh: str
    color: str
    position: int
    words_en: tuple[str, ...]
    words_zh: tuple[str, ...]
    expressions: tuple[str, ...]
    names: tuple[tuple[str, str], ...] = ()


def load_topics(path: Path) -> tuple[TopicRule, ...]:
    """The rules in the order of the file. Raises UserError that names file, topic and field."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        topics = TypeAdapter(list[_Topic]).validate_python(given)
    except OSError as error:
        raise UserError(
            _("The topics in %(path)s cannot be read: %(strerror)s.")
            % {"path": path, "strerror": error.strerror},
            _("Check PUBLISHER's installation."),
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            _("%(path)s is not YAML: %(error)s") % {"path": path, "error": error},
            _("Correct the line that is named."),
        ) from error
    except ValidationError as error:
        raise UserError(
            f"{path}: {_first_problem(error, given)}", _("Compare with the comment at its top.")
        ) from error
    slugs = [topic.slug for topic in topics]
    twice = sorted({slug for slug in slugs if slugs.count(slug) > 1})
    if twice:
        raise UserError(
            _("%(path)s: the slug %(value)s is there twice.") % {"path": path, "value": twice[0]},
            _("Slugs are unique."),
        )
    return tuple(_rule(topic, position, path) for position, topic in enumerate(topics))


def named_topics(rules: Sequence[TopicRule], names: Iterable[str]) -> tuple[str, ...]:
    """Slugs of the topics that a producer named by slug, name in any language, or acronym; unknown names are left out."""
    known = _names(tuple(rules))
    return tuple(dict.fromkeys(known[name.casefold()] for name in names if name.casefold() in known))


@lru_cache(maxsize=4)
def _names(rules: tuple[TopicRule, ...]) -> dict[str, str]:
    return {
        key.casefold(): rule.slug
        for rule in rules
        for key in (rule.slug, rule.name_en, rule.name_zh, *dict(rule.names).values(), *_short(rule))
    }


def _rule(topic: _Topic, position: int, path: Path) -> TopicRule:
    expressions = [word[1:-1] for word in topic.words_en if _is_expression(word)]
    return TopicRule(
        topic.slug,
        topic.kind,
        topic.name_en,
        topic.name_zh,
        topic.tag_en,
        topic.tag_zh,
        topic.color,
        position,
        tuple(word for word in topic.words_en if not _is_expression(word)),
        tuple(topic.words_zh),
        tuple(_checked(expression, topic.slug, path) for expression in expressions),
        tuple(topic.names.items()),
    )


def _is_expression(word: str) -> bool:
    return len(word) > 1 and word.startswith("/") and word.endswith("/")


def _checked(pattern: str, slug: str, path: Path) -> str:
    """An expression of bounded cost: no unlimited repetition, no look-around but a digit's absence, no back reference."""
    if _UNSAFE.search(pattern):
        raise UserError(
            _(
                "%(path)s: the expression /%(pattern)s/ of %(slug)s repeats without limit, looks "
                "around or refers back."
            )
            % {"path": path, "pattern": pattern, "slug": slug},
            _("Write {0,20} instead of *, and groups as (?:…)."),
        )
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UserError(
            _("%(path)s: the expression /%(pattern)s/ of %(slug)s is not valid: %(error)s.")
            % {"path": path, "pattern": pattern, "slug": slug, "error": error},
            _("Correct it."),
        ) from error
    if compiled.match("") or compiled.groups:
        raise UserError(
            _("%(path)s: the expression /%(pattern)s/ of %(slug)s has groups or matches nothing at all.")
            % {"path": path, "pattern": pattern, "slug": slug},
            _("Use (?:…)."),
        )
    return pattern


def _short(rule: TopicRule) -> tuple[str, ...]:
    """`sdg-3` is also “SDG 3” and “SDG3”; agencies' slugs are their acronyms already."""
    return (rule.slug.replace("-", " "), rule.slug.replace("-", ""))


def _first_problem(error: ValidationError, given: Any) -> str:
    details = error.errors()[0]
    place = details["loc"]
    topic = given[place[0]] if isinstance(given, list) and place and isinstance(place[0], int) else None
    name = topic.get("slug", f"topic {place[0]}") if isinstance(topic, dict) else "the file"
    return f"{name}: {'.'.join(map(str, place[1:]))} {details['msg'].lower()}."
