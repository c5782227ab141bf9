"""What somebody wants to see of the audit trail, and the rows of it. Each filter has an index, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cached_property

from django.db.models import Min, QuerySet
from django.http.request import QueryDict
from django.utils.translation import gettext as _

from publisher.core.audit import SYSTEM
from publisher.core.models import AuditEntry
from publisher.desk import trail

BATCH = 2_000
FIELDS = ("actor", "action", "object", "id", "from", "to")


@dataclass
class Search:
    """Values of the query string, and what could not be understood, a sentence for each field."""

    given: dict[str, str]
    zone: tzinfo = UTC
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: QueryDict, zone: tzinfo) -> Search:
        given = {name: query.get(name, "").replace("\0", "").strip()[:200] for name in FIELDS}
        search = cls(given, zone)
        search._check()
        return search

    @property
    def is_empty(self) -> bool:
        return not any(self.given.values())

    @cached_property
    def since(self) -> datetime | None:
        return self._moment("from")

    @cached_property
    def until(self) -> datetime | None:
        return self._moment("to")

    def rows(self) -> QuerySet[AuditEntry]:
        """The entries in no order; none when a field was not understood."""
        rows = AuditEntry.objects.none() if self.errors else AuditEntry.objects.all()
        if self.given["actor"]:
            rows = rows.filter(actor_name=written(self.given["actor"]))
        if self.given["action"]:
            rows = rows.filter(action=self.given["action"])
        if self.given["object"]:
            rows = rows.filter(object_type=self.given["object"])
        if self.given["id"]:
            rows = rows.filter(object_id=self.given["id"])
        if self.since:
            rows = rows.filter(at__gte=self.since)
            # Entries are written in the order of their times: the first id bounds the walk, whichever index it takes.
            first = AuditEntry.objects.filter(at__gte=self.since).aggregate(first=Min("id"))["first"]
            rows = rows.filter(pk__gte=first or 0)
        if self.until:
            rows = rows.filter(at__lt=self.until)
        return rows

    def _check(self) -> None:
        choices = {"object": set(trail.THINGS), "action": set(trail.deeds())}
        for name, known in choices.items():
            if self.given[name] and self.given[name] not in known:
                self.errors[name] = _("“%(text)s” is none of these. Choose from the list.") % {
                    "text": self.given[name][:40]
                }
        if self.since and self.until and self.since >= self.until:
            self.errors["to"] = _("The end must be later than the beginning.")

    def _moment(self, name: str) -> datetime | None:
        text = self.given[name]
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.errors[name] = _(
                "“%(text)s” is not a time. Write it like 2026-06-01 or 2026-06-01T14:30."
            ) % {"text": text[:40]}
            return None


def in_batches(rows: QuerySet[AuditEntry], *, before: int | None = None) -> Iterator[list[AuditEntry]]:
    """All of them (or those `before` an id), newest first, by key: no transaction stays open between two batches."""
    while True:
        following = rows if before is None else rows.filter(pk__lt=before)
        batch = list(following.order_by("-pk")[:BATCH])
        if batch:
            yield batch
        if len(batch) < BATCH:
            return
        before = batch[-1].pk


def written(who: str) -> str:
    """The name under which an entry is stored that is shown as this."""
    if who.casefold() == trail.PUBLISHER.casefold():
        return SYSTEM
    return who.removesuffix(trail.at_command_line(""))
