"""Why something whose time has come does not leave at this moment, and until when. Reads only; `outlook.py` tells it.

It asks the same places as the senders do, without taking anything: settings, the mail server's outage, rests and rates, hours,
waves, the queue's first row; for posts the channel and its schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import Pause
from publisher.delivery import outage
from publisher.delivery.departure import Step
from publisher.delivery.leaving import foreseen
from publisher.delivery.models import Delivery
from publisher.delivery.pacing.pacer import Pacer
from publisher.delivery.progress import ToGo, waits_for_hours
from publisher.delivery.states import State
from publisher.digests.models import Edition
from publisher.digests.paused import of_editions
from publisher.schedule.quiet import why_not
from publisher.social import paused
from publisher.social.models import Channel, Post

NO_SERVER = "No mail leaves while PUBLISHER_MAIL is empty"
SHORT = timedelta(seconds=5)
"""A rate that has room again so soon holds nothing up: mail leaves, at its pace."""


@dataclass(frozen=True)
class Hold:
    """What holds something up, without a full stop; and until when (UTC), None where that is not known. As text, for people."""

    why: str
    until: datetime | None = None

    def __str__(self) -> str:
        return f"{self.why}, until {clock.told(self.until)}." if self.until else f"{self.why}."


def of_all_mail(now: datetime) -> Hold | None:
    """What holds up every mail."""
    if not settings.MAIL:
        return Hold(NO_SERVER)
    if down := outage.current():
        if down.until > now:
            return Hold("The mail server could not be used and is left alone", down.until)
        return Hold(
            "The mail server could not be used at the last try, and is tried again with the next mail"
        )
    return of_pace(now)


def of_pace(now: datetime) -> Hold | None:
    """What holds up every mail though the mail server can be used: it asked for peace, or a rate is used up. None while Redis
    cannot be asked."""
    grant = Pacer.of_settings().allow(0, now=now)
    return Hold(grant.reason, now + grant.wait) if grant.reason and grant.wait >= SHORT else None


def of_edition(edition: Edition, rest: ToGo, now: datetime) -> Hold | None:
    """What holds up all mails of an edition that wait; None when some may leave, or a person is asked."""
    if edition.state == Edition.State.ASSEMBLING:
        return Hold("It is being assembled")
    for pause in of_editions([edition.pk]).get(edition.pk, []):
        return of_pause(pause, "It holds items that are paused")
    hours = waits_for_hours(edition, now)
    if hours:
        return Hold(f"It waits for its hours ({hours.hours})", hours.until)
    if rest.waves and not rest.due:
        return Hold(f"The next wave is that of {rest.waves[0].clocks}", rest.waves[0].due_at)
    return of_queue(edition, now)


def of_pause(pause: Pause, what: str = "Paused") -> Hold:
    """What a pause says of something that it covers."""
    return Hold(f"{what} ({pause}: {pause.reason.rstrip('.')})")


def of_queue(edition: Edition, now: datetime) -> Hold | None:
    """What holds up its whole queue, by the row that is due first; None when that is due, or nothing is queued."""
    first = (
        Delivery.objects.filter(edition=edition, state=State.QUEUED)
        .exclude(purpose=Delivery.Purpose.TEST)
        .order_by("due_at", "id")
        .values_list("due_at", "reason")
        .first()
    )
    if first and first[0] > now:
        return Hold(first[1].rstrip(".") or "It is tried again", first[0])
    return None


def of_channel(channel: Channel, now: datetime) -> Hold | None:
    """What holds up everything on a channel."""
    if not channel.enabled:
        return Hold("The channel is switched off")
    if channel.paused_reason:
        return Hold(f"The channel is stopped ({channel.paused_reason.rstrip('.')})")
    if channel.blocked_until and channel.blocked_until > now:
        return Hold("The network asked us to wait", channel.blocked_until)
    return None


def of_posts(channel: Channel, posts: Sequence[Post], now: datetime) -> tuple[int, Hold | None]:
    """How many of a channel's posts whose slots have come do not leave now, and why the first of them does not. Those that are
    too late are not among `posts`."""
    try:
        rules = channel.schedule.rules()
        steps = foreseen(channel, posts, rules, now)
    except UserError as error:
        return len(posts), Hold(f"The schedule cannot be used: {error.message.rstrip('.')}")
    held = [step for step in steps if step in (Step.WAIT, Step.NEW_SLOT)]
    if not held:
        return 0, None
    first = posts[steps.index(held[0])]
    for pause in paused.of_posts([first.pk]).get(first.pk, []):
        return len(held), of_pause(pause)
    if held[0] is Step.NEW_SLOT:
        quiet = why_not(rules, now)
        return len(held), Hold(f"They get another slot ({quiet or 'enough for today, or an embargo'})")
    minutes = round(rules.least_gap.total_seconds() / 60)
    return len(held), Hold(f"The schedule keeps {minutes} minutes between posts")
