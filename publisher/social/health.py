"""Whether a channel's account works: its network is asked when the access was set, after a pause, and then daily.

What the network says is kept in `ChannelHealth`: its limits, the end of the access, the pace of requests. Nothing is asked
while anything is drafted or locked. Called by the task `feedback.check_channels`, the desk and `publisher channel check`.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext

from publisher.core import events
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import LONGEST_WAIT, ChannelDown, OtherSideError, Retry, UserError
from publisher.core.marking import gettext_noop
from publisher.social import endings, notices
from publisher.social.accounts import account_of
from publisher.social.channels import block, pause, resume
from publisher.social.models import Channel, ChannelHealth
from publisher.social.networks import registry
from publisher.social.networks.base import Network, Pace, Standing
from publisher.social.slots import lock_channel

log = logging.getLogger(__name__)

S = ChannelHealth.State

EVERY = timedelta(hours=22)
SPREAD = timedelta(hours=4)
"""Checks of different channels lie apart, and not every channel's is always at the hour of its first."""
AGAIN = timedelta(minutes=15)
"""After a check that got no answer."""
CHECK_WITHIN = timedelta(minutes=5)
"""Longer than any network takes to answer: then another worker may ask."""
NOT_CONNECTED = "Not connected yet:"
NOT_CONNECTED_BECAUSE = gettext_noop("Not connected yet: %(reason)s")
DISCONNECTED = gettext_noop("A person disconnected it.")
LONGEST_REASON = 1000

MOST_LIMITS, LONGEST_LIST, LONGEST_WORD, LARGEST = 40, 50, 100, 10**12
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


def check_due(*, now: datetime, seconds: float) -> int:
    """Ask about each channel whose check is due, for about `seconds`; how many were asked."""
    stop_at, asked = time.monotonic() + seconds, 0
    for channel_id in due(now=now):
        if time.monotonic() > stop_at:
            break
        if _claim(channel_id, now):
            check(channel_id, now=now)
            asked += 1
    return asked


def due(*, now: datetime) -> list[int]:
    """Channels to ask about, those never asked first. Switched-off ones are left alone."""
    of_age = Q(health__isnull=True) | Q(health__check_at__isnull=True) | Q(health__check_at__lte=now)
    rows = Channel.objects.filter(of_age, enabled=True, network__in=registry.sendable())
    return list(rows.order_by(F("health__check_at").asc(nulls_first=True), "id").values_list("id", flat=True))


def check(channel_id: int, *, now: datetime) -> ChannelHealth:
    """Ask the network, and write down what it says. Never inside a transaction. Raises `UserError` where nobody can be asked."""
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        raise UserError(gettext("There is no such channel."), gettext("Load the list again."))
    if not is_asked(channel):
        return _written(
            channel, state=S.UNCHECKED, problem="", down_since=None, check_at=next_check(channel.pk, now)
        )
    registry.sending(channel.network)
    found = _asked(channel)
    with transaction.atomic():
        locked = lock_channel(channel.pk)
        if locked is None or _access(locked) != _access(channel):
            # Set anew while we asked: the answer is about what is not used any more, and the next check is due already.
            return health_of(channel)
        if isinstance(found, Standing):
            return _works(locked, found, now)
        if isinstance(found, ChannelDown):
            return _refused(locked, found.reason, now)
        return _no_answer(locked, found, now)


def accepted(channel: Channel, said: Standing, *, now: datetime) -> ChannelHealth:
    """A new access was tried and is good: as after a check. The channel is locked."""
    return _works(channel, said, now)


def disconnected(channel: Channel, *, now: datetime) -> ChannelHealth:
    """A person took the access away: the channel waits as one that was never connected. It is locked."""
    if channel.paused_reason and channel.paused_reason == health_of(channel).problem:
        channel.paused_reason = ""
        channel.save(update_fields=["paused_reason"])
    state, problem = S.UNCHECKED, ""
    if is_asked(channel):  # else a person posts there, and needs no access
        state, problem = S.UNCONNECTED, NOT_CONNECTED_BECAUSE % {"reason": DISCONNECTED}
        pause(channel.pk, user=None, reason=problem)
    forgotten = {"down_since": None, "credentials_end_at": None, "pace_remaining": None, "pace_until": None}
    next_at = next_check(channel.pk, now)
    return _written(channel, state=state, problem=problem, account_name="", check_at=next_at, **forgotten)


