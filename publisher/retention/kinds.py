"""What is erased when its time is over: one row a kind, in the order in which a run goes through them.

Each erases a batch in the caller's transaction, oldest first, and skips rows that somebody else holds: the next batch finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publisher.audience.models import AddressChange, ReaderLetter, SignUp, Suppression
from publisher.counting import persons
from publisher.counting.models import PersonCount
from publisher.feedback.models import ProviderCall, Report
from publisher.people.models import Invitation, Letter
from publisher.retention import left
from publisher.social.models import Notice

Rows = QuerySet[Any, Any]


@dataclass(frozen=True)
class Kind:
    """`due(moment)`: the rows whose time began before `moment`. `erase(moment, most)` erases up to `most`; how many, 0 when none
    is left. `batch` is how many in one transaction."""

    key: str
    label: Promise
    setting: str
    due: Callable[[datetime], Rows]
    erase: Callable[[datetime, int], int]
    batch: int = 2_000

    @property
    def days(self) -> int:
        """How long rows are kept after their time has begun."""
        days: int = getattr(settings, self.setting.removeprefix("PUBLISHER_"))
        return days

    def before(self, now: datetime) -> datetime:
        """What began before this moment is past its time."""
        return now - timedelta(days=self.days)


def _deletes(model: type[Model], due: Callable[[datetime], Rows]) -> Callable[[datetime, int], int]:
    """Delete rows with what hangs on them. A row is asked again once it is locked: who confirmed meanwhile is not among them."""

    def erase(moment: datetime, most: int) -> int:
        rows = due(moment).select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:most]
        ids = list(rows.values_list("pk", flat=True))
        return model._default_manager.filter(pk__in=ids).delete()[1].get(model._meta.label, 0) if ids else 0

    return erase


def _sign_ups(moment: datetime) -> Rows:
    waiting = ReaderLetter.objects.filter(sign_up=OuterRef("pk"), settled_at=None)
    return SignUp.objects.filter(~Exists(waiting), expires_at__lt=moment)


def _letters(moment: datetime) -> Rows:
    return ReaderLetter.objects.filter(settled_at__lt=moment)


def _changes(moment: datetime) -> Rows:
    never = Q(ended_at=None, expires_at__lt=moment)
    return AddressChange.objects.filter(never | Q(ended_at__lt=moment))


def _staff_letters(moment: datetime) -> Rows:
    return Letter.objects.filter(settled_at__lt=moment)


def _invitations(moment: datetime) -> Rows:
    never = Q(withdrawn_at=None, expires_at__lt=moment)
    return Invitation.objects.filter(never | Q(withdrawn_at__lt=moment), accepted_at=None)


def _notices(moment: datetime) -> Rows:
    return Notice.objects.filter(settled_at__lt=moment)


def _evidence(moment: datetime) -> Rows:
    return Report.objects.filter(received_at__lt=moment, evidence__isnull=False)


def _bare(moment: datetime, most: int) -> int:
    ids = list(_evidence(moment).order_by("received_at").values_list("pk", flat=True)[:most])
    return Report.objects.filter(pk__in=ids).update(evidence=None)


def _calls(moment: datetime) -> Rows:
    """Those that were given up: what can be read is taken within seconds."""
    return ProviderCall.objects.filter(received_at__lt=moment)


def _reports(moment: datetime) -> Rows:
    return Report.objects.filter(received_at__lt=moment, owed="")


def _ended(moment: datetime) -> Rows:
    return Suppression.objects.filter(until__lt=moment)


def _counts(moment: datetime) -> Rows:
    return PersonCount.objects.filter(last_at__lt=moment)


SIGN_UPS: Final = "PUBLISHER_KEEP_SIGN_UPS_DAYS"
LETTERS: Final = "PUBLISHER_KEEP_LETTERS_DAYS"
EVIDENCE: Final = "PUBLISHER_KEEP_EVIDENCE_DAYS"

KINDS: Final[tuple[Kind, ...]] = (
    Kind("sign_ups", _("Sign-ups"), SIGN_UPS, _sign_ups, _deletes(SignUp, _sign_ups)),
    Kind("letters", _("Letters to readers"), LETTERS, _letters, _deletes(ReaderLetter, _letters)),
    Kind("changes", _("Changes of address"), LETTERS, _changes, _deletes(AddressChange, _changes)),
    Kind("staff_letters", _("Letters to staff"), LETTERS, _staff_letters, _deletes(Letter, _staff_letters)),
    Kind(
        "invitations",
        _("Invitations that nobody took"),
        LETTERS,
        _invitations,
        _deletes(Invitation, _invitations),
    ),
    Kind("notices", _("Notices about channels"), LETTERS, _notices, _deletes(Notice, _notices)),
    Kind("evidence", _("Messages that came back"), EVIDENCE, _evidence, _bare),
    Kind(
        "calls",
        _("Calls of mail providers that could not be taken"),
        EVIDENCE,
        _calls,
        _deletes(ProviderCall, _calls),
    ),
    Kind("suppressions", _("Suppressions that have ended"), EVIDENCE, _ended, _deletes(Suppression, _ended)),
    Kind(
        "reports",
        _("Reports of what came back"),
        "PUBLISHER_KEEP_REPORTS_DAYS",
        _reports,
        _deletes(Report, _reports),
    ),
    Kind(
        "counts",
        _("Clicks and opens by person"),
        "PUBLISHER_KEEP_COUNTS_DAYS",
        _counts,
        lambda moment, most: persons.forget_before(moment, most=most),
    ),
    Kind(
        "left",
        _("Subscribers who left"),
        "PUBLISHER_KEEP_LEFT_DAYS",
        left.due,
        left.erase_some,
        batch=100,
    ),
)
BY_KEY: Final = {kind.key: kind for kind in KINDS}
