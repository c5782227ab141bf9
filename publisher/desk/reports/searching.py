"""What somebody wants to see of the reports, and the rows of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from django.db.models import QuerySet
from django.http.request import QueryDict
from django.utils.translation import gettext as _

from publisher.audience import addresses
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.feedback.models import Report

FIELDS = ("address", "kind", "cause", "outcome", "delivery", "from", "to")
CHOICES = {
    "kind": Report.Kind.choices,
    "cause": [(value, label) for value, label in Report.Cause.choices if value],
    "outcome": Report.Outcome.choices,
}


@dataclass
class Search:
    """Values of the query string, and what could not be understood, a sentence for each field."""

    given: dict[str, str]
    zone: tzinfo = UTC
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: QueryDict, zone: tzinfo) -> Search:
        return cls({name: query.get(name, "").replace("\0", "").strip()[:320] for name in FIELDS}, zone)

    @property
    def is_empty(self) -> bool:
        return not any(self.given.values())

    def rows(self) -> QuerySet[Report]:
        """The reports in no order, without their evidence; none when a field was not understood."""
        rows = Report.objects.defer("evidence")
        for name, choices in CHOICES.items():
            if value := self.given[name]:
                rows = rows.filter(**{name: value})
                self._check(name, {str(known) for known, _label in choices})
        if self.given["address"]:
            rows = rows.filter(address_key=self._address())
        if self.given["delivery"]:
            rows = rows.filter(delivery_id=self._delivery())
        since, until = self.moment("from"), self.moment("to")
        if since:
            rows = rows.filter(received_at__gte=since)
        if until:
            rows = rows.filter(received_at__lt=until)
        return rows.none() if self.errors else rows

    def moment(self, name: str) -> datetime | None:
        """A time of the form, in UTC; None for none, or for what is no time."""
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

    def _check(self, name: str, known: set[str]) -> None:
        if self.given[name] not in known:
            self.errors[name] = _("“%(text)s” is none of these. Choose from the list.") % {
                "text": self.given[name][:40]
            }

    def _address(self) -> str:
        try:
            return addresses.key(addresses.checked(self.given["address"]))
        except UserError as error:
            self.errors["address"] = error.message
            return ""

    def _delivery(self) -> int:
        number = number_in(self.given["delivery"])
        if number is None:
            self.errors["delivery"] = _("“%(text)s” is no number.") % {"text": self.given["delivery"][:40]}
        return number or 0