def is_asked(channel: Channel) -> bool:
    """Whether there is anybody to ask: not where a person publishes and no draft is laid into the account."""
    by_hand = registry.by_hand(channel.network)
    try:
        return by_hand is None or by_hand.lays_drafts(account_of(channel))
    except CannotDecrypt:
        return isinstance(by_hand, Network)


def went_down(channel_id: int, *, reason: str, now: datetime) -> None:
    """The network will have nothing more of the account until a person repairs it: pause the channel, and tell its owner."""
    with transaction.atomic():
        channel = lock_channel(channel_id)
        if channel is not None:
            _down(channel, reason, now)


def tell_of_ends(*, now: datetime) -> int:
    """Warn of each access that ends soon, and pause the channels whose access has ended; how many rows of those there were."""
    soon = ChannelHealth.objects.filter(
        channel__enabled=True, credentials_end_at__lte=now + endings.FIRST
    ).exclude(state=S.DOWN)
    told = 0
    for channel_id in list(soon.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            channel = lock_channel(channel_id)
            ends = health_of(channel).credentials_end_at if channel else None
            if channel is None or ends is None:
                continue
            if ends <= now:
                _down(channel, endings.ended(ends), now)
                told += 1
            else:
                told += len(notices.tell_ending(channel, ends=ends, now=now))
    return told


@transaction.atomic
def note_pace(channel_id: int, pace: Pace, *, now: datetime) -> None:
    """Keep what an answer said of the rate limit. With nothing left the channel waits until it is renewed."""
    until = now + min(pace.renewed_in, LONGEST_WAIT)
    ChannelHealth.objects.update_or_create(
        channel_id=channel_id,
        defaults={
            "pace_remaining": min(max(pace.remaining, 0), 2**31 - 1),
            "pace_limit": min(max(pace.limit, 0), 2**31 - 1),
            "pace_until": until,
        },
    )
    if pace.remaining <= 0:
        block(channel_id, until=until)


def look_again(channel: Channel, *, elsewhere: bool) -> None:
    """The access was set anew: what was known of it is forgotten, and the next check is due. `elsewhere`: the limits too, since
    they were those of another server or network."""
    forgotten: dict[str, Any] = {"told_limits": {}} if elsewhere else {}
    ChannelHealth.objects.filter(channel=channel).update(
        check_at=None, credentials_end_at=None, pace_remaining=None, pace_until=None, **forgotten
    )
    ChannelHealth.objects.filter(channel=channel, state=S.GOOD).update(state=S.UNCHECKED)


def health_of(channel: Channel) -> ChannelHealth:
    """What is known, as the database has it now."""
    known = ChannelHealth.objects.filter(channel=channel).first()
    return known or ChannelHealth(channel=channel)


def checked_limits(told: Mapping[str, Any]) -> dict[str, Any]:
    """Of what a server told, the names and values that can be limits: positive whole numbers, and lists of short words."""
    kept: dict[str, Any] = {}
    for name, value in told.items():
        if len(kept) == MOST_LIMITS or not _NAME.fullmatch(str(name)):
            continue
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST:
            kept[str(name)] = value
        elif isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
            kept[str(name)] = [_plain(each, LONGEST_WORD) for each in value[:LONGEST_LIST]]
    return kept


def next_check(channel_id: int, now: datetime) -> datetime:
    """About a day from now, for each channel at another moment. Pure."""
    return now + EVERY + SPREAD * ((channel_id * 0.618034) % 1)


def _claim(channel_id: int, now: datetime) -> bool:
    """Whether it is ours to ask: of two workers one is."""
    ChannelHealth.objects.get_or_create(channel_id=channel_id)
    still = Q(check_at__isnull=True) | Q(check_at__lte=now)
    rows = ChannelHealth.objects.filter(still, channel_id=channel_id)
    return bool(rows.update(check_at=now + CHECK_WITHIN))


def _asked(channel: Channel) -> Standing | OtherSideError:
    try:
        return registry.sending(channel.network).verify_credentials(account_of(channel))
    except CannotDecrypt as error:
        return ChannelDown(str(error))
    except OtherSideError as error:
        return error


def _access(channel: Channel) -> tuple[Any, ...]:
    """What an answer is about. Credentials are compared as they are stored, without being opened."""
    return channel.network, channel.settings, channel.credentials


def _works(channel: Channel, said: Standing, now: datetime) -> ChannelHealth:
    ends = said.credentials_end_at
    if ends is not None and ends <= now:
        return _refused(channel, endings.ended(ends), now)
    before = health_of(channel)
    limits = checked_limits(said.limits)
    if before.state == S.UNCONNECTED and channel.paused_reason == before.problem:
        resume(channel.pk, user=None)
    after = _written(
        channel,
        state=S.GOOD,
        problem="",
        down_since=None,
        account_name=_plain(said.name, 200),
        told_limits=limits,
        credentials_end_at=ends,
        checked_at=now,
        check_at=next_check(channel.pk, now),
    )
    if limits != before.told_limits:
        # What was held for its length may fit now.
        Channel.objects.filter(pk=channel.pk).update(revision=F("revision") + 1)
        log.info("channel.limits", extra={"channel_id": channel.pk, "limits": limits})
        events.emit("channel.changed", channel_id=channel.pk)
    if ends is not None:
        notices.tell_ending(channel, ends=ends, now=now)
    return after


def _refused(channel: Channel, reason: str, now: datetime) -> ChannelHealth:
    """Without credentials it is not broken, but not connected yet: nobody is told by mail."""
    reason = _plain(reason, LONGEST_REASON)
    if _has_credentials(channel):
        _down(channel, reason, now)
        state = {}
    else:
        problem = NOT_CONNECTED_BECAUSE % {"reason": reason}
        pause(channel.pk, user=None, reason=problem)
        state = {"state": S.UNCONNECTED, "problem": problem, "down_since": None}
    return _written(channel, checked_at=now, check_at=next_check(channel.pk, now), **state)


def _no_answer(channel: Channel, error: OtherSideError, now: datetime) -> ChannelHealth:
    """Nothing is known that was not known before."""
    wait = error.after if isinstance(error, Retry) else None
    if wait:
        block(channel.pk, until=now + wait)
    log.warning("channel.not_checked", extra={"channel_id": channel.pk, "reason": error.reason})
    before = health_of(channel)
    reason = _plain(error.reason, LONGEST_REASON)
    fields: dict[str, Any] = {}
    if before.state == S.UNCONNECTED and _has_credentials(channel):
        # The credentials came since: that there are none is no longer what stands in the way.
        fields["problem"] = NOT_CONNECTED_BECAUSE % {"reason": reason}
        if channel.paused_reason == before.problem:
            channel.paused_reason = fields["problem"]
            channel.save(update_fields=["paused_reason"])
    elif before.state not in (S.DOWN, S.UNCONNECTED):
        fields["problem"] = reason
    return _written(channel, check_at=now + max(AGAIN, wait or AGAIN), **fields)


def _down(channel: Channel, reason: str, now: datetime) -> None:
    """The channel is locked. Telling the same twice does nothing."""
    reason = _plain(reason, LONGEST_REASON)
    before = health_of(channel)
    since = before.down_since or now
    if before.state == S.UNCONNECTED and channel.paused_reason == before.problem:
        channel.paused_reason = ""
        channel.save(update_fields=["paused_reason"])
    pause(channel.pk, user=None, reason=reason)
    _written(channel, state=S.DOWN, problem=reason, down_since=since)
    notices.tell_down(channel, reason=reason, since=since, now=now)


def _written(channel: Channel, **fields: Any) -> ChannelHealth:
    row, _ = ChannelHealth.objects.update_or_create(channel=channel, defaults=fields)
    return row


def _has_credentials(channel: Channel) -> bool:
    try:
        return bool(opened(channel.credentials))
    except CannotDecrypt:
        return True


def _plain(text: str, most: int) -> str:
    """What a person may read of what a server said: one line, no control characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in str(text)).split())[:most]
