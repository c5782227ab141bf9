"""Webhooks: who is told of changes, and the log of what was told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging, versions
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import held_by, user_of
from publisher.api.v1.shapes import (
    NO_NUL,
    BodyId,
    Done,
    Flag,
    Given,
    Id,
    Moment,
    OneOf,
    Page,
    Paged,
    Shape,
    Url,
    Version,
)
from publisher.core import clock
from publisher.hooks import asking, endpoints, kinds
from publisher.hooks.endpoints import Wishes
from publisher.hooks.models import Endpoint, Message
from publisher.people.permissions import INTEGRATE

Pattern = Annotated[str, OneOf.of(kinds.patterns())]
EventName = Annotated[str, OneOf.of([*kinds.names(), kinds.TEST])]
MessageState = Annotated[str, OneOf.of(Message.State.values)]


class WebhookOut(Shape):
    """An address that is told of changes."""

    id: int
    version: int
    name: str
    url: str
    events: list[str]
    channels: list[int]
    digests: list[int]
    batched: bool
    with_addresses: bool
    active: bool
    off_reason: str = Field(description="Why it was switched off by itself; empty when a person did it.")
    failing_since: datetime | None
    rests_until: datetime | None
    old_secret_until: datetime | None = Field(description="Until then requests bear two signatures.")
    owner: str | None
    created_at: datetime


class NewWebhookOut(WebhookOut):
    secret: str = Field(description="Shown this once: whsec_ and base64, by Standard Webhooks.")


class WebhookIn(Given):
    """What it shall be told, and where. With channels or digests: only what is about one of them."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL)]
    url: Url
    events: list[Pattern] = Field(min_length=1, max_length=100)
    channels: list[BodyId] = Field(default_factory=list, max_length=200)
    digests: list[BodyId] = Field(default_factory=list, max_length=200)
    batched: Flag = Field(False, description="Changes of deliveries come up to a hundred in one request.")
    with_addresses: Flag = Field(False, description="Takes the scope see_addresses.")


class WebhookChangeIn(WebhookIn):
    """All of it, as it shall be from now on."""

    version: Version | None = None


class SwitchIn(Given):
    active: Flag


class ReplaySinceIn(Given):
    since: Moment = Field(description="Within the last 30 days.")
    failed_only: Flag = Field(True, description="Only what was given up; false: also what was taken.")


class ReplayedOut(Shape):
    messages: int


class TryOut(Shape):
    at: datetime
    ms: int
    status: int | None
    answer: str = Field(description="Its first 2 KB.")
    error: str


class MessageOut(Shape):
    """One request: an event, or up to a hundred of one type."""

    id: int
    webhook_id: str = Field(description="The header of that name, the same in every try.")
    type: str
    events: int
    state: MessageState
    attempts: int
    status: int | None
    reason: str
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None


class MessageWithTriesOut(MessageOut):
    tries: list[TryOut]


class MessageFilter(Paged):
    state: MessageState | None = None
    type: EventName | None = None


@reads("/webhooks", INTEGRATE, tag="webhooks")
def list_webhooks(request: HttpRequest) -> Page[WebhookOut]:  # noqa: ARG001 - ninja's signature
    """Every webhook, by name."""
    return paging.whole(list(endpoints.shown()), lambda row: WebhookOut(**_of(row)))


@reads("/webhooks/{int:webhook_id}", INTEGRATE, tag="webhooks")
def read_webhook(request: HttpRequest, webhook_id: Id) -> WebhookOut:  # noqa: ARG001 - ninja's signature
    """One webhook."""
    return _read(webhook_id)


@does("/webhooks", INTEGRATE, tag="webhooks", status=201)
def make_webhook(request: HttpRequest, given: WebhookIn) -> NewWebhookOut:
    """Make one, switched on."""
    row, secret = endpoints.create(
        _wishes(given), user=user_of(request), held=held_by(request), now=clock.now()
    )
    return NewWebhookOut(**_of(row), secret=secret)


@does("/webhooks/{int:webhook_id}/change", INTEGRATE, tag="webhooks", versioned=True)
def change_webhook(request: HttpRequest, webhook_id: Id, given: WebhookChangeIn) -> WebhookOut:
    """Change what it is told. What waits already goes to the new address as it is."""
    _found(webhook_id)
    endpoints.change(
        webhook_id,
        _wishes(given),
        user=user_of(request),
        held=held_by(request),
        version=versions.seen(request, given.version),
    )
    return _read(webhook_id)


@does("/webhooks/{int:webhook_id}/switch", INTEGRATE, tag="webhooks")
def switch_webhook(request: HttpRequest, webhook_id: Id, given: SwitchIn) -> WebhookOut:
    """Switch it on or off. What happens while it is off is not told later."""
    _found(webhook_id)
    endpoints.switch(webhook_id, on=given.active, user=user_of(request), now=clock.now())
    return _read(webhook_id)


