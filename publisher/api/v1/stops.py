"""Pausing a part of the sending, stopping all of it, and letting it go on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.db.models import Model
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.channels import HowOfPosts, ResumedOut
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import NO_NUL, BodyId, Country, Done, Given, Id, Moment, OneOf, Page, Shape
from publisher.core import clock, standstill
from publisher.core.errors import UserError
from publisher.core.models import Pause, Standstill
from publisher.delivery import outage, pausing, stopping
from publisher.delivery.reslotting import How, Outcome
from publisher.items.models import Topic
from publisher.people.permissions import PUBLISH, SEE_DESK, STOP
from publisher.social.models import Channel

Scope = Annotated[str, OneOf.of(Pause.Scope.values)]
Why = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=NO_NUL)]


class PauseOut(Shape):
    """While it stands nothing that it covers leaves."""

    id: int
    scope: Scope
    name: str
    channel_id: int | None
    topic_id: int | None
    country: str
    reason: str
    since: datetime
    by: str


class PauseIn(Given):
    """What shall be paused: channels, topics and countries, of each as many as you like."""

    channels: list[BodyId] = Field(default_factory=list, max_length=100)
    topics: list[BodyId] = Field(default_factory=list, max_length=100)
    countries: list[Country] = Field(default_factory=list, max_length=100)
    reason: Why


class HowIn(Given):
    how: HowOfPosts = Field(
        How.NEW_SLOTS.value,
        description="What becomes of the posts that waited: `all` get new slots, or a person is asked about `each`.",
    )


class ReleasedOut(Shape):
    posts: ResumedOut
    paused_editions: list[int] = Field(description="Their time passed long ago: they ask before they go on.")


class SendingOut(Shape):
    """Whether anything leaves."""

    stands_still: bool
    kind: str | None
    reason: str | None
    since: datetime | None
    by: str | None
    mail_server_away_since: datetime | None


class StopIn(Given):
    reason: Why


class GoOnIn(HowIn):
    since: Moment = Field(description="When the standstill began that you saw: another one stays.")


@reads("/pauses", SEE_DESK, tag="stops")
def list_pauses(request: HttpRequest) -> Page[PauseOut]:  # noqa: ARG001 - ninja's signature
    """Every pause that stands."""
    return paging.whole(list(Pause.objects.all()), _of)


@reads("/pauses/{int:pause_id}", SEE_DESK, tag="stops")
def read_pause(request: HttpRequest, pause_id: Id) -> PauseOut:  # noqa: ARG001 - ninja's signature
    """One pause."""
    return _of(get_object_or_404(Pause, pk=pause_id))


@does("/pauses", STOP, tag="stops", status=201)
def begin_pauses(request: HttpRequest, given: PauseIn) -> Page[PauseOut]:
    """Pause each of these that is not paused yet; those that are new. From then on nothing of it is claimed."""
    user = user_of(request)
    targets = [
        *(pausing.of_channel(row) for row in _rows(Channel, given.channels, "channel")),
        *(pausing.of_topic(row) for row in _rows(Topic, given.topics, "topic")),
        *(pausing.of_country(code.upper()) for code in given.countries),
    ]
    rows = pausing.pause(targets, user=user, by=user.get_username(), reason=given.reason, now=clock.now())
    return paging.whole(rows, _of)


@does("/pauses/{int:pause_id}/release", PUBLISH, tag="stops")
def release_pause(request: HttpRequest, pause_id: Id, given: HowIn) -> ReleasedOut:
    """End a pause. What something else still holds goes on waiting."""
    get_object_or_404(Pause, pk=pause_id)
    user = user_of(request)
    done = pausing.release(pause_id, How(given.how), user=user, by=user.get_username(), now=clock.now())
    return ReleasedOut(posts=_outcome(done.posts), paused_editions=[each.pk for each in done.editions])


@reads("/sending", SEE_DESK, tag="stops")
def read_sending(request: HttpRequest) -> SendingOut:  # noqa: ARG001 - ninja's signature
    """Whether all sending stands still, and whether mail waits for its server."""
    return _sending()


@does("/sending/stop", STOP, tag="stops")
def stop_sending(request: HttpRequest, given: StopIn) -> SendingOut:
    """Stop everything that leaves."""
    user = user_of(request)
    stopping.stop(user=user, by=user.get_username(), reason=given.reason, now=clock.now())
    return _sending()


@does("/sending/go-on", PUBLISH, tag="stops")
def go_on_sending(request: HttpRequest, given: GoOnIn) -> ReleasedOut:
    """Let it go on, if it is still the standstill that you saw."""
    user = user_of(request)
    done = stopping.go_on(
        user=user, by=user.get_username(), now=clock.now(), since=given.since, how=How(given.how)
    )
    return ReleasedOut(posts=_outcome(done.posts), paused_editions=[each.pk for each in done.paused])


@does("/sending/try-mail-server", PUBLISH, tag="stops")
def try_mail_server(request: HttpRequest) -> Done:
    """Have a mail server that had failed tried at once."""
    user = user_of(request)
    stopping.try_now(user=user, by=user.get_username(), now=clock.now())
    return Done(said=stopping.not_tried_yet() or "It is tried now, if mail is due.")


def _rows(model: type[Any], ids: list[int], what: str) -> list[Any]:
    found: dict[int, Model] = model.objects.in_bulk(ids)
    if missing := [each for each in ids if each not in found]:
        raise UserError(f"There is no {what} {missing[0]}.", "Look it up in the list.")
    return [found[each] for each in dict.fromkeys(ids)]


def _of(row: Pause) -> PauseOut:
    return PauseOut(
        id=row.pk,
        scope=row.scope,
        name=row.name,
        channel_id=row.channel_id,
        topic_id=row.topic_id,
        country=row.country,
        reason=row.reason,
        since=row.since,
        by=row.by,
    )


def _outcome(done: Outcome) -> ResumedOut:
    return ResumedOut(said=done.said, moved=done.moved, waiting=done.waiting, asking=done.asking)


def _sending() -> SendingOut:
    stands: Standstill | None = standstill.current()
    away = outage.current()
    return SendingOut(
        stands_still=stands is not None,
        kind=stands.kind if stands else None,
        reason=stands.reason if stands else None,
        since=stands.since if stands else None,
        by=stands.by if stands else None,
        mail_server_away_since=away.since if away else None,
    )
