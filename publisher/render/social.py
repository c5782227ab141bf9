"""Renders the text of a post for one network, shortened until it fits what the network measures.

Templates lie in templates/social/<network>/<kind>.txt.j2, then <network>/default.txt.j2, then default.txt.j2;
a channel may bring its own. All run in the sandbox with the names in SNIPPET_NAMES. A line of three hyphens begins a new message
where the text may become a thread, and is a blank line elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final, Protocol, TypeVar

from publisher.render.dates import long_date
from publisher.render.hashtags import hashtags
from publisher.render.measure import Measure, Measurer
from publisher.render.sandbox import render_staff
from publisher.render.shorten import graphemes_ends, paragraphs, shorten
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
# Where the template begins a new message.
_BREAK: Final = "\ue002"
_BREAK_LINE: Final = re.compile(r"^[ \t]*-{3}[ \t]*$", re.MULTILINE)


class CannotSplit(Exception):
    """A text cannot become a thread; the message says why, in words that follow “does not fit:”."""


class Splitter(Protocol):
    """Makes a thread of a text, given in the pieces that its template parted; some may be empty."""

    def __call__(self, pieces: Sequence[str], /) -> tuple[str, ...]:
        """The messages, one or more. Raises `CannotSplit`."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """The text of a post and its length by the network's measure; `why` says why it does not fit.

    `texts` are its messages. Of a thread `length` is that of the longest.
    """

    text: str
    length: int
    limit: int
    fits: bool
    why: str = ""
    texts: tuple[str, ...] = ()


def render_snippet(
    network: str,
    view: ItemView,
    *,
    limits: Rules,
    measure: Measurer[Rules],
    channel_template: str | None = None,
    most_hashtags: int | None = None,
    split: Splitter | None = None,
) -> Snippet:
    """The post that `network`'s template makes of `view`. Raises TemplateFailure.

    What the template passes to `fit` is shortened, the last first, and hashtags are dropped, until all fits: in one message, or
    with `split` in a thread. `most_hashtags` goes before the number that the template says.
    """
    name, source = _template(network, view.kind, channel_template)
    draft = _Draft(_clean(view), most_hashtags)
    draft.rendered = _BREAK_LINE.sub(_BREAK, render_staff(source, draft.values(), name=name))

    def fits(candidate: str) -> bool:
        return _messages(candidate, lambda text: measure(text, limits), split).fits

    return _messages(_fitted(draft, fits), lambda text: measure(text, limits), split)


def _messages(marked: str, measured: Callable[[str], Measure], split: Splitter | None) -> Snippet:
    """A text in which breaks are marked, as what is published of it."""
    pieces = [piece.strip() for piece in marked.split(_BREAK)]
    text = "\n\n".join(filter(None, pieces))
    texts: tuple[str, ...] = (text,)
    why = ""
    if split:
        try:
            texts = split(pieces)
        except CannotSplit as error:
            why = str(error)
    longest = max(map(measured, texts), key=lambda each: (not each.fits, each.length))
    fits = longest.fits and not why
    return Snippet(text, longest.length, longest.limit, fits, why or longest.why, texts)


@dataclass(slots=True)
class _Draft:
    """A rendered post with holes: numbered texts that may be shortened, and a line of hashtags."""

    item: ItemView
    most_tags: int | None = None
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
        """Stands for `text`, which may be shortened; what is passed last gives way first. Paragraphs stay apart."""
        return self._hole(paragraphs(str(text)))

    def hashtags(self, most: int = 3, *, closed: bool = False) -> str:
        """Stands for up to `most` hashtags of the item's topics. `closed`: written #so#, as Chinese networks do."""
        most = int(most) if self.most_tags is None else self.most_tags
        tags = hashtags(self.item.tags)[: max(0, min(most, _MOST_TAGS))]
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
    """The fullest form of the draft that fits; if none does, the barest, for a person to look at.

    Hashtags go where all words then fit. Else the last text is shortened beside them, and goes; the first one, mostly the title,
    is cut only when no hashtag stands any more.
    """
    texts = [*draft.texts]
    if whole := _with_fewer_tags(draft, texts, fits):
        return whole
    order = draft.shrinkable()
    for number in order:
        for tags in range(0 if number == order[-1] else len(draft.tags), -1, -1):
            shorter = _shortened(draft, texts, number, tags, fits)
            if shorter and (shorter == draft.texts[number] or _says_something(shorter)):
                return draft.built(_with(texts, number, shorter), tags)
        texts = _with(texts, number, "")
        if any(texts) and (whole := _with_fewer_tags(draft, texts, fits)):
            return whole
    return _barest(draft, fits)


def _with_fewer_tags(draft: _Draft, texts: list[str], fits: Callable[[str], bool]) -> str:
    """These texts whole, with as many hashtags as fit beside them; "" when not even without any."""
    built = (draft.built(texts, tags) for tags in range(len(draft.tags), -1, -1))
    return next((whole for whole in built if fits(whole)), "")


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
        text=_UNFIT.sub("", view.text),
        topics=tuple(_UNFIT.sub("", topic) for topic in view.topics),
        image_url=_UNFIT.sub("", view.image_url),
        image_alt=_UNFIT.sub("", view.image_alt),
    )


_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ue000-\ue002\ufeff\ufffe\uffff]")
