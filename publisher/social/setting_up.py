"""Making and changing channels: `publisher apply`, the desk and the API all come here, so one set of rules holds.

Each deed is one transaction with an entry in the audit trail, in which no credential stands. Raises `UserError` in plain words;
`Stale` when the channel has changed since the person saw it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError as InvalidRow
from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import ChangedSince, UserError
from publisher.core.told import told
from publisher.items.languages import normalise_tag
from publisher.items.topic_slugs import ids_of
from publisher.schedule.models import Schedule
from publisher.social import health, template_history
from publisher.social.composing import template_problem
from publisher.social.definition import ChannelIn
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.owners import check_owner
from publisher.social.slots import lock_channel

NEEDED: Final = ("network", "schedule")
ACCESS: Final = frozenset({"network", "settings", "credentials"})
UNSETTLED: Final = ("queued", "sending", "unknown", "handed")
"""States of messages (`delivery.states`) that were prepared for the channel's network and are not settled."""

_NOT_SHOWN: Final = frozenset({"credentials", "settings", "template"})
"""Fields of which the trail says only that they changed: they may hold what is secret, or have a history of their own."""


class Stale(ChangedSince):
    """Somebody or something has changed the channel since the form was shown."""


class WrongField(UserError):
    """What is wrong with one field: `field` is its name in `ChannelIn`."""

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


def put(wanted: ChannelIn, *, actor: Actor, now: datetime) -> str:
    """Make the channel of this name, or change what `wanted` names and differs: “created”, “changed” or “unchanged”.

    In the caller's transaction, in which the channel is locked.
    """
    row = Channel.objects.filter(name=wanted.name).first()
    if row is None:
        _write(Channel(name=wanted.name, created_at=now), wanted, actor, now)
        return "created"
    return "changed" if _write(row, wanted, actor, now) else "unchanged"


@transaction.atomic
def create(wanted: ChannelIn, *, user: Actor, now: datetime) -> Channel:
    """A new channel. Raises `WrongField` when the name is taken."""
    _check_name(wanted.name, None)
    channel = Channel(name=wanted.name, created_at=now)
    _write(channel, wanted, user, now)
    return channel


@transaction.atomic
def change(channel_id: int, wanted: ChannelIn, *, user: Actor, version: int, now: datetime) -> Channel:
    """Change what `wanted` names; the name itself too. Its network stays: another one is another channel."""
    channel = locked(channel_id, version)
    _check_name(wanted.name, channel)
    _write(channel, wanted, user, now)
    return channel


@transaction.atomic
def switch(channel_id: int, *, on: bool, user: Actor, version: int, now: datetime) -> Channel:
    """Switch it on, or off: then nothing new is drafted for it and nothing leaves. What is planned stays as it is."""
    channel = locked(channel_id, version)
    _write(channel, ChannelIn.model_validate({"name": channel.name, "enabled": on}), user, now)
    return channel


def locked(channel_id: int, version: int) -> Channel:
    """The channel under lock, as the person saw it. Raises `Stale`, `UserError`."""
    channel = lock_channel(channel_id)
    if channel is None:
        raise UserError(_("There is no such channel."), _("Load the list again."))
    if channel.revision != version:
        raise Stale(
            _("The channel has changed since you opened it."),
            _("Compare the two, then repeat what you wanted to do."),
        )
    return channel


def _write(channel: Channel, wanted: ChannelIn, actor: Actor, now: datetime) -> list[str]:
    """Put what differs in place; the names of those fields."""
    is_new = channel.pk is None
    _need(channel, wanted, is_new=is_new)
    fields = _fields(channel, wanted, is_new=is_new)
    differing = [name for name, value in fields.items() if is_new or not _is(channel, name, value)]
    if not differing:
        return []
    before, former = ({}, "") if is_new else (_said(channel, differing), channel.template)
    for name in differing:
        setattr(channel, name, fields[name])
    _check(channel)
    channel.revision += not is_new
    channel.save()
    after = _said(channel, differing) | {"fields": differing}
    audit.record(actor, "channel.created" if is_new else "channel.changed", channel, before, after)
    if "template" in differing and (channel.template or not is_new):
        template_history.note(channel, by=audit.name_of(actor), note="", now=now, former=former)
    if ACCESS & set(differing):
        health.look_again(channel, elsewhere=bool({"network", "settings"} & set(differing)))
    events.emit("channel.changed", channel_id=channel.pk)
    return differing


