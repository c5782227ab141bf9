"""A channel's access: new credentials and settings are tried with the network before they take the place of the old ones.

Until then the old ones stay in use. The network names the account; another one than before is taken only after a person has said
that it is meant (`Another`). Nothing is asked while anything is locked, and no credential stands in the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import ChannelDown, OtherSideError, UserError
from publisher.core.told import told
from publisher.social import health
from publisher.social.models import Channel, ChannelSession
from publisher.social.networks import registry
from publisher.social.networks.base import Account, Network, Standing
from publisher.social.networks.fields import Kind, cleaned, form_of
from publisher.social.setting_up import Stale, locked

CREDENTIALS, SETTINGS = "credentials", "settings"
"""The two parts of a network's form."""


class Refused(UserError):
    """The network does not take the access, or could not be asked."""


@dataclass(frozen=True)
class Access:
    """Credentials and settings as a channel would hold them. `account` is the account's name, "" where nobody was asked."""

    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    account: str = ""


class Another(UserError):
    """The access is good, but for another account than the channel has had. `access` waits for a person's word."""

    def __init__(self, access: Access, former: str) -> None:
        super().__init__(
            _("This is another account: %(name)s, and not %(former)s.")
            % {"name": access.account, "former": former},
            _("Nothing was changed. Say whether the channel shall post there from now on."),
        )
        self.access, self.former = access, former


def merged(channel: Channel, credentials: Mapping[str, Any], settings: Mapping[str, Any]) -> Access:
    """What the channel has with the given values in place. A credential given as None keeps the old one, a setting goes."""
    kept = {**known_credentials(channel), **{name: v for name, v in credentials.items() if v is not None}}
    changed = {**(channel.settings or {}), **settings}
    return Access(
        kept, {name: value for name, value in changed.items() if value is not None and value is not False}
    )


def known_credentials(channel: Channel) -> dict[str, Any]:
    """The credentials; {} where there are none, and where they cannot be opened any more."""
    try:
        return dict(opened(channel.credentials) or {})
    except CannotDecrypt:
        return {}


def tried(channel: Channel, access: Access) -> tuple[Access, Standing | None]:
    """Ask the network; the access with the account's name, and what the network said. None where there is nobody to ask: a person
    posts there, or there are no credentials yet. Raises `Refused`. Never inside a transaction."""
    account = Account(0, channel.name, access.credentials, access.settings)
    by_hand = registry.by_hand(channel.network)
    network = registry.get(channel.network)
    if (
        not access.credentials
        or not isinstance(network, Network)
        or (by_hand and not by_hand.lays_drafts(account))
    ):
        return access, None
    try:
        standing = network.verify_credentials(account)
    except ChannelDown as error:
        raise Refused(
            _("%(network)s does not take this access: %(reason)s")
            % {"network": network.label, "reason": told(error.reason)},
            _("Nothing was changed."),
        ) from error
    except OtherSideError as error:
        raise Refused(
            _("%(network)s could not be asked: %(reason)s")
            % {"network": network.label, "reason": told(error.reason)},
            _("Nothing was changed. Try again in some minutes."),
        ) from error
    return Access(access.credentials, access.settings, standing.name), standing


def read(
    channel: Channel, credentials: Mapping[str, str], settings: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any], dict[tuple[str, str], str]]:
    """Texts of a form as the network's code reads them: credentials, settings, and what is wrong, by (part, field).

    A credential that is empty or not named stays as it is; a setting that is not named does, and an empty one goes.
    """
    form = form_of(registry.get(channel.network))
    given, wrong = cleaned(form.credentials, credentials)
    bad = {(CREDENTIALS, name): said for name, said in wrong.items()}
    known, any_given = known_credentials(channel), any(value is not None for value in given.values())
    for each in form.credentials:
        missing = given.get(each.name) is None and not known.get(each.name)
        if each.required and missing and any_given:
            bad.setdefault((CREDENTIALS, each.name), _("Enter this, too."))
    named = tuple(each for each in form.settings if each.name in settings)
    changed, wrong = cleaned(named, settings)
    bad |= {(SETTINGS, name): said for name, said in wrong.items()}
    for each in form.settings:
        if each.required and (changed if each in named else channel.settings or {}).get(each.name) is None:
            bad.setdefault((SETTINGS, each.name), _("Enter this, too."))
    return given, changed, bad


