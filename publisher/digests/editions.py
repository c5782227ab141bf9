"""What a person does with an edition: approve, pause, resume, cancel. Each is written to the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.digests import paused
from publisher.digests.models import Edition

S = Edition.State
NEVER_SENT = (S.EMPTY, S.CANCELLED)
"""What has not left of these never will."""
OVER = (S.SENT, *NEVER_SENT)
"""From here nothing leads on."""


def approve(edition_id: int, *, user: Actor, now: datetime, seen: str | None = None) -> Edition:
    """Let a waiting edition go out. `seen` is the `version` that the person looked at; without it, whatever there is."""
    return _move(
        edition_id,
        user=user,
        seen=seen,
        action="edition.approve",
        now=now,
        sources=(S.WAITING,),
        target=S.SENDING,
        also={"approved_by": audit.name_of(user), "after_assembly": S.SENDING, "problem": ""},
    )


def approve_ahead(edition_id: int, *, user: Actor, now: datetime) -> Edition:
    """Let an edition that is still being assembled go out by itself as soon as it is there."""
    return _move(
        edition_id,
        user=user,
        action="edition.approve",
        now=now,
        sources=(S.ASSEMBLING,),
        target=S.ASSEMBLING,
        also={"approved_by": audit.name_of(user), "after_assembly": S.SENDING, "problem": ""},
    )


def send(edition_id: int, *, user: Actor, now: datetime, seen: str | None = None) -> Edition:
    """Whatever a person has to do for it to go out: approve it, resume it, or nothing. Raises `UserError` when it cannot.

    `seen`: as for `approve`.
    """
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    if edition.state in (S.SENDING, S.SENT) or (
        edition.state == S.ASSEMBLING and edition.after_assembly == S.SENDING
    ):
        return edition
    if edition.state in (S.WAITING, S.PAUSED, S.BLOCKED):
        deed = approve if edition.state == S.WAITING else resume
        return deed(edition_id, user=user, now=now, seen=seen)
    if edition.state != S.ASSEMBLING:
        raise UserError(
            f"{edition} is “{edition.get_state_display()}”: it cannot be sent.",
            "Make another with `publisher edition create`.",
        )
    return approve_ahead(edition_id, user=user, now=now)


def pause(edition_id: int, *, user: Actor, now: datetime) -> Edition:
    """Stop before the next message is claimed. What a server has accepted by then has left."""
    return _move(
        edition_id, user=user, action="edition.pause", now=now, sources=(S.SENDING,), target=S.PAUSED
    )


def resume(edition_id: int, *, user: Actor, now: datetime, seen: str | None = None) -> Edition:
    """Go on with a paused edition; one that could not be assembled is tried again. `seen`: as for `approve`."""
    blocked = Edition.objects.get(pk=edition_id).state == S.BLOCKED
    source, target = (S.BLOCKED, S.ASSEMBLING) if blocked else (S.PAUSED, S.SENDING)
    goes_on: dict[str, object] = {"problem": ""} if blocked else {"problem": "", "after_assembly": S.SENDING}
    return _move(
        edition_id,
        user=user,
        seen=seen,
        action="edition.resume",
        now=now,
        sources=(source,),
        target=target,
        also=goes_on,
    )


def cancel(edition_id: int, *, user: Actor, now: datetime) -> Edition:
    """End it for good: what is queued is cancelled by the next tick, what has left stays as it is.

    If nothing can have left, its items belong to the digest's next edition.
    """
    return _move(
        edition_id,
        user=user,
        action="edition.cancel",
        sources=(S.ASSEMBLING, S.BLOCKED, S.WAITING, S.SENDING, S.PAUSED),
        target=S.CANCELLED,
        now=now,
    )


def nothing_left(before: str, edition: Edition) -> bool:
    """Whether certainly no mail of it has left: it waited for approval, or was never assembled."""
    return before == S.WAITING or (before in (S.ASSEMBLING, S.BLOCKED) and edition.assembled_at is None)


@transaction.atomic
def _move(
    edition_id: int,
    *,
    user: Actor,
    action: str,
    sources: tuple[Edition.State, ...],
    target: Edition.State,
    now: datetime,
    seen: str | None = None,
    also: Mapping[str, object] | None = None,
) -> Edition:
    edition = Edition.objects.select_for_update().select_related("digest").get(pk=edition_id)
    if edition.state not in sources:
        raise UserError(
            f"{edition} is “{edition.get_state_display()}”: this cannot be done now.",
            "Somebody else may have been quicker; look at its page again.",
        )
    if seen is not None and seen != edition.version:
        raise UserError(
            f"{edition} was assembled again since you opened it: an item was corrected.",
            "Look at it again, then decide.",
        )
    if target == S.SENDING:
        paused.check_may_go(edition)
    before = edition.state
    edition.state = target
    edition.changed_at = now
    edition.finished_at = now if target == S.CANCELLED else None
    edition.withdrawn = target == S.CANCELLED and nothing_left(before, edition)
    for name, value in (also or {}).items():
        setattr(edition, name, value)
    edition.save(update_fields=["state", "changed_at", "finished_at", "withdrawn", *(also or {})])
    audit.record(user, action, edition, {"state": before}, {"state": target})
    events.emit("edition.changed", edition_id=edition.pk)
    return edition
