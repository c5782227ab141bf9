"""Sign-ups: who waits for a person, what came of the others and of the letters to them, how many were refused and why, and which
domains are disposable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from publisher.audience import suppressed
from publisher.audience.models import MailDomain, ReaderLetter, SignUp
from publisher.audience.signing_up import asking, by_staff, tally
from publisher.audience.signing_up.tally import What
from publisher.audience.suppressing.searching import report_of
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.masking import masked, masked_text
from publisher.desk.access import user_of
from publisher.desk.badges import Badge
from publisher.desk.page import asked, show, unknown
from publisher.desk.paging import newest
from publisher.digests.models import Digest
from publisher.people.permissions import SEE_ADDRESSES

DAYS: Final = 30
"""Of counts that are shown."""
MOST_HELD: Final = 100
TOOK: Final = (What.ASKED, What.ALREADY, What.CONFIRMED)
STATES: Final = (
    ("waiting", gettext_lazy("Waiting for the mailbox")),
    ("confirmed", gettext_lazy("Confirmed")),
    ("already", gettext_lazy("Answered: subscribed already")),
    ("expired", gettext_lazy("Not confirmed in time")),
    ("refused", gettext_lazy("Refused by a person")),
)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What waits, what came of the last sign-ups, and the counts of each day."""
    return _page(request)


@require_POST
def decide(request: HttpRequest, sign_up_id: int) -> HttpResponse:
    """Let a held sign-up through, or refuse it."""
    get_object_or_404(SignUp, pk=sign_up_id)
    through = request.POST.get("do") == "let-go"
    deed = by_staff.let_go if through else by_staff.turn_away
    deed(sign_up_id, user=user_of(request), now=clock.now())
    said = _("Its mailbox is asked to confirm.") if through else _("It is refused, and nobody is written to.")
    messages.success(request, said)
    return redirect("desk:sign-ups")


@require_POST
def act(request: HttpRequest, sign_up_id: int) -> HttpResponse:
    """Send the mail to confirm again to one that waits for its mailbox, or drop it."""
    get_object_or_404(SignUp, pk=sign_up_id)
    drops = request.POST.get("do") == "drop"
    deed = by_staff.drop if drops else by_staff.ask_again
    try:
        deed(sign_up_id, user=user_of(request), now=clock.now())
    except UserError as error:
        return _page(request, problem=error, status=422)
    said = (
        _("It is dropped, and its link is good no more.")
        if drops
        else _("The mail to confirm is sent again.")
    )
    messages.success(request, said)
    return redirect("desk:sign-ups")


@require_POST
def say_of_domain(request: HttpRequest) -> HttpResponse:
    """Call a domain disposable, or not."""
    typed, disposable = (
        request.POST.get("domain", "").replace("\0", "")[:300],
        request.POST.get("is") != "fine",
    )
    try:
        row = by_staff.say_of_domain(typed, disposable=disposable, user=user_of(request), now=clock.now())
    except UserError as error:
        return _page(request, error=error, typed=typed, status=422)
    said = (
        _("Addresses at %(domain)s count as disposable.")
        if disposable
        else _("Addresses at %(domain)s are taken.")
    )
    messages.success(request, said % {"domain": row.domain})
    return redirect("desk:sign-ups")


@require_POST
def forget_domain(request: HttpRequest, domain_id: int) -> HttpResponse:
    """Let the list decide about a domain again."""
    by_staff.forget_domain(domain_id, user=user_of(request), now=clock.now())
    messages.success(request, _("The list decides about this domain again."))
    return redirect("desk:sign-ups")