def _need(channel: Channel, wanted: ChannelIn, *, is_new: bool) -> None:
    named = wanted.model_fields_set
    missing = [name for name in NEEDED if not getattr(wanted, name) and (is_new or name in named)]
    if missing:
        raise UserError(
            (
                _("Channel %(name)s is new: %(fields)s must be given.")
                if is_new
                else _("Channel %(name)s: %(fields)s must be given.")
            )
            % {"name": channel.name, "fields": ", ".join(missing)},
            _("docs/publication.md shows each."),
        )


def _fields(channel: Channel, wanted: ChannelIn, *, is_new: bool) -> dict[str, Any]:
    """The values of the row, of what is named; of a new one all."""
    named = set(ChannelIn.model_fields) if is_new else wanted.model_fields_set
    values: dict[str, Any] = {name: getattr(wanted, name) for name in named}
    if wanted.credentials is None:
        values.pop("credentials", None)
    if "network" in values:
        registry.get(wanted.network)
        _check_nothing_waits(channel, wanted.network)
    if "schedule" in values:
        values["schedule"] = Schedule.objects.filter(name=wanted.schedule).first()
        if values["schedule"] is None:
            raise WrongField(
                "schedule",
                _("Channel %(name)s: there is no schedule %(schedule)s.")
                % {"name": wanted.name, "schedule": wanted.schedule},
            )
    if "topics" in values:
        values["topics"] = ids_of(wanted.topics)
    if "utm" in values:
        values["utm"] = wanted.utm.model_dump() if wanted.utm else {}
    if "language" in values and normalise_tag(wanted.language) is None:
        raise WrongField(
            "language",
            _("Channel %(name)s: “%(language)s” is no language tag.")
            % {"name": wanted.name, "language": wanted.language[:40]},
            _("Write it like en, zh-Hans or pt-BR."),
        )
    if "owner" in values:
        try:
            values["owner"] = check_owner(wanted.owner)
        except UserError as error:
            raise WrongField(
                "owner",
                _("Channel %(name)s: %(message)s") % {"name": wanted.name, "message": error.message},
                error.hint,
            ) from error
    return values


def _check_name(name: str, own: Channel | None) -> None:
    others = Channel.objects.filter(name=name)
    if (others.exclude(pk=own.pk) if own else others).exists():
        raise WrongField(
            "name",
            _("There is a channel of this name already."),
            _("Each has a name of its own: people tell them apart by it."),
        )


def _check_nothing_waits(channel: Channel, network: str) -> None:
    """What is queued was prepared for the channel's network, and another would misread it. Raises `UserError`."""
    if channel.pk is None or channel.network == network:
        return
    waiting = channel.posts.filter(deliveries__state__in=UNSETTLED)
    if count := waiting.values("deliveries").count():
        raise UserError(
            _(
                "Channel %(name)s cannot go to another network now: %(count)s of its messages "
                "wait, are going out or are unclear."
            )
            % {"name": channel.name, "count": count},
            _("Let them leave or cancel them first, or make a new channel."),
        )


def _check(channel: Channel) -> None:
    """Raises `UserError` for what the row's own rules refuse, and for a template that cannot be rendered."""
    try:
        channel.clean()
    except InvalidRow as error:
        raise UserError(
            _("Channel %(name)s: %(names)s") % {"name": channel.name, "names": " ".join(error.messages)}
        ) from error
    if problem := template_problem(channel):
        raise WrongField(
            "template",
            _("Channel %(name)s: the template fails. %(problem)s.")
            % {"name": channel.name, "problem": told(str(problem))},
            _("docs/publication.md names what a template may use."),
        )


def _is(channel: Channel, name: str, value: object) -> bool:
    """Whether the row holds this value already. A secret that cannot be opened any more is another one."""
    try:
        return bool(opened(getattr(channel, name)) == value)
    except CannotDecrypt:
        return False


def _said(channel: Channel, names: list[str]) -> dict[str, Any]:
    """The values as the trail shows them."""
    said: dict[str, Any] = {}
    for name in names:
        if name in _NOT_SHOWN:
            continue
        value = getattr(channel, name)
        said[name] = str(value) if isinstance(value, Decimal | Schedule) else value
    return said
