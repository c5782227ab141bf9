"""Posts that a person publishes: how long they wait, what stops them, and what the person says became of them.

`leaving.py` hands them over at their slot (or the sender does, once it has laid a draft into the account). From then on only a
person's word settles a part; the clock and a retraction stop it. Its state is `handed` until then.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import audit, clock, events, standstill
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.core.told import told
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.post_state import refresh_post
from publisher.delivery.states import LEFT_US, State
from publisher.social import paused, uncleared
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import ByHand, Handout, Prepared
from publisher.social.slots import lock_channel

log = logging.getLogger(__name__)

S = Post.State
USUAL_HOURS, MOST_HOURS = 24, 30 * 24
SETTING = "wait_hours"
"""A channel's setting: for how many hours after its slot a post waits for a person; never less than the channel's tolerance."""

OPEN = (State.HANDED, State.EXPIRED, State.CANCELLED)
"""Parts of which a person may say that they are posted: what was stopped may have been posted just before."""
OPEN_POSTS = (S.HANDED, S.EXPIRED, S.CANCELLED)

RETRACTED = gettext_noop(
    "The item was retracted before anybody said that this was posted. Do not post it; delete it there if you have."
)
LONGEST_URL, LONGEST_REASON = 2000, 500


class AlreadyTold(UserError):
    """Somebody said before what became of it."""


class OddAddress(UserError):
    """An address that may be wrong: it is taken only from a person who is sure."""


def waits(tolerance: timedelta, settings: Mapping[str, Any]) -> timedelta:
    """How long after its slot a post waits for a person. Pure."""
    hours = settings.get(SETTING)
    good = isinstance(hours, int) and not isinstance(hours, bool) and 0 < hours <= MOST_HOURS
    return max(tolerance, timedelta(hours=int(hours or 0) if good else USUAL_HOURS))


def until(channel: Channel, post: Post) -> datetime | None:
    """Until when the post waits for a person."""
    if post.slot_at is None:
        return None
    return post.slot_at + waits(timedelta(minutes=channel.tolerance_minutes), channel.settings or {})


def tell(post: Post) -> None:
    """Say that the post waits for a person now. Call where it became so."""
    audit.record(None, "post.handed", post, after={"state": S.HANDED.value})
    log.info("post.handed", extra={"post_id": post.pk, "trace_id": post.trace_id})
    events.emit("post.handed", post_id=post.pk, channel_id=post.channel_id)


def obstacle(post: Post, channel: Channel, now: datetime) -> str:
    """Why nobody should post it at this moment; "" when nothing is against it."""
    item = post.item
    if item.retracted_at is not None:
        return _(RETRACTED)
    if item.embargo_until is not None and item.embargo_until > now:
        said = _("The item is under embargo until %(day)s, %(time)s UTC. Do not post it before.")
        day = clock.written_day(item.embargo_until.date())
        return said % {"day": day, "time": f"{item.embargo_until:%H:%M}"}
    return _stopped(post, channel)


def _stopped(post: Post, channel: Channel) -> str:
    if standstill.is_on():
        return _("All sending stands still. Post nothing until it goes on.")
    if channel.paused_reason:
        said = _("The channel is stopped: %(why)s Post nothing until it goes on.")
        return said % {"why": told(channel.paused_reason)}
    if not channel.enabled:
        return _("The channel is switched off. Post nothing there.")
    pauses = paused.of_posts([post.pk]).get(post.pk, [])
    if pauses:
        why = f"{pauses[0]}: {pauses[0].reason.rstrip('.')}"
        return _("It is paused (%(why)s). Post nothing of it until it goes on.") % {"why": why}
    if open_tags := uncleared.of_posts([post.pk]).get(post.pk, []):
        return _("%(waits)s. Post nothing of it before.") % {"waits": "; ".join(map(str, open_tags))}
    return ""


def handout_of(row: Delivery) -> Handout:
    """What the person is given for this part. Raises `UserError`: nobody posts there by hand."""
    network = _network_of(row)
    return network.handout(Prepared(row.prepared or {}, row.idempotency_key), draft=has_draft(row))


def has_draft(row: Delivery) -> bool:
    """Whether the sender laid a draft into the account: only that counts as a try."""
    return row.attempts > 0


def stop_handed(*, now: datetime) -> int:
    """Settle parts that nobody should post any more: the item was retracted, or nobody posted them in time; how many."""
    handed = Delivery.objects.filter(state=State.HANDED).order_by("id")
    facts = handed.values_list(
        "pk",
        "channel_id",
        "post__item__retracted_at",
        "post__slot_at",
        "channel__tolerance_minutes",
        "channel__settings",
    )
    stopped = 0
    for pk, channel_id, retracted_at, slot_at, tolerance, settings in facts:
        limit = waits(timedelta(minutes=tolerance or 0), settings or {})
        if retracted_at is not None:
            stopped += _stop(pk, channel_id or 0, State.CANCELLED, RETRACTED, now)
        elif slot_at is not None and now - slot_at > limit:
            hours = round(limit.total_seconds() / 3600)
            nobody = gettext_noop("Nobody said within %(hours)s hours that it was posted.")
            todo = gettext_noop("Say so if it is there, else give it another time or cancel it.")
            reason = nobody % {"hours": hours} + f" {todo}"
            stopped += _stop(pk, channel_id or 0, State.EXPIRED, reason, now)
    return stopped


@transaction.atomic
def posted(delivery_id: int, *, user: Actor, url: str, now: datetime, sure: bool = False) -> Post:
    """A person's word that this part is published, at `url`.

    Raises `AlreadyTold` when somebody was quicker, `OddAddress` for one that may be wrong unless `sure`, `UserError` for what is
    no address. A refused word changes nothing.
    """
    address = checked_address(url)
    row = _locked(delivery_id)
    network = _network_of(row)
    post = _post_of(row)
    if row.state in LEFT_US:
        said = (
            _("Somebody has said already that this was posted: %(url)s.") % {"url": row.remote_url}
            if row.remote_url
            else _("Somebody has said already that this was posted.")
        )
        raise AlreadyTold(said, _("Nothing was changed."))
    if row.state not in OPEN or post.state not in OPEN_POSTS:
        raise AlreadyTold(
            _("This post does not wait for you any more: it is “%(state)s”.")
            % {"state": S(post.state).label},
            _("If you have posted it, cancel it here first, then say where it is."),
        )
    if not sure and (odd := _odd(address, network, row)):
        raise OddAddress(odd, _("Look at the address once more. If it is right, save it as it is."))
    before = {"state": row.state}
    row.state, row.reason, row.remote_url = State.SENT, "", address
    row.sent_at = row.settled_at = now
    row.save(update_fields=["state", "reason", "remote_url", "sent_at", "settled_at"])
    _note(row, user, gettext_noop("Posted by hand, at %(address)s") % {"address": address}, now)
    post = _changed(post.pk)
    audit.record(
        user, "post.posted", post, before, {"state": State.SENT.value, "url": address, "part": row.part or 0}
    )
    log.info("post.posted", extra={"post_id": post.pk, "delivery_id": row.pk, "trace_id": post.trace_id})
    events.emit("post.sent", post_id=post.pk)
    return post


@transaction.atomic
def not_posted(post_id: int, *, user: Actor, reason: str, again: bool, now: datetime) -> Post:
    """A person will not post what of this post is still to do: it is cancelled; `again`: it is a draft once more.

    Raises `AlreadyTold` when none of it waits for a person any more, `UserError` for want of a reason.
    """
    why = reason.replace("\0", "").strip()[:LONGEST_REASON]
    if not why and not again:
        raise UserError(_("Say why it is not posted."), _("Others read it in the history."))
    channel_id = Post.objects.filter(pk=post_id).values_list("channel_id", flat=True).first()
    if channel_id is None or lock_channel(channel_id) is None:
        raise UserError(_("There is no such post."), _("Load the list again."))
    rows = list(Delivery.objects.select_for_update().filter(post_id=post_id, state=State.HANDED))
    if not rows:
        state = S(Post.objects.get(pk=post_id).state).label
        raise AlreadyTold(
            _("This post does not wait for you any more: it is “%(state)s”.") % {"state": state},
            _("Nothing was changed."),
        )
    for row in rows:
        row.state, row.reason, row.settled_at = (
            State.CANCELLED,
            why or gettext_noop("Taken back as a draft."),
            now,
        )
        row.save(update_fields=["state", "reason", "settled_at"])
        _note(row, user, gettext_noop("Not posted: %(reason)s") % {"reason": row.reason}, now)
    post = _changed(post_id)
    if again:
        post.state, post.problem, post.slot_at = S.DRAFT, "", None
        post.approved_by = post.approved_at = None
        post.save()
    action = "post.taken_back" if again else "post.not_posted"
    audit.record(user, action, post, {"state": S.HANDED.value}, {"state": post.state, "reason": why})
    return post


def checked_address(url: str) -> str:
    """The address of a published post, trimmed. Raises `UserError` for what is no http or https address."""
    address = url.strip()
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    bad = any(sign.isspace() or not sign.isprintable() for sign in address) or "." not in host
    if parts.scheme not in ("http", "https") or bad or parts.username is not None:
        raise UserError(
            _("This is no address of a post: it must begin with https:// or http://."),
            _("Open the post on the network, and copy the address from there."),
        )
    if len(address) > LONGEST_URL:
        raise UserError(
            _("The address is longer than %(longest_url)s characters.") % {"longest_url": LONGEST_URL},
            _("Copy it once more."),
        )
    return address


def _odd(address: str, network: ByHand[Any], row: Delivery) -> str:
    host = (urlsplit(address).hostname or "").rstrip(".").lower()
    handout = network.handout(Prepared(row.prepared or {}, ""), draft=False)
    if not any(host == known or host.endswith(f".{known}") for known in handout.hosts):
        known = _(" or ").join(handout.hosts)
        said = _("The address is on %(host)s. Posts on %(network)s usually have one on %(known)s.")
        return said % {"host": host, "network": network.label, "known": known}
    other = Delivery.objects.filter(channel=row.channel, remote_url=address).exclude(pk=row.pk).first()
    return _("Another post of this channel has this very address.") if other else ""


@transaction.atomic
def _stop(delivery_id: int, channel_id: int, state: State, reason: str, now: datetime) -> int:
    """1 if it was still with a person."""
    lock_channel(channel_id)
    rows = Delivery.objects.filter(pk=delivery_id, state=State.HANDED)
    if not rows.update(state=state, reason=reason, settled_at=now):
        return 0
    post = _changed(Delivery.objects.values_list("post_id", flat=True).get(pk=delivery_id) or 0)
    action = "post.expire" if state is State.EXPIRED else "post.cancel"
    audit.record(None, action, post, {"state": S.HANDED.value}, {"state": post.state})
    return 1


def _changed(post_id: int) -> Post:
    """The post in line with its parts, in a new version: an old form is refused."""
    post = refresh_post(post_id)
    post.version += 1
    post.save(update_fields=["version"])
    return post


def _locked(delivery_id: int) -> Delivery:
    """The row under lock, its channel locked before it."""
    channel_id = Delivery.objects.filter(pk=delivery_id).values_list("channel_id", flat=True).first()
    if channel_id is None or lock_channel(channel_id) is None:
        raise UserError(_("There is no such delivery of a post."), _("Load the page again."))
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("channel", "post__item")
    return rows.get(pk=delivery_id)


def _network_of(row: Delivery) -> ByHand[Any]:
    network = registry.by_hand(row.channel.network) if row.channel else None
    if network is None:
        raise UserError(_("Posts of this channel are not published by hand."), _("Load the page again."))
    return network


def _post_of(row: Delivery) -> Post:
    assert row.post is not None  # noqa: S101 - for the type checker: rows of channels are of posts
    return row.post


def _note(row: Delivery, user: Actor, text: str, now: datetime) -> None:
    Attempt.objects.create(
        delivery=row,
        fence=row.fence,
        worker=audit.name_of(user)[:100],
        started_at=now,
        duration_ms=0,
        outcome=row.state,
        text=text,
    )