def is_complete(channel: Channel) -> bool:
    """Whether every credential is there that the network demands."""
    known = known_credentials(channel)
    form = form_of(registry.get(channel.network))
    return all(known.get(each.name) for each in form.credentials if each.required)


def enter(
    channel_id: int,
    *,
    credentials: Mapping[str, Any],
    settings: Mapping[str, Any],
    user: Actor,
    version: int,
    now: datetime,
    another: bool = False,
) -> Channel:
    """Try the given values with the channel's others, and keep them. `another`: a person has said that another account than
    before is meant. Raises `Refused`, `Another`, `Stale`."""
    channel = seen(channel_id, version)
    _check_place(channel, credentials, settings)
    access, standing = tried(channel, merged(channel, credentials, settings))
    former = "" if another else health.health_of(channel).account_name
    if standing and former and former != access.account:
        raise Another(access, former)
    return keep(channel_id, access, standing, user=user, version=version, now=now)


def _check_place(channel: Channel, credentials: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raises `UserError` where a stored secret would be sent to another server than it was entered for."""
    known = {name for name, value in known_credentials(channel).items() if value}
    kept = known - {name for name, value in credentials.items() if value is not None}
    form, stored = form_of(registry.get(channel.network)), channel.settings or {}
    moved = [
        each.label
        for each in form.settings
        if each.kind is Kind.ADDRESS
        and each.name in settings
        and settings[each.name] != stored.get(each.name)
    ]
    if moved and kept:
        raise UserError(
            _("With another address (%(field)s) the stored secrets would be sent there.")
            % {"field": moved[0]},
            _("Enter token and passwords again, too."),
        )


def seen(channel_id: int, version: int) -> Channel:
    """The channel as the person saw it, not locked. Raises `Stale`, `UserError`."""
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        raise UserError(_("There is no such channel."), _("Load the list again."))
    if channel.revision != version:
        raise Stale(
            _("The channel has changed since you opened it."),
            _("Compare the two, then repeat what you wanted to do."),
        )
    return channel


@transaction.atomic
def keep(
    channel_id: int, access: Access, standing: Standing | None, *, user: Actor, version: int, now: datetime
) -> Channel:
    """Put an access that was tried in the place of the old one. Raises `Stale`."""
    channel = locked(channel_id, version)
    before = {"account": health.health_of(channel).account_name}
    changed = sorted(
        name
        for name in {*access.settings, *(channel.settings or {})}
        if access.settings.get(name) != (channel.settings or {}).get(name)
    )
    rotated = access.credentials != known_credentials(channel)
    channel.settings, channel.revision = dict(access.settings), channel.revision + 1
    channel.credentials = dict(access.credentials) or None
    channel.save(update_fields=["settings", "credentials", "revision"])
    health.look_again(channel, elsewhere=bool(changed))
    if rotated:
        ChannelSession.objects.filter(channel=channel).delete()
    if standing:
        health.accepted(channel, standing, now=now)
    after = {
        "account": access.account,
        "credentials": "new" if rotated else "as before",
        "settings": changed,
    }
    audit.record(user, "channel.connected" if rotated else "channel.settings", channel, before, after)
    events.emit("channel.changed", channel_id=channel.pk)
    return channel


@transaction.atomic
def disconnect(channel_id: int, *, user: Actor, version: int, now: datetime) -> Channel:
    """Forget the channel's credentials: what is planned waits. At the network itself the access stays until it is withdrawn."""
    channel = locked(channel_id, version)
    before = {"account": health.health_of(channel).account_name}
    channel.credentials, channel.revision = None, channel.revision + 1
    channel.save(update_fields=["credentials", "revision"])
    ChannelSession.objects.filter(channel=channel).delete()
    health.disconnected(channel, now=now)
    audit.record(user, "channel.disconnected", channel, before)
    events.emit("channel.changed", channel_id=channel.pk)
    return channel
