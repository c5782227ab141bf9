"""The composer's buttons that change texts and save nothing: parts of a thread, and one text for several channels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from publisher.desk.compose.typed import Typed
from publisher.social import thread_editing
from publisher.social.approval import MOST_PARTS
from publisher.social.models import Channel

Arrange = Callable[[list[str], int], list[str]]


def add_part(texts: list[str], _part: int) -> list[str]:
    """One more, empty, at the end."""
    return [*texts, ""] if len(texts) < MOST_PARTS else texts


def remove_part(texts: list[str], part: int) -> list[str]:
    """Without that one; one part stays."""
    return [text for number, text in enumerate(texts) if number != part] or [""]


def earlier(texts: list[str], part: int) -> list[str]:
    """That part one place earlier."""
    if not 0 < part < len(texts):
        return texts
    return [*texts[: part - 1], texts[part], texts[part - 1], *texts[part + 1 :]]


def later(texts: list[str], part: int) -> list[str]:
    """That part one place later."""
    return earlier(texts, part + 1)


PARTS: Mapping[str, Arrange] = {
    "part": add_part,
    "remove": remove_part,
    "earlier": earlier,
    "later": later,
}
"""By the verb of the button."""


def split(typed: Typed, channel: Channel) -> None:
    """Make a thread of the text. Raises `UserError`."""
    typed.texts = list(thread_editing.split(channel, typed.texts))


def join(typed: Typed) -> None:
    """Make one text of the thread."""
    typed.texts = [thread_editing.join(typed.texts)]


def copy(source: Typed, targets: Iterable[tuple[Typed, Channel]]) -> int:
    """The text of one post into others; how many. A thread arrives as one text where the channel takes no threads. Nothing is
    cut: what is too long there is shown as too long."""
    count = 0
    for target, channel in targets:
        whole = thread_editing.takes_threads(channel) or len(source.texts) == 1
        target.texts = list(source.texts) if whole else [thread_editing.join(source.texts)]
        count += 1
    return count
