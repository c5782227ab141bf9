"""Renders the text of a post for one network, shortened until it fits what the network measures.

Templates lie in templates/social/<network>/<kind>.txt.j2, then <network>/default.txt.j2, then default.txt.j2;
a channel may bring its own. All run in the sandbox with the names in SNIPPET_NAMES.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final, TypeVar

from publisher.render.dates import long_date
from publisher.render.hashtags import hashtags
from publisher.render.measure import Measurer
from publisher.render.sandbox import render_staff
from publisher.render.shorten import graphemes_ends, shorten
from publisher.render.trusted import TEMPLATES
from publisher.render.views import ItemView
from publisher.render.words import KIND_NAMES, kind_label

Rules = TypeVar("Rules")

SNIPPET_NAMES: Final = ("item", "kind", "date", "link", "fit", "hashtags")

# A summary of fewer graphemes than this says nothing: it gives way to a hashtag, or goes.
_SHORTEST_STUB: Final = 40
_MOST_TAGS: Final = 10
_MOST_HOLES: Final = 20

# Stands in the rendered text for what may still shrink: private-use characters, removed from all content.
_OPEN, _CLOSE = "\ue000", "\ue001"
_HOLE: Final = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Snippet:
    """The text of a post and its length by the network's measure; `why` says why it does not fit."""

    text: str
    length: int
    limit: int
    fits: bool
    why: str = ""


def render_snippet(
    network: str,
    view: ItemView,
    *,
    limits: Rules,
    measure: Measurer[Rules],
    channel_template: str | None = None,
) -> Snippet:
    """The post that `network`'s template makes of `view`. Raises TemplateFailure.

    What the template passes to `fit` is shortened, the last first, and hashtags are dropped, until all fits.
    """
    name, source = _template(network, view.kind, channel_template)
    draft = _Draft(_clean(view))
    draft.rendered = render_staff(source, draft.values(), name=name)
    text = _fitted(draft, lambda candidate: measure(candidate, limits).fits)
    result = measure(text, limits)
    return Snippet(text, result.length, result.limit, result.fits, result.why)


@dataclass(slots=True)
class _Draft:
    """A rendered post with holes: numbered texts that may be shortened, and a line of hashtags."""

    item: ItemView
    rendered: str = ""
    texts: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    _tags_hole: int = -1

    def values(self) -> dict[str, object]:
        """The names that a template may use."""
        return {
            "item": self.item,
            "kind": kind_label(self.item.kind, self.item.language),
            "date": long_date(self.item.published_at, self.item.language),
            "link": self.item.url,
            "fit": self.fit,
            "hashtags": self.hashtags,
        }

    def fit(self, text: object) -> str:
        """Stands for `text`, which may be shortened; what is passed last gives way first."""
        return self._hole(" ".join(str(text).split()))

    def hashtags(self, most: int = 3, *, closed: bool = False) -> str:
        """Stands for up to `most` hashtags of the item's topics; `closed`: with the sign on both sides, #like this#."""
        tags = hashtags(self.item.tags)[: max(0, min(int(most), _MOST_TAGS))]
        self.tags = [f"{tag}#" for tag in tags] if closed else tags
        hole = self._hole("")
        self._tags_hole = len(self.texts) - 1
        return hole

    def _hole(self, text: str) -> str:
        if len(self.texts) == _MOST_HOLES:
            raise ValueError(f"fit and hashtags are called more than {_MOST_HOLES} times")
        self.texts.append(text)
        return f"{_OPEN}{len(self.texts) - 1}{_CLOSE}"

    def shrinkable(self) -> list[int]:
        """The numbers of the texts, in the order in which they give way."""
        return [number for number in reversed(range(len(self.texts))) if number != self._tags_hole]

    def built(self, texts: list[str], tags: int) -> str:
        """The whole post with these texts and the first `tags` hashtags, blank lines tidied."""
        filled = [*texts]
        if self._tags_hole >= 0:
            filled[self._tags_hole] = " ".join(self.tags[:tags])
        whole = _HOLE.sub(lambda hole: filled[int(hole[1])], self.rendered)
        lines = "\n".join(" ".join(line.split()) for line in whole.splitlines())
        return re.sub(r"\n{3,}", "\n\n", lines).strip()


def _fitted(draft: _Draft, fits: Callable[[str], bool]) -> str:
    """The fullest form of the draft that fits; if none does, the barest, for a person to look at."""
    texts, most = [*draft.texts], len(draft.tags)
    whole = draft.built(texts, most)
    if fits(whole):
        return whole
    for number in draft.shrinkable():
        for tags in range(most, -1, -1):
            shorter = _shortened(draft, texts, number, tags, fits)
            if shorter and (shorter == draft.texts[number] or _says_something(shorter)):
                return draft.built(_with(texts, number, shorter), tags)
        texts = _with(texts, number, "")
        for tags in range(most, -1, -1):
            if draft.built(texts, tags) and fits(draft.built(texts, tags)) and any(texts):
                return draft.built(texts, tags)
    return _barest(draft, fits)


def _barest(draft: _Draft, fits: Callable[[str], bool]) -> str:
    """With no room for words worth reading: the first text as short as it gets, else only the fixed part."""
    empty = [""] * len(draft.texts)
    for number in reversed(draft.shrinkable()):
        shorter = _shortened(draft, empty, number, 0, fits)
        if shorter:
            return draft.built(_with(empty, number, shorter), 0)
    return draft.built(empty, 0)


def _shortened(draft: _Draft, texts: list[str], number: int, tags: int, fits: Callable[[str], bool]) -> str:
    return shorten(draft.texts[number], lambda text: fits(draft.built(_with(texts, number, text), tags)))


def _with(texts: list[str], number: int, text: str) -> list[str]:
    return [*texts[:number], text, *texts[number + 1 :]]


def _says_something(text: str) -> bool:
    return len(graphemes_ends(text)) >= _SHORTEST_STUB


def _template(network: str, kind: str, channel_template: str | None) -> tuple[str, str]:
    """Name and source of the template to use."""
    if channel_template is not None and channel_template.strip():
        return "channel template", channel_template
    return template_file(network, kind if kind in KIND_NAMES else "other")


@cache
def template_file(network: str, kind: str) -> tuple[str, str]:
    for place in (f"{network}/{kind}", f"{network}/default", "default"):
        name = f"social/{place}.txt.j2"
        path = TEMPLATES / name
        if path.is_file():
            return name, path.read_text(encoding="utf-8")
    raise FileNotFoundError(TEMPLATES / "social/default.txt.j2")


def _clean(view: ItemView) -> ItemView:
    """The view without the characters that stand for holes, and without lone surrogates."""
    return replace(
        view,
        title=_UNFIT.sub("", view.title),
        url=_UNFIT.sub("", view.url),
        summary=_UNFIT.sub("", view.summary),
        body=_UNFIT.sub("", view.body),
        topics=tuple(_UNFIT.sub("", topic) for topic in view.topics),
        image_url=_UNFIT.sub("", view.image_url),
        image_alt=_UNFIT.sub("", view.image_alt),
    )


_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ue000\ue001\ufeff\ufffe\uffff]")
