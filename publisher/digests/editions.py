"""What a person does with an edition: approve, pause, resume, cancel. Each is written to the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.digests import paused, preflight, preflight_words, reviewing, uncleared
from publisher.digests.models import Edition
from publisher.digests.reviewing import Stale

S = Edition.State
CHANGED_SINCE = gettext_noop("It was assembled again since it was approved, so it waits for approval.")
NEVER_SENT = (S.EMPTY, S.CANCELLED)
"""What has not left of these never will."""
OVER = (S.SENT, *NEVER_SENT)
"""From here nothing leads on."""


class NotFit(UserError):
    """The preflight found what keeps the edition from being sent. `may_go_anyway`: with a reason it may be sent all the same."""

    def __init__(self, edition: Edition, findings: Sequence[preflight.Finding]) -> None:
        self.may_go_anyway = not any(each.final for each in findings)
        hint = (
            _("Mend it, or say why it is to be sent all the same.")
            if self.may_go_anyway
            else _("Mend it first.")
        )
        said = " ".join(
            f"{preflight_words.NAMES[each.check]}: {preflight_words.said(each)}" for each in findings
        )
        super().__init__(_("%(edition)s is not fit to be sent.") % {"edition": edition} + f" {said}", hint)


def approve(
    edition_id: int, *, user: Actor, now: datetime, seen: str | None = None, despite: str = ""
) -> Edition:
    """Let a waiting edition go out; where its digest asks for persons who approve, once there are enough: until then it waits.

    `seen` is the `version` that the person looked at; without it, whatever there is. Raises `NotYours`, `UserError`, and `NotFit`
    for what its preflight found, unless `despite` says why it is to be sent all the same.
    """
    _look(edition_id, user=user, now=now)
    return _approve(edition_id, user=user, now=now, seen=seen, despite=despite)


@transaction.atomic
def _look(edition_id: int, *, user: Actor, now: datetime) -> None:
    """What its texts need a clearance for is written before the approval is tried, which that may refuse: somebody has to find
    it."""
    edition = Edition.objects.select_for_update(of=("self",)).select_related("digest").get(pk=edition_id)
    if edition.state in (S.WAITING, S.ASSEMBLING):
        reviewing.look(edition, user=user, now=now)


@transaction.atomic
def _approve(edition_id: int, *, user: Actor, now: datetime, seen: str | None, despite: str) -> Edition:
    edition = Edition.objects.select_for_update(of=("self",)).select_related("digest").get(pk=edition_id)
    names = audit.name_of(user)
    if edition.state == S.WAITING:
        _check_seen(edition, seen)
        overruled = check_fit(edition, despite.strip())
        standing = reviewing.approve(edition, user=user, now=now)
        if not standing.enough:
            after = {"state": edition.state, "approvals": standing.said, **overruled}
            audit.record(user, "edition.approved_by_one", edition, {"state": edition.state}, after)
            return edition
        names = ", ".join(each.name for each in standing.given) if standing.needed else names
    return _move(
        edition_id,
        despite=despite.strip(),
        user=user,
        seen=seen,
        action="edition.approve",
        now=now,
        sources=(S.WAITING,),
        target=S.SENDING,
        also={"approved_by": names, "after_assembly": S.SENDING, "problem": ""},
    )


def approve_ahead(edition_id: int, *, user: Actor, now: datetime) -> Edition:
    """Let an edition that is still being assembled go out by itself as soon as it is there. Raises `UserError`: its digest asks
    for persons who approve what they have seen."""
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    if edition.digest.approvals:
        raise UserError(
            _("%(edition)s is being assembled, and its digest asks for %(num)s approvals.")
            % {"edition": edition, "num": edition.digest.approvals},
            _("Approve it on its page of the desk as soon as it is there."),
        )
    _look(edition_id, user=user, now=now)
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
            _("%(edition)s is “%(state)s”: it cannot be sent.")
            % {"edition": edition, "state": edition.get_state_display()},
            _("Make another with `publisher edition create`."),
        )
    return approve_ahead(edition_id, user=user, now=now)


def pause(edition_id: int, *, user: Actor, now: datetime) -> Edition:
    """Stop before the next message is claimed. What a server has accepted by then has left."""
    return _move(
        edition_id, user=user, action="edition.pause", now=now, sources=(S.SENDING,), target=S.PAUSED
    )


def resume(
    edition_id: int, *, user: Actor, now: datetime, seen: str | None = None, despite: str = ""
) -> Edition:
    """Go on with a paused edition; one that could not be assembled is tried again. One that was assembled again since it was
    approved, where its digest asks for persons who approve, waits for them now. `seen`, `despite` and what it raises: as for
    `approve`."""
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    blocked = edition.state == S.BLOCKED
    source, target = (S.BLOCKED, S.ASSEMBLING) if blocked else (S.PAUSED, S.SENDING)
    goes_on: dict[str, object] = {"problem": ""} if blocked else {"problem": "", "after_assembly": S.SENDING}
    if target == S.SENDING and not reviewing.standing_of(edition).enough:
        target, goes_on = S.WAITING, {"problem": CHANGED_SINCE, "after_assembly": S.WAITING}
    return _move(
        edition_id,
        despite=despite.strip(),
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


def changed(edition: Edition, *, user: Actor, now: datetime) -> None:
    """Note that a person changed what the edition holds or says; its row is locked, and it is being assembled again.

    Whatever was approved of it was something else, so it waits for a person: who changed it looks at it once more. One that
    was paused, and that nobody needs to approve, stays paused.
    """
    stays_paused = edition.after_assembly == S.PAUSED and not edition.digest.waits_for_approval
    edition.after_assembly = S.PAUSED if stays_paused else S.WAITING
    edition.approved_by = ""
    edition.changes += 1
    edition.changed_at = now
    edition.save(update_fields=["after_assembly", "approved_by", "changes", "changed_at"])
    reviewing.changed(edition, user=user, now=now)


def nothing_left(before: str, edition: Edition) -> bool:
    """Whether certainly no mail of it has left: it waited for its first approval, or was never assembled."""
    return (before == S.WAITING and edition.let_go_at is None) or (
        before in (S.ASSEMBLING, S.BLOCKED) and edition.assembled_at is None
    )


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
    despite: str = "",
) -> Edition:
    edition = Edition.objects.select_for_update().select_related("digest").get(pk=edition_id)
    if edition.state not in sources:
        raise Stale(
            _("%(edition)s is “%(state)s”: this cannot be done now.")
            % {"edition": edition, "state": edition.get_state_display()},
            _("Somebody else may have been quicker; look at its page again."),
        )
    _check_seen(edition, seen)
    overruled: dict[str, object] = {}
    if target == S.SENDING:
        paused.check_may_go(edition)
        uncleared.check_may_go(edition)
        if not reviewing.standing_of(edition).enough:  # it was assembled again in this very moment
            raise Stale(
                _("%(edition)s was changed since it was approved.") % {"edition": edition},
                _("Look at it again, then decide."),
            )
        overruled = check_fit(edition, despite)
        edition.let_go_at = edition.let_go_at or now
    before = edition.state
    edition.state = target
    edition.changed_at = now
    edition.finished_at = now if target == S.CANCELLED else None
    edition.withdrawn = target == S.CANCELLED and nothing_left(before, edition)
    for name, value in (also or {}).items():
        setattr(edition, name, value)
    edition.save(
        update_fields=["state", "changed_at", "finished_at", "withdrawn", "let_go_at", *(also or {})]
    )
    audit.record(user, action, edition, {"state": before}, {"state": target, **overruled})
    events.emit("edition.changed", edition_id=edition.pk)
    return edition


def _check_seen(edition: Edition, seen: str | None) -> None:
    if seen is not None and seen != edition.version:
        raise Stale(
            _(
                "%(edition)s was assembled again since you opened it: somebody changed it, or an item was corrected."
            )
            % {"edition": edition},
            _("Look at it again, then decide."),
        )


def check_fit(edition: Edition, despite: str) -> dict[str, object]:
    """What a person overrules with a reason, for the trail. Raises `NotFit`."""
    found = preflight.blocking(edition)
    if not found:
        return {}
    if not despite or any(each.final for each in found):
        raise NotFit(edition, found)
    return {"despite": [each.key for each in found], "reason": despite[:500]}
