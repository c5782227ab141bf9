"""Editing a channel's template: trying a text on items, saving it as a version, going back to one, and drafting again by it.

Templates run in the sandbox with its limits (`render/sandbox.py`, `render/budget.py`), here as everywhere.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.items.models import Item
from publisher.render.budget import Limits
from publisher.render.measure import Measure
from publisher.render.social import template_file
from publisher.social import approval, template_history
from publisher.social.accounts import measured
from publisher.social.composing import compose, template_problem, topics_of
from publisher.social.drafting import drafted
from publisher.social.models import Channel, Post, TemplateVersion
from publisher.social.networks import registry
from publisher.social.setting_up import locked

LONGEST = Limits().source
MOST_AT_ONCE = 200
"""Drafts that are made anew by one press: some milliseconds each."""


class Fails(UserError):
    """A template cannot be used; `line` (from 1; 0: none) is to blame."""

    def __init__(self, message: str, hint: str = "", line: int = 0) -> None:
        super().__init__(message, hint)
        self.line = line


@dataclass(frozen=True)
class Trial:
    """What a template makes of an item: texts with their measures, or what is wrong."""

    texts: tuple[str, ...]
    measures: tuple[Measure, ...] = ()
    problem: str = ""
    line: int = 0


@dataclass(frozen=True)
class Again:
    """How many drafts were made anew, were the same already, and could not be."""

    made: int = 0
    same: int = 0
    left: int = 0


def try_out(channel: Channel, text: str, item: Item) -> Trial:
    """What `text` (empty: the network's own template) would make of an item on this channel. Stores nothing, asks nobody."""
    tried = copy.copy(channel)
    tried.template = _clean(text)
    draft = compose(item, tried, topics_of(item) if item.pk else [])
    measures = tuple(measured(tried, draft.texts)) if draft.texts else ()
    return Trial(draft.texts, measures, draft.problem, draft.line)


def own_source(network: str, kind: str) -> str:
    """The network's own template for items of a kind."""
    return template_file(network, kind)[1]


def save(
    channel_id: int, text: str, *, note: str, user: Actor, version: int, now: datetime
) -> TemplateVersion | None:
    """Use `text` from now on; empty: the network's own. None where that is so already. Raises `Fails`, `Stale`."""
    text = _clean(text)
    with transaction.atomic():
        channel = locked(channel_id, version)
        registry.get(channel.network)
        former = channel.template
        if text == former:
            return None
        check(channel, text)
        channel.template, channel.revision = text, channel.revision + 1
        channel.save(update_fields=["template", "revision"])
        made = template_history.note(
            channel, by=audit.name_of(user), note=note.strip(), now=now, former=former
        )
        audit.record(
            user, "channel.template", channel, {}, {"template_version": made.number, "note": made.note}
        )
        events.emit("channel.changed", channel_id=channel.pk)
    return made


def go_back(
    channel_id: int, number: int, *, user: Actor, version: int, now: datetime
) -> TemplateVersion | None:
    """Use the text of a former version again, as the newest one. Raises `UserError`, `Stale`."""
    former = TemplateVersion.objects.filter(channel_id=channel_id, number=number).first()
    if former is None:
        raise UserError(_("There is no such version."), _("Load the page again."))
    note = _("As version %(number)s") % {"number": number}
    return save(channel_id, former.text, note=note, user=user, version=version, now=now)


def check(channel: Channel, text: str) -> None:
    """Raises `Fails` for a text that is too long or cannot be rendered."""
    if len(text) > LONGEST:
        raise Fails(
            _("The template has %(length)s characters; %(most)s are the most.")
            % {"length": len(text), "most": LONGEST}
        )
    tried = copy.copy(channel)
    tried.template = text
    if problem := template_problem(tried):
        raise Fails(
            str(problem),
            _("Nothing was saved. The words that a template may use stand beside it."),
            problem.line,
        )


def outdated(channel: Channel) -> QuerySet[Post]:
    """Drafts that nobody edited or approved, made before the channel was changed last."""
    drafts = Post.objects.filter(channel=channel, state=Post.State.DRAFT, edited=False)
    return drafts.filter(channel_revision__lt=F("channel__revision")).order_by("pk")


def draft_again(channel_id: int, *, user: Actor, now: datetime) -> Again:
    """Draft those again, some at a time; what changed meanwhile is left alone."""
    channel = Channel.objects.select_related("health").filter(pk=channel_id).first()
    if channel is None:
        raise UserError(_("There is no such channel."), _("Load the list again."))
    made = same = left = 0
    for post in list(outdated(channel).select_related("item")[:MOST_AT_ONCE]):
        draft = drafted(post.item, channel, topics_of(post.item), post)
        if draft.texts == tuple(part["text"] for part in post.parts) and not draft.problem:
            same += 1
        else:
            try:
                approval.redraft(post.pk, user=user, version=post.version, now=now)
                made += 1
            except UserError:
                left += 1
                continue
        Post.objects.filter(pk=post.pk).update(channel_revision=channel.revision)
    return Again(made, same, left)


def history(channel: Channel) -> Sequence[TemplateVersion]:
    """The versions, newest first."""
    return list(channel.template_versions.order_by("-number")[:100])


def _clean(text: str) -> str:
    """Line breaks as LF; a text of blanks only is none."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.rstrip() + "\n" if text.strip() else ""
