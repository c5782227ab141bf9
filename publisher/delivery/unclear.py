"""Mail in `unknown`: why nobody can tell whether it left, and what happens to it next. Shown by the desk and by
`publisher edition`; what a person says of it is in `mail_doubts.py`.

The texts that a sweep or a restore writes into `reason` begin here, so that the cause can be read from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from publisher.core.told import told
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.digests.models import Digest, Edition

S = Edition.State

WORKER_GONE = gettext_noop(
    "The worker that was sending it died, or was stopped or cut off for longer than its lease, and left no result; "
    "it may have been accepted."
)
NOTES_GONE = gettext_noop(
    "The worker that was sending it died, and its notes in Redis are lost; it may have been accepted."
)
RESTORED_FROM = gettext_noop("The database was restored from a backup of %(time)s.")
RESTORED = RESTORED_FROM.partition(" %(time)s")[0]
"""How a reason goes on after a restore; `backup.aftermath` writes it."""

RESENDS = (S.ASSEMBLING, S.BLOCKED, S.WAITING, S.SENDING, S.PAUSED)
"""Editions of which the sweep sends unclear mail again, if the digest says so."""


class Cause(StrEnum):
    """Why it is unclear; the value is for machines."""

    ANSWER = "answer_lost"
    WORKER = "worker_gone"
    NOTES = "notes_lost"
    RESTORE = "restored"


WHY = {
    Cause.ANSWER: gettext_noop("It was handed over, and no clear answer of the mail server came back."),
    Cause.WORKER: WORKER_GONE,
    Cause.NOTES: NOTES_GONE,
    Cause.RESTORE: gettext_noop(
        "The database was restored from a backup, and what left after the backup was made is not in it."
    ),
}


@dataclass(frozen=True)
class Fate:
    """What happens next, in a sentence for each mail; `by_itself`: without a person."""

    by_itself: bool
    said: str


@dataclass(frozen=True)
class Group:
    """Unclear mails of an edition with one cause and one fate. `example`: the commonest reason that is written down."""

    cause: Cause
    fate: Fate
    mails: int
    example: str

    @property
    def why(self) -> str:
        """The cause, with what was seen of a lost answer."""
        if self.cause is Cause.ANSWER and self.example:
            return f"{_(WHY[self.cause])} {told(self.example)}"
        return _(WHY[self.cause])

    def as_data(self) -> dict[str, Any]:
        return {
            "cause": self.cause.value,
            "mails": self.mails,
            "why": self.why,
            "next": self.fate.said,
            "by_itself": self.fate.by_itself,
        }


def cause_of(reason: str) -> Cause:
    """Why it is unclear, from the reason that is written down. Pure."""
    if RESTORED in reason:
        return Cause.RESTORE
    if reason.startswith("The worker that was sending it"):
        return Cause.NOTES if "notes in Redis" in reason else Cause.WORKER
    return Cause.ANSWER


def fate(cause: Cause, *, held: bool, worn_out: bool, edition: Edition) -> Fate:
    """What happens to it by the setting of its digest. `held`: whatever that is, a person decides. `worn_out`: it was tried as
    often as a mail is. Pure."""
    why = _asks(cause, held=held, worn_out=worn_out, edition=edition)
    if why:
        return Fate(False, _("It waits for a person: %(why)s.") % {"why": why})
    if edition.state == S.SENDING:
        return Fate(
            True,
            _(
                "It is sent again by itself as soon as its mail may leave, with the same Message-ID, as its digest says "
                "(on_unknown: resend)."
            ),
        )
    return Fate(
        True,
        _(
            "It is sent again by itself when its edition goes on, with the same Message-ID, as its digest says "
            "(on_unknown: resend)."
        ),
    )


def _asks(cause: Cause, *, held: bool, worn_out: bool, edition: Edition) -> str:
    if edition.state not in RESENDS:
        said = _("its edition is “%(state)s”, so nothing of it is sent any more")
        return said % {"state": edition.get_state_display()}
    if held and cause is Cause.RESTORE:
        return _(
            "after a restore nothing that may have left is sent again by itself, whatever its digest says"
        )
    if held:
        return _("without the notes nothing of that claim is sent again by itself, whatever its digest says")
    if edition.digest.on_unknown == Digest.OnUnknown.HOLD:
        return _("its digest holds what is unclear (on_unknown: hold)")
    if worn_out:
        return _("it was tried %(num)s times, as often as a mail is") % {"num": settings.ATTEMPTS}
    return ""


def fate_of(row: Delivery) -> Fate:
    """The same of one mail; its edition and digest are read with it."""
    assert row.edition is not None  # noqa: S101 - a mail has one
    return fate(
        cause_of(row.reason), held=row.held, worn_out=row.attempts >= settings.ATTEMPTS, edition=row.edition
    )


def mails_of(edition: Edition) -> QuerySet[Delivery]:
    """The unclear mails of an edition as a whole: those to readers and the copies for the office. A test, or a mail sent again to
    who asked, is settled alone, and keeps no edition open. A walk along its unknown rows, of which there are few."""
    unclear = Delivery.objects.filter(edition=edition, state=State.UNKNOWN)
    return unclear.exclude(purpose__in=Delivery.ALONE)


def groups_of(edition: Edition) -> list[Group]:
    """The unclear mails of an edition by cause and fate, the largest group first."""
    rows = mails_of(edition).order_by()
    found: dict[tuple[Cause, Fate], Counter[str]] = {}
    for reason, held, attempts, mails in rows.values_list("reason", "held", "attempts").annotate(
        n=Count("id")
    ):
        cause = cause_of(reason)
        key = cause, fate(cause, held=held, worn_out=attempts >= settings.ATTEMPTS, edition=edition)
        found.setdefault(key, Counter())[reason] += mails
    groups = [
        Group(cause, next_, reasons.total(), reasons.most_common(1)[0][0])
        for (cause, next_), reasons in found.items()
    ]
    return sorted(groups, key=lambda group: -group.mails)


def asking(edition: Edition) -> int:
    """How many of them only a person can settle."""
    return sum(group.mails for group in groups_of(edition) if not group.fate.by_itself)


def all_asking() -> int:
    """How many unclear mails of all editions only a person can settle: one walk along the unknown rows."""
    rows = Delivery.objects.filter(state=State.UNKNOWN, edition__isnull=False)
    rows = rows.exclude(purpose__in=Delivery.ALONE).order_by()
    alike = list(rows.values_list("edition_id", "reason", "held", "attempts").annotate(n=Count("id")))
    editions = Edition.objects.select_related("digest").in_bulk({edition_id for edition_id, *_ in alike})
    asks = 0
    for edition_id, reason, held, attempts, mails in alike:
        worn_out = attempts >= settings.ATTEMPTS
        next_ = fate(cause_of(reason), held=held, worn_out=worn_out, edition=editions[edition_id])
        asks += 0 if next_.by_itself else mails
    return asks


def sentences(groups: Sequence[Group]) -> list[str]:
    """A line for each group, for a terminal."""
    return [
        ngettext("%(num)s mail: %(why)s %(next)s", "%(num)s mails: %(why)s %(next)s", group.mails)
        % {"num": f"{group.mails:,}", "why": group.why, "next": group.fate.said}
        for group in groups
    ]
