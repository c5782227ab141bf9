"""The keys of our application at each network, with which people are asked for access (OAuth). Stored encrypted, never shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import UserError
from publisher.social.models import NetworkApp
from publisher.social.networks import registry
from publisher.social.networks.fields import Field, cleaned
from publisher.social.networks.oauth import NotGiven, oauth_of


def keys_of(network: str) -> dict[str, str]:
    """The keys; {} where the network needs none. Raises `NotGiven` when they are missing or cannot be opened."""
    oauth = oauth_of(registry.get(network))
    if oauth is None or not oauth.app_fields:
        return {}
    row = NetworkApp.objects.filter(network=network).first()
    try:
        keys = dict(opened(row.keys)) if row else {}
    except CannotDecrypt:
        keys = {}
    if any(not keys.get(each.name) for each in oauth.app_fields if each.required):
        raise NotGiven(
            _("The keys of the application at %(network)s are not stored.")
            % {"network": registry.label(network)},
            _("Enter them under Connect; somebody makes the application there once."),
        )
    return {name: str(value) for name, value in keys.items()}


def is_known(network: str) -> bool:
    """Whether people can be asked: the keys are there, or none are needed."""
    try:
        keys_of(network)
    except NotGiven:
        return False
    return True


def fields_of(network: str) -> tuple[Field, ...]:
    """The keys that the network asks for; () where it needs none."""
    oauth = oauth_of(registry.get(network))
    return oauth.app_fields if oauth else ()


def read(network: str, given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The keys from the texts of a form, and what is wrong, by field."""
    values, wrong = cleaned(fields_of(network), given)
    for each in fields_of(network):
        if each.required and values.get(each.name) is None:
            wrong.setdefault(each.name, _("Enter this, too."))
    return values, wrong


@transaction.atomic
def store(network: str, keys: Mapping[str, str], *, user: Actor, now: datetime) -> None:
    """Keep the keys, in place of the former ones. Accesses that were given before go on working. Raises `UserError`."""
    if not fields_of(network):
        raise UserError(
            _("%(network)s needs no keys of an application.") % {"network": registry.label(network)}
        )
    closed: Any = dict(keys)
    NetworkApp.objects.update_or_create(network=network, defaults={"keys": closed, "changed_at": now})
    audit.record_of(user, "networkapp.stored", "networkapp", network, after={"network": network})
