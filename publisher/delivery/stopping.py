"""Stopping everything that leaves, letting it go on, and having a mail server that had failed tried at once. Called by the
desk and by `publisher sending`.

The standstill itself is a row of `core.standstill`, which every claim asks for. Nothing floods out when it ends: posts that
missed their slots get new ones, or expire and ask when that was long ago, and an edition whose time is long past waits for a
person.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import audit, events, standstill
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.core.models import Standstill
from publisher.delivery import outage, reslotting
from publisher.delivery.outage import Outage
from publisher.delivery.outlook import grown_old
from publisher.delivery.reslotting import GOES_BY_ITSELF, How, Outcome
from publisher.digests.models import Edition
from publisher.social.models import Post

log = logging.getLogger(__name__)

GREW_OLD = gettext_noop(
    "All sending stood still, and its time passed long ago; look at it before it goes on."
)
WAITED = gettext_noop("It waited while all sending stood still. Let it go, or cancel it.")
LONGEST_REASON = 1000


@dataclass(frozen=True)
class WentOn:
    """What became of that which waited: editions that are paused as too old, and posts."""

    paused: list[Edition]
    posts: Outcome


@transaction.atomic
def stop(*, user: Actor, by: str, reason: str, now: datetime) -> Standstill:
    """Stop all sending: from the commit on nothing is claimed. `by` names who does it. Raises `UserError`."""
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if not reason:
        raise UserError(_("Say why sending stops."), _("Whoever finds it stopped wants to know."))
    row = standstill.begin(Standstill.Kind.STOPPED, reason=reason, by=by, now=now)
    if row is None:
        raise UserError(
            _("All sending stands still already."), _("`publisher sending` says since when and why.")
        )
    audit.record(user or by, "sending.stopped", row, after={"reason": reason, "by": by})
    log.info("sending.stopped", extra={"reason": reason, "by": by})
    return row


@transaction.atomic
def go_on(
    *, user: Actor, by: str, now: datetime, since: datetime | None = None, how: How = How.NEW_SLOTS
) -> WentOn:
    """Let sending go on; editions that have become too old meanwhile are paused for a person. `how`: what becomes of the posts
    that waited.

    `since`: the beginning of the standstill that the person saw; another one stays. Raises `UserError`.
    """
    stood = standstill.end(since=since)
    if stood is None:
        raise UserError(
            _("Sending does not stand still any more, or it was stopped again since you looked."),
            _("Look again, then decide."),
        )
    old = pause_old(stood.since, why=GREW_OLD, now=now)
    waited = Post.objects.filter(state__in=GOES_BY_ITSELF).values_list("pk", flat=True)
    posts = reslotting.after_a_stop(list(waited), how, user=user or by, why=WAITED, now=now)
    after = {"by": by, "stood_since": stood.since.isoformat(), "because": stood.reason, "how": how.value}
    audit.record(user or by, "sending.went_on", stood, after=after)
    log.info("sending.went_on", extra={"by": by, "stood_since": stood.since.isoformat()})
    events.emit("delivery.due")
    events.emit("correction.asked")
    return WentOn(old, posts)


def pause_old(
    stood_since: datetime, *, why: str, now: datetime, among: Collection[int] | None = None
) -> list[Edition]:
    """Pause the editions (of `among`) that were going out and whose time is long past by now: a person decides. Inside the
    caller's transaction."""
    going = grown_old(stood_since, now=now).select_for_update(of=("self",))
    old = list(going if among is None else going.filter(pk__in=among))
    for edition in old:
        before = edition.state
        edition.state, edition.problem, edition.changed_at = Edition.State.PAUSED, why, now
        edition.save(update_fields=["state", "problem", "changed_at"])
        audit.record(None, "edition.pause", edition, {"state": before}, {"state": edition.state})
    return old


@transaction.atomic
def try_now(*, user: Actor, by: str, now: datetime) -> Outage:
    """End the mail server's rest, such as after its password was mended, so that it is tried at once, or as `not_tried_yet`
    says; the outage it had. Raises `UserError`."""
    try:
        known = outage.end_rest(now)
    except redis.RedisError:
        raise UserError(
            _("Redis does not answer, so nobody knows whether mail waits for its server."),
            _("See `publisher status`; while Redis is away the server is tried every few seconds."),
        ) from None
    if known is None and not settings.MAIL:
        raise UserError(
            _("There is no mail server to try: PUBLISHER_MAIL is empty."),
            _("Set it, and start the service again; docs/sending-mail.md says how."),
        )
    if known is None:
        raise UserError(
            _("Mail does not wait for its server: the last try went well."), _("There is nothing to do.")
        )
    after = {"by": by, "failed_since": known.since.isoformat(), "said": known.said}
    audit.record_of(user, "mail_server.try", "mail_server", "", after=after)
    log.info("outage.try_now", extra={"by": by})
    events.emit("delivery.due")
    return known


def not_tried_yet() -> str:
    """Why the mail server is not tried at once though its rest has ended, and when it is; empty when it is, if mail is due."""
    if standstill.is_on():
        return _(
            "All sending stands still, so the mail server is not tried now. "
            "It is tried as soon as sending goes on and mail is due."
        )
    if not settings.MAIL:
        return _(
            "PUBLISHER_MAIL is empty here. "
            "The mail server is tried as soon as a worker that knows its address finds mail that is due."
        )
    return ""
