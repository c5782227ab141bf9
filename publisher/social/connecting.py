"""Connecting a channel by its network's own pages (OAuth), and keeping what waits for a person's word.

    begin → the person at the network → answered → choose

What the network sends back (`state`) is random, good once and for a quarter of an hour, and only in the browser session and for
the login that began it. Secrets lie encrypted in `models.Connecting` until they are chosen, and never in a page.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.crypto import fingerprint, opened
from publisher.core.errors import OtherSideError, UserError
from publisher.social import access, network_keys
from publisher.social.access import Access, tried
from publisher.social.accounts import settings_of
from publisher.social.models import Channel, Connecting
from publisher.social.networks import registry
from publisher.social.networks.base import Account
from publisher.social.networks.oauth import NotGiven, OAuth, no_answer, oauth_of

log = logging.getLogger(__name__)

GOOD_FOR = timedelta(minutes=15)
"""From pressing Connect to coming back, and again until one is chosen."""
MOST_STATE = 200


class WrongState(UserError):
    """What came back belongs to nothing that this browser asked for."""


@dataclass(frozen=True)
class Visitor:
    """Who asks, in which browser session (`key`, secret)."""

    user: AbstractBaseUser
    key: str

    @property
    def mark(self) -> bytes:
        """What is stored of the session."""
        return fingerprint(f"connecting {self.key}")


def begin(channel_id: int, *, visitor: Visitor, back: str, now: datetime) -> Connecting:
    """Ask the network for a page to send the person to: `url_of` gives it. Raises `UserError`, `NotGiven`."""
    channel = _channel(channel_id)
    oauth = _oauth(channel)
    app = network_keys.keys_of(channel.network)
    state = secrets.token_urlsafe(32)
    try:
        begun = oauth.begin(_account(channel), app, back=back, state=state)
    except OtherSideError as error:
        raise no_answer(error) from error
    forget(now=now)
    return _stored(
        channel, visitor, now, state=fingerprint(state), kept={**begun.kept, "url": begun.url, "back": back}
    )


def forget(*, now: datetime) -> int:
    """Delete what waited too long, and with it the secrets that nobody chose; how many."""
    return Connecting.objects.filter(expires_at__lte=now).delete()[0]


def url_of(row: Connecting) -> str:
    """The network's page; "" once the person came back."""
    return str((opened(row.kept) or {}).get("url", "")) if row.state else ""


def answered(query: Mapping[str, str], *, visitor: Visitor, now: datetime) -> Connecting:
    """What the network sent back. The row has accounts to choose from, or a `problem`. Raises `WrongState`."""
    row = _used(query.get("state", "")[:MOST_STATE], visitor, now)
    kept = dict(opened(row.kept) or {})
    try:
        offers = _offers(row.channel, query, kept)
        row.offers = [vars(each) for each in offers]
    except UserError as error:
        row.problem, row.hint = error.message, error.hint
        log.warning("channel.not_connected", extra={"channel_id": row.channel_id, "reason": error.message})
    row.kept = None
    row.expires_at = now + GOOD_FOR
    row.save()
    return row


def hold(channel: Channel, waiting: Access, *, visitor: Visitor, now: datetime) -> Connecting:
    """Keep an access that a person entered by hand until they have said that this other account is meant."""
    return _stored(channel, visitor, now, offers=[vars(waiting)])


def mine(connecting_id: int, *, visitor: Visitor, now: datetime) -> Connecting:
    """The row, for whoever began it. Raises `UserError` for others and when its time is over."""
    row = Connecting.objects.select_related("channel").filter(pk=connecting_id, by=visitor.user.pk).first()
    if row is None or bytes(row.session) != visitor.mark or row.expires_at <= now:
        raise UserError(
            _("This connection is over: it waits a quarter of an hour, for the browser that began it."),
            _("Open the channel and press Connect again."),
        )
    return row


def offers_of(row: Connecting) -> list[Access]:
    """The accounts to choose from, with their secrets: hand on only their `account`."""
    return [Access(**each) for each in opened(row.offers) or []]


def choose(connecting_id: int, number: int, *, visitor: Visitor, version: int, now: datetime) -> Channel:
    """Take the account of this number (from 0): it is tried once more and kept. Raises `UserError`, `Refused`, `Stale`."""
    row = mine(connecting_id, visitor=visitor, now=now)
    offers = offers_of(row)
    if not 0 <= number < len(offers):
        raise UserError(_("Choose an account."), _("Nothing was changed."))
    channel = access.seen(row.channel_id, version)
    checked, standing = tried(channel, offers[number])
    with transaction.atomic():
        channel = access.keep(channel.pk, checked, standing, user=visitor.user, version=version, now=now)
        Connecting.objects.filter(channel=channel).delete()
    return channel


def _offers(channel: Channel, query: Mapping[str, str], kept: Mapping[str, Any]) -> list[Access]:
    """The accounts, each with its name. Raises `UserError`."""
    oauth, account = _oauth(channel), _account(channel)
    back = str(kept["back"])
    try:
        given = oauth.finish(
            account, network_keys.keys_of(channel.network), back=back, kept=kept, answer=query
        )
    except OtherSideError as error:
        raise no_answer(error) from error
    offers = []
    for each in given:
        whole = access.merged(channel, each.credentials, each.settings)
        named = Access({**each.credentials}, whole.settings, each.name)
        offers.append(named if each.name else tried(channel, named)[0])
    return offers


@transaction.atomic
def _used(state: str, visitor: Visitor, now: datetime) -> Connecting:
    """The row of this state, which is used up by this. Raises `WrongState`."""
    rows = Connecting.objects.select_for_update(of=("self",)).select_related("channel")
    row = rows.filter(state=fingerprint(state)).first() if state else None
    if (
        row is None
        or row.by_id != visitor.user.pk
        or bytes(row.session) != visitor.mark
        or row.expires_at <= now
    ):
        raise WrongState(
            _(
                "The network’s answer belongs to nothing that was asked for in this browser, or comes too late."
            ),
            _("Nothing was changed. Open the channel and press Connect again."),
        )
    row.state = None
    row.save(update_fields=["state"])
    return row


def _stored(channel: Channel, visitor: Visitor, now: datetime, **given: Any) -> Connecting:
    row = Connecting.objects.create(
        channel=channel,
        by_id=visitor.user.pk,
        session=visitor.mark,
        created_at=now,
        expires_at=now + GOOD_FOR,
        **given,
    )
    if given.get("state"):
        audit.record(visitor.user, "channel.connecting", channel)
    return row


def _account(channel: Channel) -> Account:
    return Account(0, channel.name, {}, settings_of(channel))


def _oauth(channel: Channel) -> OAuth:
    oauth = oauth_of(registry.get(channel.network))
    if oauth is None:
        raise NotGiven(
            _("%(network)s has no page that gives access.") % {"network": registry.label(channel.network)},
            _("Enter the access by hand."),
        )
    return oauth


def _channel(channel_id: int) -> Channel:
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        raise UserError(_("There is no such channel."), _("Load the list again."))
    return channel
