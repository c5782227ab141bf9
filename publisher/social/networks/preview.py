"""How a network shows a post to its readers: what the desk draws a preview from. Pure.

A network's folder says it in its `preview.py`, with the page or the source code that it was read from. Networks change their
looks without notice, so a preview is a help for people and decides nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

LONGEST_WORD: Final = 20
"""A fold falls before a word, unless that is longer than this."""
_PREFIX: Final = re.compile(r"https?://(?:www\.)?")


class CardLayout(Enum):
    """Where the picture of a link's card stands."""

    NONE = "none"  # the network shows no card
    ABOVE = "above"  # large, above the title
    BESIDE = "beside"  # small, beside the title
    PLAIN = "plain"  # a title without a picture


class Avatar(Enum):
    """The shape of an account's picture."""

    ROUND = "round"
    ROUNDED = "rounded"
    SQUARE = "square"


@dataclass(frozen=True)
class Preview:
    """What readers see first.

    `card_ratio` and `picture_ratio` are width to height of the card's picture and of a single attached one; (0, 0): not cropped.
    `several_ratio`: of each of several pictures. `keeps_focus`: crops keep the point that was chosen, else the middle.
    `fold_width` is after how much text “see more” stands, in halves of a Chinese character; `fold_lines` after how many
    lines of `line_width`; 0: never. `link_characters`: a link is shown without its scheme and cut after so many; 0: as it is.
    `pictures_first`: pictures stand above the text. `card_with_pictures`: a post with pictures shows the card of its link too.
    `card_of_text`: the network makes the card itself, of a link in the text; without one there is no card.
    `hides_link`: the link is left out of the text where it ends the text and a card is shown.
    """

    card: CardLayout = CardLayout.ABOVE
    card_ratio: tuple[int, int] = (191, 100)
    picture_ratio: tuple[int, int] = (0, 0)
    several_ratio: tuple[int, int] = (1, 1)
    keeps_focus: bool = False
    pictures_first: bool = False
    card_with_pictures: bool = False
    card_of_text: bool = False
    fold_width: int = 0
    fold_lines: int = 0
    line_width: int = 70
    fold_word: str = "See more"
    link_characters: int = 0
    hides_link: bool = False
    avatar: Avatar = Avatar.ROUND
    shows_handle: bool = False
    first_line_is_title: bool = False


def folded(text: str, look: Preview) -> tuple[str, str]:
    """What readers see of `text` at first, and what they see after “see more”; joined they are the text."""
    end = min(_end_by_width(text, look.fold_width), _end_by_lines(text, look.fold_lines, look.line_width))
    if end >= len(text):
        return text, ""
    word = text.rfind(" ", 0, end)
    if word > max(0, end - LONGEST_WORD):
        end = word
    return text[:end], text[end:]


def readers_text(text: str, look: Preview, *, link: str, has_card: bool) -> str:
    """The text as readers are shown it: without a link at its end that the card repeats, where the network hides that."""
    if look.hides_link and has_card and link and text.rstrip().endswith(link):
        return text.rstrip().removesuffix(link).rstrip()
    return text


def shown_link(link: str, look: Preview) -> str:
    """A link as it stands in the text that readers see."""
    if not look.link_characters:
        return link
    bare = _PREFIX.sub("", link, count=1)
    return bare if len(bare) <= look.link_characters else f"{bare[: look.link_characters]}…"


def crop(
    size: tuple[int, int], ratio: tuple[int, int], focus: Sequence[float] | None = None
) -> tuple[int, int, int, int]:
    """The part of a picture that is shown: left, top, width, height in its pixels. `focus` as in `base.Picture`."""
    width, height = size
    if not all(ratio) or not all(size):
        return 0, 0, width, height
    across = min(width, round(height * ratio[0] / ratio[1])) or 1
    down = min(height, round(width * ratio[1] / ratio[0])) or 1
    x, y = focus or (0.0, 0.0)
    left = round((x + 1) / 2 * width - across / 2)
    top = round((1 - y) / 2 * height - down / 2)
    return min(max(left, 0), width - across), min(max(top, 0), height - down), across, down


def _end_by_width(text: str, most: int) -> int:
    if not most:
        return len(text)
    taken = 0
    for place, sign in enumerate(text):
        taken += _width(sign)
        if taken > most:
            return place
    return len(text)


def _end_by_lines(text: str, lines: int, width: int) -> int:
    if not lines:
        return len(text)
    line, taken = 1, 0
    for place, sign in enumerate(text):
        taken += _width(sign)
        if sign == "\n" or taken > width:
            line, taken = line + 1, 0 if sign == "\n" else _width(sign)
            if line > lines:
                return place
    return len(text)


def _width(sign: str) -> int:
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
