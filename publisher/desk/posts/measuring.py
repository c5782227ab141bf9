"""A post's text measured and previewed as its network would: the same code that the sender uses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from publisher.render.measure import Measure
from publisher.social import accounts
from publisher.social.models import Channel
from publisher.social.networks import registry

# For the preview only: what networks show as a link, a tag or a name.
_MARKED = re.compile(r"(https?://[^\s]+|[#＃][\w\u3400-\u9fff]+[#＃]?|@[\w.]+(?:@[\w.-]+)?)")


@dataclass(frozen=True)
class Part:
    """One message of a post as the composer shows it. `number` counts from 0."""

    number: int
    text: str
    measure: Measure

    @property
    def left(self) -> int:
        """How much room is left in the network's own unit; negative when there is none."""
        return self.measure.limit - self.measure.length

    @property
    def words(self) -> list[tuple[bool, str]]:
        """The text in pieces; True marks links, hashtags and names."""
        return marked(self.text)


def marked(text: str) -> list[tuple[bool, str]]:
    """The text in pieces; True marks links, hashtags and names."""
    return [(place % 2 == 1, piece) for place, piece in enumerate(_MARKED.split(text)) if piece]


def measured(channel: Channel, texts: list[str]) -> list[Part]:
    """Each text with its measure. On a network that is not installed any more nothing fits."""
    try:
        measures = accounts.measured(channel, texts)
    except registry.NoSuchNetwork as error:
        measures = [Measure(len(text), 0, False, error.message) for text in texts]
    return [Part(n, text, measure) for n, (text, measure) in enumerate(zip(texts, measures, strict=True))]