def _page(
    request: HttpRequest,
    *,
    error: UserError | None = None,
    problem: UserError | None = None,
    typed: str = "",
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    wanted = asked(request, "state")
    errors = unknown(wanted, state=STATES)
    rows = SignUp.objects.filter(held="") | SignUp.objects.exclude(refused_at=None)
    if wanted["state"]:
        rows = _in_state(rows, wanted["state"], now)
    listing = newest(request, rows.none() if errors else rows)
    held = asking.unanswered(now).exclude(held="")[:MOST_HELD]
    plain = request.user.has_perm(SEE_ADDRESSES)
    context: dict[str, Any] = {
        "held": list(held),
        "listing": listing,
        "wanted": wanted,
        "errors": errors,
        "states": STATES,
        "state_of": lambda row: _badge(row, now),
        "address_of": lambda row: row.email if plain else masked(row.email),
        "digests_of": _titles([*held, *listing.rows]),
        "never_asked": _suppressed([*held, *listing.rows], now),
        "report_of": report_of if plain else lambda _row: None,
        "letters_of": _letters(listing.rows, str if plain else masked_text),
        "days": _days(now),
        "domains": MailDomain.objects.order_by("domain"),
        "error": error,
        "problem": problem,
        "waits": lambda row: not (row.confirmed_at or row.refused_at or row.held) and row.expires_at > now,
        "typed": typed,
    }
    return show(request, "desk/sign_ups/sign_ups.html", context, status=422 if errors else status)


def _in_state(rows: QuerySet[SignUp], state: str, now: datetime) -> QuerySet[SignUp]:
    if state == "refused":
        return rows.exclude(refused_at=None)
    if state == "confirmed":
        return rows.exclude(confirmed_at=None)
    if state == "already":
        return rows.exclude(already_at=None)
    late = {"expires_at__lte": now} if state == "expired" else {"expires_at__gt": now}
    return rows.filter(confirmed_at=None, refused_at=None, already_at=None, **late)


def _badge(row: SignUp, now: datetime) -> Badge:
    labels = {name: str(label) for name, label in STATES}
    if row.refused_at:
        return Badge(labels["refused"], "bad", "cross")
    if row.confirmed_at:
        return Badge(labels["confirmed"], "good", "check")
    if row.already_at:
        return Badge(labels["already"], "good", "check")
    if row.expires_at <= now:
        return Badge(labels["expired"], "quiet", "dash")
    return Badge(labels["waiting"], "warn", "ring")


def _titles(rows: list[SignUp]) -> Any:
    """A function from a sign-up to the titles of the digests that it asks for."""
    known = Digest.objects.in_bulk({each["digest"] for row in rows for each in row.wanted})
    return lambda row: [str(known[each["digest"]]) for each in row.wanted if each["digest"] in known]


def _suppressed(rows: Sequence[SignUp], now: datetime) -> Any:
    """A function from a sign-up that was not answered to the suppression that keeps its mailbox from being asked; None: there is
    none."""
    keys = {row.email_key for row in rows}
    found = {row.email_key: row for row in suppressed.all_standing(keys, now=now)}
    waits = {row.pk for row in rows if not (row.confirmed_at or row.refused_at or row.already_at)}
    return lambda row: found.get(row.email_key) if row.pk in waits else None


def _letters(rows: Sequence[SignUp], shown: Callable[[str], str]) -> Any:
    """A function from a sign-up to the letters that it caused, the oldest first. `shown`: how the words of a mail server look to
    this person, since they may name the address."""
    found: dict[int | None, list[ReaderLetter]] = {}
    for letter in ReaderLetter.objects.filter(sign_up__in=rows).order_by("pk"):
        letter.reason = shown(letter.reason)
        found.setdefault(letter.sign_up_id, []).append(letter)
    return lambda row: found.get(row.pk, [])


def _days(now: datetime) -> list[tuple[date, dict[str, int], list[tuple[str, int]]]]:
    """Each day with what was taken by name, and what was not with its reason."""
    found = tally.by_day(since=(now - timedelta(days=DAYS)).date())
    return [
        (
            day,
            {what.value: counts.get(what.value, 0) for what in TOOK},
            [
                (str(What(name).label), n)
                for name, n in counts.items()
                if name in What and What(name) not in TOOK
            ],
        )
        for day, counts in found.items()
    ]
