"""A channel's access: what is set of it, other credentials and settings, the keys of our application, taking it away.

What is secret is only ever written: no answer holds it, and the trail says only that there is a new one. Connecting by a
network's own pages (OAuth) takes a person at a browser, and is done in the desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field, StrictFloat, StrictInt, StringConstraints

from publisher.api import problems
from publisher.api.problems import ProblemError
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import NO_NUL, NO_OTHER_KEYS, Flag, Given, Id, OneOf, Shape, VersionIn
from publisher.api.v1.versions import seen
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.people.permissions import SET_UP
from publisher.social import access, health, network_keys
from publisher.social.models import Channel
from publisher.social.networks import fields as forms
from publisher.social.networks import registry
from publisher.social.networks.oauth import oauth_of

FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=forms.LONGEST, pattern=NO_NUL)]
Setting = (
    Annotated[str, StringConstraints(max_length=forms.LONGEST, pattern=NO_NUL)]
    | Flag
    | StrictInt
    | StrictFloat
)
FieldKind = Annotated[str, OneOf.of(each.value for each in forms.Kind)]


class FieldOut(Shape):
    """A value that the network's accounts need. Of what is secret there is only whether it is set."""

    name: str
    label: str
    kind: FieldKind
    required: bool
    secret: bool
    is_set: bool
    value: str | int | float | bool | None
    choices: list[str] = Field(description="Of a choice: its values.")


class AccessOut(Shape):
    """`version` is the channel's."""

    channel_id: int
    version: int
    network: str
    account: str = Field(description="Whom the network named when it was asked last.")
    complete: bool = Field(description="Whether every credential is there that the network demands.")
    credentials: list[FieldOut]
    settings: list[FieldOut]
    app_keys: list[FieldOut] = Field(
        description="The keys of our application at the network, with which people are asked for access (OAuth)."
    )
    connects_in_browser: bool = Field(
        description="Whether a person can connect it in the desk, by the network's pages."
    )


class AccessIn(VersionIn):
    """What shall be another; what is left out stays as it is."""

    credentials: dict[FieldName, Secret] = Field(
        default_factory=dict, json_schema_extra=NO_OTHER_KEYS, max_length=20
    )
    settings: dict[FieldName, Setting | None] = Field(
        default_factory=dict, json_schema_extra=NO_OTHER_KEYS, max_length=20, description="Null: it goes."
    )
    another_account: Flag = Field(
        False,
        description="Whether the channel may post to another account from now on. Else that is refused.",
    )


class AppKeysIn(Given):
    keys: dict[FieldName, Secret] = Field(json_schema_extra=NO_OTHER_KEYS, max_length=20)


@reads("/channels/{int:channel_id}/access", SET_UP, tag="channels")
def read_access(request: HttpRequest, channel_id: Id) -> AccessOut:  # noqa: ARG001 - ninja's signature
    """What its network needs, and what of it is set."""
    return _out(channel_id)


@does("/channels/{int:channel_id}/access/change", SET_UP, tag="channels", versioned=True, alone=True)
def change_access(request: HttpRequest, channel_id: Id, given: AccessIn) -> AccessOut:
    """Enter credentials and settings. The network is asked first; until it has taken them, the former ones stay in use."""
    channel = _channel(channel_id)
    version = seen(request, given.version)
    texts = {name: _text(value) for name, value in given.settings.items()}
    _check_names(channel, given.credentials, texts)
    credentials, settings, wrong = access.read(channel, given.credentials, texts)
    if wrong:
        raise _wrong({f"{part}.{name}": said for (part, name), said in wrong.items()})
    try:
        access.enter(
            channel_id,
            credentials=credentials,
            settings=settings,
            user=user_of(request),
            version=version,
            now=clock.now(),
            another=given.another_account,
        )
    except access.Another as error:
        raise ProblemError(
            422, "refused", error.message, 'Nothing was changed. Send "another_account": true if it is meant.'
        ) from error
    return _out(channel_id)


@does("/channels/{int:channel_id}/access/remove", SET_UP, tag="channels", versioned=True)
def remove_access(request: HttpRequest, channel_id: Id, given: VersionIn) -> AccessOut:
    """Forget its credentials: what is planned waits. Withdraw the access at the network, too."""
    _channel(channel_id)
    access.disconnect(
        channel_id, user=user_of(request), version=seen(request, given.version), now=clock.now()
    )
    return _out(channel_id)


@does("/channels/{int:channel_id}/access/app-keys", SET_UP, tag="channels")
def store_app_keys(request: HttpRequest, channel_id: Id, given: AppKeysIn) -> AccessOut:
    """Store the keys of our application at its network, in place of the former ones. Accesses that were given before go on."""
    network = _channel(channel_id).network
    known = {each.name for each in network_keys.fields_of(network)}
    values, wrong = network_keys.read(network, given.keys)
    wrong |= {name: "no such key" for name in given.keys if known and name not in known}
    if wrong:
        raise _wrong({f"keys.{name}": said for name, said in wrong.items()})
    network_keys.store(network, values, user=user_of(request), now=clock.now())
    return _out(channel_id)


def _channel(channel_id: int) -> Channel:
    return get_object_or_404(Channel.objects.select_related("health"), pk=channel_id)


def _text(value: str | float | None) -> str:
    """As a form has it: the rules of the fields read texts."""
    if isinstance(value, bool):
        return "on" if value else ""
    return "" if value is None else str(value)


def _check_names(channel: Channel, credentials: Mapping[str, str], settings: Mapping[str, str]) -> None:
    form = forms.form_of(registry.get(channel.network))
    parts = (("credentials", credentials, form.credentials), ("settings", settings, form.settings))
    strange = {
        f"{part}.{name}": "no such field"
        for part, given, fields in parts
        for name in given
        if name not in {each.name for each in fields}
    }
    if strange:
        raise _wrong(strange)


def _wrong(fields: dict[str, str]) -> ProblemError:
    said = UserError(
        f"{', '.join(fields)[:300]} cannot be used.", "GET …/access lists what the network needs."
    )
    return problems.of_fields(said, fields)


def _out(channel_id: int) -> AccessOut:
    channel = _channel(channel_id)
    network = registry.get(channel.network)
    form, known = forms.form_of(network), access.known_credentials(channel)
    stored = channel.settings or {}
    app = dict.fromkeys(
        (each.name for each in network_keys.fields_of(channel.network)),
        network_keys.is_known(channel.network),
    )
    return AccessOut(
        channel_id=channel.pk,
        version=channel.revision,
        network=channel.network,
        account=health.health_of(channel).account_name,
        complete=access.is_complete(channel),
        credentials=[_field(each, is_set=bool(known.get(each.name))) for each in form.credentials],
        settings=[
            _field(each, is_set=each.name in stored, value=stored.get(each.name)) for each in form.settings
        ],
        app_keys=[_field(each, is_set=app[each.name]) for each in network_keys.fields_of(channel.network)],
        connects_in_browser=oauth_of(network) is not None,
    )


def _field(asked: forms.Field, *, is_set: bool, value: str | float | None = None) -> FieldOut:
    return FieldOut(
        name=asked.name,
        label=str(asked.label),
        kind=asked.kind.value,
        required=asked.required,
        secret=asked.secret,
        is_set=is_set,
        value=None if asked.secret else value,
        choices=[value for value, _label in asked.choices],
    )
