"""How many sign-ups came to what, by day (UTC): staff see it, and no address stands in it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from publisher.audience.models import SignUpCount


class What(models.TextChoices):
    """What a form, or a sign-up that it made, came to."""

    ASKED = "asked", _("Asked to confirm")
    CONFIRMED = "confirmed", _("Confirmed")
    HELD = "held", _("Waits for a person")
    LET_GO = "let_go", _("Let through by a person")
    TURNED_AWAY = "turned_away", _("Refused by a person")
    ALREADY = "already", _("Told that they are subscribed already")
    SUPPRESSED = "suppressed", _("Not written to: on the suppression list")
    MACHINE = "machine", _("Refused: a mailbox of a machine")
    ROLE = "role", _("Refused: a mailbox of several people")
    DISPOSABLE = "disposable", _("Refused: a disposable address")
    TRAP = "trap", _("Refused: filled in the field that people do not see")
    TOO_QUICK = "too_quick", _("Shown again: sent faster than people type")
    STALE_FORM = "stale_form", _("Shown again: the form was too old or not ours")
    NO_PROOF = "no_proof", _("Shown again: without proof of work")
    ADDRESS_LIMIT = "address_limit", _("Refused: too many for one address")
    CLIENT_LIMIT = "client_limit", _("Refused: too many from one place")
    DOMAIN_LIMIT = "domain_limit", _("Refused: too many for one domain")
    ALL_LIMIT = "all_limit", _("Refused: too many in all")


def count(what: What, now: datetime) -> None:
    """One more of today."""
    day = now.astimezone(UTC).date()
    if SignUpCount.objects.filter(day=day, what=what).update(n=F("n") + 1):
        return
    SignUpCount.objects.bulk_create([SignUpCount(day=day, what=what)], ignore_conflicts=True)
    SignUpCount.objects.filter(day=day, what=what).update(n=F("n") + 1)


def by_day(*, since: date) -> dict[date, dict[str, int]]:
    """The counts of each day from `since` on, the newest first."""
    found: dict[date, dict[str, int]] = {}
    for row in SignUpCount.objects.filter(day__gte=since).order_by("-day", "what"):
        found.setdefault(row.day, {})[row.what] = row.n
    return found
