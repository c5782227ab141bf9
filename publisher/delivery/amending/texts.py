"""The words of a correction: the new text of each message, and what an answer below a post says. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.utils.translation import gettext as _

from publisher.items.models import Item
from publisher.render.failure import TEMPLATE_ERRORS, TemplateFailure
from publisher.render.social import render_snippet
from publisher.render.trusted import TEMPLATES
from publisher.social.accounts import measured_as
from publisher.social.composing import compose, topics_of, view_of
from publisher.social.models import Channel
from publisher.social.networks import registry


@dataclass(frozen=True)
class Words:
    """`edits`: the text for each message that stands there; `problem`: why they are not today's text by the template."""

    edits: tuple[str, ...]
    reply: str
    problem: str = ""


def words_for(item: Item, channel: Channel, standing: Sequence[str]) -> Words:
    """What is proposed for a post whose messages are `standing` now."""
    reply = _reply(item, channel)
    draft = compose(item, channel, topics_of(item))
    if draft.problem:
        return Words(tuple(standing), reply, draft.problem)
    if len(draft.texts) != len(standing):
        said = _("Today's text has %(now)s messages, and %(there)s stand there: edit them by hand.")
        return Words(tuple(standing), reply, said % {"now": len(draft.texts), "there": len(standing)})
    return Words(tuple(draft.texts), reply)


def _reply(item: Item, channel: Channel) -> str:
    """Empty when it cannot be made: then a person writes it."""
    try:
        network = registry.get(channel.network)
        return render_snippet(
            network.name,
            view_of(item, channel, ()),
            limits=network.rules(measured_as(channel)),
            measure=network.measure,
            channel_template=_template("retracted" if item.retracted_at else "corrected"),
        ).text
    except (registry.NoSuchNetwork, TemplateFailure, *TEMPLATE_ERRORS):
        return ""


@cache
def _template(name: str) -> str:
    return (TEMPLATES / f"social/answers/{name}.txt.j2").read_text(encoding="utf-8")