@does("/webhooks/{int:webhook_id}/rotate-secret", INTEGRATE, tag="webhooks")
def rotate_webhook_secret(request: HttpRequest, webhook_id: Id) -> NewWebhookOut:
    """Make a new secret. For 24 hours requests are signed with the former one, too."""
    _found(webhook_id)
    row, secret = endpoints.rotate(webhook_id, user=user_of(request), now=clock.now())
    return NewWebhookOut(**_of(row), secret=secret)


@does("/webhooks/{int:webhook_id}/remove", INTEGRATE, tag="webhooks")
def remove_webhook(request: HttpRequest, webhook_id: Id) -> Done:
    """Remove it with its log."""
    _found(webhook_id)
    endpoints.remove(webhook_id, user=user_of(request), now=clock.now())
    return Done(said="It is told nothing more.")


@does("/webhooks/{int:webhook_id}/test", INTEGRATE, tag="webhooks", status=201)
def test_webhook(request: HttpRequest, webhook_id: Id) -> MessageOut:
    """Send it a `webhook.test`, whatever else it is told."""
    _found(webhook_id)
    return MessageOut(
        **_message(asking.send_test(webhook_id, user=user_of(request), now=clock.database_now()))
    )


@does("/webhooks/{int:webhook_id}/replay", INTEGRATE, tag="webhooks")
def replay_webhook(request: HttpRequest, webhook_id: Id, given: ReplaySinceIn) -> ReplayedOut:
    """Send again what was written since a time, with the ids that it had."""
    _found(webhook_id)
    count = asking.replay_since(
        webhook_id,
        since=given.since,
        failed_only=given.failed_only,
        user=user_of(request),
        now=clock.database_now(),
    )
    return ReplayedOut(messages=count)


@reads("/webhooks/{int:webhook_id}/messages", INTEGRATE, tag="webhooks")
def list_webhook_messages(
    request: HttpRequest, webhook_id: Id, wanted: Query[MessageFilter]
) -> Page[MessageOut]:
    """What it was told, newest first; kept for 30 days."""
    rows = _found(webhook_id).messages.defer("changes")
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.type:
        rows = rows.filter(type=wanted.type)
    return paging.newest(request, rows, wanted, lambda row: MessageOut(**_message(row)))


@reads("/webhooks/{int:webhook_id}/messages/{int:message_id}", INTEGRATE, tag="webhooks")
def read_webhook_message(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    webhook_id: Id,
    message_id: Id,
) -> MessageWithTriesOut:
    """One message with its tries."""
    row = get_object_or_404(Message, pk=message_id, endpoint=_found(webhook_id))
    tries = [
        TryOut(at=each.at, ms=each.ms, status=each.status, answer=each.answer, error=each.error)
        for each in row.tries.all()
    ]
    return MessageWithTriesOut(**_message(row), tries=tries)


@does("/webhooks/{int:webhook_id}/messages/{int:message_id}/replay", INTEGRATE, tag="webhooks")
def replay_webhook_message(request: HttpRequest, webhook_id: Id, message_id: Id) -> MessageOut:
    """Send one again, with the id that it had."""
    get_object_or_404(Message, pk=message_id, endpoint=_found(webhook_id))
    row = asking.replay(webhook_id, message_id, user=user_of(request), now=clock.database_now())
    return MessageOut(**_message(row))


def _found(webhook_id: int) -> Endpoint:
    row: Endpoint = get_object_or_404(endpoints.shown(), pk=webhook_id)
    return row


def _read(webhook_id: int) -> WebhookOut:
    return WebhookOut(**_of(_found(webhook_id)))


def _wishes(given: WebhookIn) -> Wishes:
    return Wishes(
        name=given.name,
        url=given.url,
        events=given.events,
        channel_ids=given.channels,
        digest_ids=given.digests,
        batched=given.batched,
        with_addresses=given.with_addresses,
    )


def _of(row: Endpoint) -> dict[str, Any]:
    return {
        "channels": row.channel_ids,
        "digests": row.digest_ids,
        "owner": row.created_by.get_username() if row.created_by else None,
        **_same(
            row,
            ("id", "version", "name", "url", "events", "batched", "with_addresses", "active", "off_reason"),
        ),
        **_same(row, ("failing_since", "rests_until", "old_secret_until", "created_at")),
    }


def _message(row: Message) -> dict[str, Any]:
    return {
        "webhook_id": row.key,
        "events": row.count,
        **_same(row, ("id", "type", "state", "attempts", "status", "reason")),
        **_same(row, ("due_at", "created_at", "settled_at")),
    }


def _same(row: Endpoint | Message, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
