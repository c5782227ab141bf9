"""A person makes a thread of a text, and one text of a thread. Nothing is saved here: it is what the composer's buttons do.

Split, then joined, a text is the same but for blanks where it was cut; links and hashtags that ended it are at its end again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.render.social import CannotSplit
from publisher.social import threads
from publisher.social.accounts import NoThreads, measured_as
from publisher.social.models import Channel
from publisher.social.networks import registry

_NUMBER: Final = re.compile(r"\n(\d{1,2})/(\d{1,2})\s*\Z")
_PARAGRAPHS: Final = re.compile(r"\n\s*\n")
_ENDS_A_THOUGHT: Final = re.compile(r"[.!?…:;。！？；：”’\"')）」』]\Z")
_HAN: Final = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")


def takes_threads(channel: Channel) -> bool:
    """Whether posts of several messages can leave on this channel."""
    network = registry.networks().get(channel.network)
    return bool(network and threads.takes_threads(network, measured_as(channel)))


def split(channel: Channel, texts: Sequence[str]) -> tuple[str, ...]:
    """The messages of a thread: a text too long for one message is cut where the drafting cuts; one that fits, at its blank
    lines. Raises `NoThreads`, or `UserError` where nothing can be cut.
    """
    network = registry.get(channel.network)
    if not takes_threads(channel):
        raise NoThreads(
            _("%(label)s takes no posts of several messages from this channel.") % {"label": network.label},
            _("Shorten the text."),
        )
    whole = join(texts)
    rules = network.rules(measured_as(channel))

    def fits(text: str) -> bool:
        return network.measure(text, rules).fits

    pieces = _paragraphs(whole) if fits(whole) else [whole]
    try:
        made = threads.split(
            pieces,
            fits=fits,
            most=threads.MOST_MESSAGES,
            numbered=channel.thread_numbers and len(pieces) == 1,
        )
    except CannotSplit as error:
        raise UserError(
            _("The text cannot be split: %(error)s.") % {"error": error}, _("Shorten it, or part it by hand.")
        ) from error
    if len(made) < 2:
        raise UserError(
            _("The text is one paragraph that fits one message, so there is nothing to split."),
            _("Leave a blank line where the next message is to begin, then split it."),
        )
    return made


def join(texts: Sequence[str]) -> str:
    """One text of the messages of a thread: without their numbers, the links and hashtags below the first at the end."""
    bodies = [_without_number(text.strip(), place, len(texts)) for place, text in enumerate(texts, 1)]
    bodies = [body for body in bodies if body]
    if len(bodies) < 2:
        return "".join(bodies)
    first, tail = threads.with_tail(bodies[0])
    joined = first
    for body in bodies[1:]:
        joined += _between(joined, body) + body if joined else body
    return (joined + tail) if tail[:1] in ("", "\n") else f"{joined}\n\n{tail}"


def _without_number(text: str, place: int, total: int) -> str:
    found = _NUMBER.search(text)
    ours = found and total > 1 and (int(found[1]), int(found[2])) == (place, total)
    return text[: found.start()].rstrip() if found and ours else text


def _between(before: str, after: str) -> str:
    if _ENDS_A_THOUGHT.search(before):
        return "\n\n"
    return "" if _HAN.match(before[-1]) and _HAN.match(after[0]) else " "


def _paragraphs(text: str) -> list[str]:
    """The paragraphs, with the links and hashtags that end the text below the first."""
    body, tail = threads.with_tail(text)
    pieces = [piece.strip() for piece in _PARAGRAPHS.split(body) if piece.strip()]
    if not pieces:
        return [text]
    return [f"{pieces[0]}\n\n{tail.strip()}" if tail.strip() else pieces[0], *pieces[1:]]
