"""Pausing a channel, a topic or a country, and releasing it. Called by the desk and by `publisher pause` and `release`.

A pause is a row of `core.models.Pause`, which every claim asks for: it holds from its commit on. Everything at once is the
standstill (`stopping.py`); what a network's refusal stopped is the channel's own (`social/channels.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.audience.regions import region_code
from publisher.core import audit, events, gate, standstill
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.core.models import Pause
from publisher.core.told import in_english, without_stop
from publisher.delivery import reslotting
from publisher.delivery.reslotting import GOES_BY_ITSELF, How, Outcome
from publisher.delivery.stopping import LONGEST_REASON, pause_old
from publisher.digests.models import Edition
from publisher.digests.paused import behind
from publisher.items.models import Topic
from publisher.social import channels, paused
from publisher.social.models import Channel

log = logging.getLogger(__name__)

GREW_OLD = gettext_noop(
    "It waited behind a pause, and its time passed long ago; look at it before it goes on."
)
WAITED = gettext_noop("It waited behind a pause (%(pause)s: %(reason)s). Let it go, or cancel it.")


@dataclass(frozen=True)
class Target:
    """What shall be paused: a channel or topic by its id, or a country by its code. `here`: its name in the reader's language."""

    scope: Pause.Scope
    name: str
    pk: int | None = None
    country: str = ""
    here: str = ""

    @property
    def shown(self) -> str:
        return self.here or self.name

    @property
    def key(self) -> str:
        """`channel:3`, `country:CN`: for forms."""
        return f"{self.scope.value}:{self.country or self.pk}"

    @property
    def pause(self) -> Pause:
        """The pause of it, which is not stored and stops nothing."""
        return Pause(
            scope=self.scope,
            channel_id=self.pk if self.scope is Pause.Scope.CHANNEL else None,
            topic_id=self.pk if self.scope is Pause.Scope.TOPIC else None,
            country=self.country,
            name=self.name[:200],
        )


@dataclass(frozen=True)
class Released:
    """What ended, and what became of the posts and editions behind it. `editions` are those that ask before they go on."""

    pause: Pause
    posts: Outcome
    editions: list[Edition] = field(default_factory=list)


def of_channel(channel: Channel) -> Target:
    return Target(Pause.Scope.CHANNEL, channel.name, channel.pk)


def of_topic(topic: Topic) -> Target:
    return Target(Pause.Scope.TOPIC, topic.name_en, topic.pk, here=topic.name)


def of_country(code: str) -> Target:
    """Raises `UserError` for what is no code of a country or region."""
    known = region_code(code)
    if known is None:
        raise UserError(
            _("“%(value)s” is no country.") % {"value": code[:20]},
            _("Use two letters such as CN (ISO 3166-1)."),
        )
    return Target(Pause.Scope.COUNTRY, known, country=known)


@transaction.atomic
def pause(targets: Sequence[Target], *, user: Actor, by: str, reason: str, now: datetime) -> list[Pause]:
    """Pause each of these that is not paused yet; those that are new. From the commit on nothing of it is claimed.

    Raises `UserError`: no reason, nothing chosen, all paused already.
    """
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if not reason:
        raise UserError(_("Say why it is paused."), _("Whoever finds it paused wants to know."))
    if not targets:
        raise UserError(_("Nothing was chosen, so nothing is paused."), _("Choose what shall be paused."))
    gate.close()
    standing = {key_of(row) for row in Pause.objects.all()}
    rows = [_begin(each, user, by, reason, now) for each in targets if each.key not in standing]
    if not rows:
        raise UserError(_("That is paused already."), _("The page “Pause” says since when and why."))
    for row in rows:
        reslotting.take_back(paused.behind(row, GOES_BY_ITSELF))
    return rows


@transaction.atomic
def release(pause_id: int, how: How, *, user: Actor, by: str, now: datetime) -> Released:
    """End a pause. What another pause, a stopped channel or the standstill still holds goes on waiting.

    Editions go on by themselves, unless their time is long past: those ask. Raises `UserError`.
    """
    row = Pause.objects.select_for_update().filter(pk=pause_id).first()
    if row is None:
        raise UserError(_("That pause has ended already."), _("Load the page again."))
    posts = paused.behind(row, GOES_BY_ITSELF)
    old = pause_old(row.since, why=GREW_OLD, now=now, among=behind(row))
    why = WAITED % {"pause": in_english(row), "reason": without_stop(row.reason)}
    kept, row_id = row, row.pk
    row.delete()
    kept.pk = row_id
    outcome = Outcome()
    if how is How.ASK or not standstill.is_on():
        outcome = reslotting.after_a_stop(posts, how, user=user, why=why, now=now)
    after = {"by": by, "because": kept.reason, "since": kept.since.isoformat(), "how": how.value}
    audit.record(user or by, "pause.released", kept, before={"name": in_english(kept)}, after=after)
    log.info("pause.released", extra={"pause": in_english(kept), "by": by, "how": how.value})
    events.emit("channel.changed")
    events.emit("delivery.due")
    events.emit("correction.asked")
    return Released(kept, outcome, old)


@transaction.atomic
def resume_channel(channel_id: int, how: How, *, user: Actor, now: datetime) -> Outcome:
    """Let a channel go on that its network, or its owner, had stopped. Raises `UserError`."""
    channels.resume(channel_id, user=user)
    posts = Channel.objects.get(pk=channel_id).posts.filter(state__in=GOES_BY_ITSELF)
    why = gettext_noop("It waited while its channel was stopped. Let it go, or cancel it.")
    if how is How.NEW_SLOTS and standstill.is_on():
        return Outcome()
    return reslotting.after_a_stop(list(posts.values_list("pk", flat=True)), how, user=user, why=why, now=now)


def key_of(row: Pause) -> str:
    """What `Target.key` is of the same thing."""
    return f"{row.scope}:{row.country or row.channel_id or row.topic_id}"


def _begin(target: Target, user: Actor, by: str, reason: str, now: datetime) -> Pause:
    row = target.pause
    row.reason, row.by, row.since = reason, by[:150], now
    row.save()
    audit.record(user or by, "pause.begun", row, after={"name": in_english(row), "reason": reason, "by": by})
    log.warning("pause.begun", extra={"pause": in_english(row), "reason": reason, "by": by})
    return row
