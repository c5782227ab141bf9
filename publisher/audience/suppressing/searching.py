"""What somebody wants to see of the suppression list, and the rows of it, newest first by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.http.request import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publisher.audience import addresses
from publisher.audience.models import Suppression
from publisher.core.errors import UserError
from publisher.core.numbers import number_in

BATCH: Final = 5_000
FIELDS: Final = ("email", "reason", "source", "expiry")
REPORTED, IMPORTED = "Report ", "Import "
"""How the evidence of a report of a mailbox, and of an import, begins."""

SOURCES: Final[dict[str, str | Promise]] = {
    "report": gettext_lazy("What came back"),
    "import": gettext_lazy("An imported list"),
    "other": gettext_lazy("A person"),
}
EXPIRIES: Final[dict[str, str | Promise]] = {
    "standing": gettext_lazy("Stands now"),
    "ends": gettext_lazy("Ends by itself"),
    "good": gettext_lazy("For good"),
    "ended": gettext_lazy("Has ended"),
}


@dataclass
class Search:
    """Values of the query string, and what could not be understood, a sentence for each field."""

    given: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: QueryDict) -> Search:
        given = {name: query.get(name, "").replace("\0", "").strip()[:400] for name in FIELDS}
        search = cls(given)
        search._check()
        return search

    @property
    def is_empty(self) -> bool:
        return not any(self.given.values())

    def rows(self, *, now: datetime) -> QuerySet[Suppression]:
        """The entries in no order; none when a field was not understood."""
        if self.errors:
            return Suppression.objects.none()
        rows, given = Suppression.objects.all(), self.given
        if given["email"]:
            rows = rows.filter(email_key=addresses.key(given["email"]))
        if given["reason"]:
            rows = rows.filter(reason=given["reason"])
        if given["source"]:
            rows = rows.filter(_from(given["source"]))
        if given["expiry"]:
            rows = rows.filter(expiring(given["expiry"], now))
        return rows

    def _check(self) -> None:
        choices = {"reason": Suppression.Reason.values, "source": SOURCES, "expiry": EXPIRIES}
        for name, known in choices.items():
            if self.given[name] and self.given[name] not in known:
                self.errors[name] = _("“%(text)s” is none of these. Choose from the list.") % {
                    "text": self.given[name][:40]
                }
        if self.given["email"]:
            try:
                addresses.checked(self.given["email"])
            except UserError as error:
                self.errors["email"] = error.message


def expiring(which: str, now: datetime) -> Q:
    """The entries of one of `EXPIRIES`."""
    return {
        "standing": Q(until__isnull=True) | Q(until__gt=now),
        "ends": Q(until__gt=now),
        "good": Q(until__isnull=True),
        "ended": Q(until__lte=now),
    }[which]


def in_batches(rows: QuerySet[Suppression], *, before: int | None = None) -> Iterator[list[Suppression]]:
    """All of them (or those `before` an id), newest first, by key: no transaction stays open between two batches."""
    while True:
        following = rows if before is None else rows.filter(pk__lt=before)
        batch = list(following.order_by("-pk")[:BATCH])
        if batch:
            yield batch
        if len(batch) < BATCH:
            return
        before = batch[-1].pk


def report_of(row: Suppression) -> int | None:
    """The number of the report that its evidence names."""
    if not row.evidence.startswith(REPORTED):
        return None
    return number_in(row.evidence.removeprefix(REPORTED).partition(":")[0])


def _from(source: str) -> Q:
    reported, imported = Q(evidence__startswith=REPORTED), Q(evidence__startswith=IMPORTED)
    return {"report": reported, "import": imported, "other": ~reported & ~imported}[source]
