"""Why something whose time has come does not leave at this moment, and until when. Reads only; `outlook.py` tells it.

It asks the same places as the senders do, without taking anything: settings, the mail server's outage, rests and rates, hours,
waves, the queue's first row; for posts the channel and its schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import Pause
from publisher.core.told import told, without_stop
from publisher.delivery import outage
from publisher.delivery.departure import Step
from publisher.delivery.leaving import foreseen
from publisher.delivery.models import Delivery
from publisher.delivery.pacing.pacer import Pacer
from publisher.delivery.progress import ToGo, waits_for_hours
from publisher.delivery.states import State
from publisher.digests.models import Edition
from publisher.digests.paused import of_editions
from publisher.digests.uncleared import of_editions as uncleared_editions
from publisher.review.uncleared import Open
from publisher.schedule.quiet import why_not
from publisher.social import paused, uncleared
from publisher.social.models import Channel, Post

NO_SERVER = gettext_noop("No mail leaves while PUBLISHER_MAIL is empty")
SHORT = timedelta(seconds=5)
"""A rate that has room again so soon holds nothing up: mail leaves, at its pace."""


@dataclass(frozen=True)
class Hold:
    """What holds something up, without a full stop; and until when (UTC), None where that is not known. As text, for people."""

    why: str
    until: datetime | None = None

    def __str__(self) -> str:
        if self.until:
            return _("%(why)s, until %(moment)s.") % {"why": self.why, "moment": clock.told(self.until)}
        return _("%(why)s.") % {"why": self.why}


def of_all_mail(now: datetime) -> Hold | None:
    """What holds up every mail."""
    if not settings.MAIL:
        return Hold(_(NO_SERVER))
    if down := outage.current():
        if down.until > now:
            return Hold(_("The mail server could not be used and is left alone"), down.until)
        return Hold(
            _("The mail server could not be used at the last try, and is tried again with the next mail")
        )
    return of_pace(now)


def of_pace(now: datetime) -> Hold | None:
    """What holds up every mail though the mail server can be used: it asked for peace, or a rate is used up. None while Redis
    cannot be asked."""
    grant = Pacer.of_settings().allow(0, now=now)
    return Hold(told(grant.reason), now + grant.wait) if grant.reason and grant.wait >= SHORT else None


def of_edition(edition: Edition, rest: ToGo, now: datetime) -> Hold | None:
    """What holds up all mails of an edition that wait; None when some may leave, or a person is asked."""
    if edition.state == Edition.State.ASSEMBLING:
        return Hold(_("It is being assembled"))
    for pause in of_editions([edition.pk]).get(edition.pk, []):
        return of_pause(pause, _("It holds items that are paused"))
    if open_tags := uncleared_editions([edition.pk]).get(edition.pk, []):
        return of_clearances(open_tags)
    hours = waits_for_hours(edition, now)
    if hours:
        return Hold(_("It waits for its hours (%(hours)s)") % {"hours": hours.hours}, hours.until)
    if rest.waves and not rest.due:
        wave = rest.waves[0]
        return Hold(_("The next wave is that of %(clocks)s") % {"clocks": wave.clocks}, wave.due_at)
    return of_queue(edition, now)


def of_pause(pause: Pause, what: str = "") -> Hold:
    """What a pause says of something that it covers."""
    values = {"what": what or _("Paused"), "pause": pause, "reason": without_stop(pause.reason)}
    return Hold(_("%(what)s (%(pause)s: %(reason)s)") % values)


def of_clearances(open_tags: Sequence[Open]) -> Hold:
    """What tags say of something that waits for their clearance: which item, which tag, which role."""
    return Hold("; ".join(map(str, open_tags)))


def of_queue(edition: Edition, now: datetime) -> Hold | None:
    """What holds up its whole queue, by the row that is due first; None when that is due, or nothing is queued."""
    first = (
        Delivery.objects.filter(edition=edition, state=State.QUEUED)
        .exclude(purpose__in=Delivery.ALONE)
        .order_by("due_at", "id")
        .values_list("due_at", "reason")
        .first()
    )
    if first and first[0] > now:
        return Hold(without_stop(told(first[1])) or _("It is tried again"), first[0])
    return None


def of_channel(channel: Channel, now: datetime) -> Hold | None:
    """What holds up everything on a channel."""
    if not channel.enabled:
        return Hold(_("The channel is switched off"))
    if channel.paused_reason:
        reason = without_stop(told(channel.paused_reason))
        return Hold(_("The channel is stopped (%(reason)s)") % {"reason": reason})
    if channel.blocked_until and channel.blocked_until > now:
        return Hold(_("The network asked us to wait"), channel.blocked_until)
    return None


def of_posts(channel: Channel, posts: Sequence[Post], now: datetime) -> tuple[int, Hold | None]:
    """How many of a channel's posts whose slots have come do not leave now, and why the first of them does not. Those that are
    too late are not among `posts`."""
    try:
        rules = channel.schedule.rules()
        steps = foreseen(channel, posts, rules, now)
    except UserError as error:
        reason = without_stop(error.message)
        return len(posts), Hold(_("The schedule cannot be used: %(reason)s") % {"reason": reason})
    held = [step for step in steps if step in (Step.WAIT, Step.NEW_SLOT)]
    if not held:
        return 0, None
    first = posts[steps.index(held[0])]
    for pause in paused.of_posts([first.pk]).get(first.pk, []):
        return len(held), of_pause(pause)
    if open_tags := uncleared.of_posts([first.pk]).get(first.pk, []):
        return len(held), of_clearances(open_tags)
    if held[0] is Step.NEW_SLOT:
        reason = why_not(rules, now) or _("enough for today, or an embargo")
        return len(held), Hold(_("They get another slot (%(reason)s)") % {"reason": reason})
    minutes = round(rules.least_gap.total_seconds() / 60)
    said = ngettext(
        "The schedule keeps %(num)s minute between posts",
        "The schedule keeps %(num)s minutes between posts",
        minutes,
    )
    return len(held), Hold(said % {"num": minutes})
