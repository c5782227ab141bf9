"""What may be done with deliveries: try again what failed, one or all of a filter; send a mail once more to who asks."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, islice

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.delivery import log, resending, retrying
from publisher.delivery.consequences import Consequence
from publisher.delivery.states import State
from publisher.desk.access import user_of
from publisher.desk.exporting import query_of
from publisher.desk.log.asking import is_sure
from publisher.desk.log.explain import code_meaning
from publisher.desk.log.finding import asked_of
from publisher.desk.page import show

MOST_CODES = 6


@require_POST
def retry(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Queue one failed message again; `fence` is that of the try which the person saw."""
    try:
        retrying.retry(delivery_id, user=user_of(request), fence=_number(request, "fence"), now=clock.now())
        messages.success(request, _("It is tried again as soon as it may leave."))
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    return redirect(reverse("desk:delivery", args=[delivery_id]))


@require_POST
def resend(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Send a mail once more to its reader; `copies` says how many the person saw. It leads to the new delivery."""
    try:
        copy = resending.resend(
            delivery_id, user=user_of(request), copies=_number(request, "copies"), now=clock.now()
        )
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
        return redirect(reverse("desk:delivery", args=[delivery_id]))
    messages.success(request, _("It is sent once more, as the delivery that you see here."))
    return redirect(reverse("desk:delivery", args=[copy.pk]))


@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """Queue every failed mail of a filter again, once the person has read how many they are and what they were answered."""
    back = reverse("desk:deliveries")
    try:
        query = query_of(request)
        back = f"{back}?{query}"
        failed, is_more = _failed(request, query)
        if not is_sure(request, failed.count):
            return _ask(request, failed, query, back, is_more=is_more)
        count = retrying.retry_all(failed, user=user_of(request), seen_at=_asked_at(request), now=clock.now())
        text = ngettext("%(num)s mail is tried again.", "%(num)s mails are tried again.", count)
        messages.success(request, text % {"num": f"{count:,}"})
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    return redirect(back)


def _failed(request: HttpRequest, query: str) -> tuple[retrying.Failed, bool]:
    """The failed mails of the filter, `MOST` at most, and whether there are more."""
    given = QueryDict(query).copy()
    given.setlist("state", [State.FAILED])
    asked = asked_of(request, given)
    if asked.wanted.errors or (asked.words and not asked.item):
        raise UserError(_("The filter could not be read."), _("Mend it, then try again."))
    ids = list(
        islice(chain.from_iterable(batch for batch, _after in log.ids_of(asked.wanted)), retrying.MOST + 1)
    )
    failed = retrying.found(ids[: retrying.MOST])
    if not failed.count:
        raise UserError(_("No failed mail fits this filter."), _("Only what failed is tried again."))
    return failed, len(ids) > retrying.MOST


def _ask(
    request: HttpRequest, failed: retrying.Failed, query: str, back: str, *, is_more: bool
) -> HttpResponse:
    text = ngettext("Try %(num)s failed mail again?", "Try %(num)s failed mails again?", failed.count)
    facts = [*_answers(failed), *retrying.said(failed)]
    if is_more:
        facts.append(_("There are more than these: press again when these have left."))
    about = Consequence(text % {"num": f"{failed.count:,}"}, tuple(facts), failed.count)
    carried = {"query": query, "counted": failed.count, "asked_at": clock.now().isoformat(), "sure": "yes"}
    context = {
        "about": about,
        "carried": carried,
        "yes": _("Yes, try them again"),
        "back": back,
        "danger": False,
    }
    return show(request, "desk/ask.html", context)


def _answers(failed: retrying.Failed) -> list[str]:
    """What they were answered, the commonest first: who was told that there is no such mailbox will be told so again."""
    facts = []
    for code, enhanced, count in failed.answers[:MOST_CODES]:
        named = f"{code or ''} {enhanced}".strip()
        explained = code_meaning(code, enhanced, State.FAILED) or _("The log of each says why.")
        text = ngettext("%(num)s mail (%(code)s): %(why)s", "%(num)s mails (%(code)s): %(why)s", count)
        facts.append(text % {"num": f"{count:,}", "code": named or _("no code"), "why": explained})
    return facts


def _asked_at(request: HttpRequest) -> datetime:
    """When the person was shown the numbers."""
    try:
        at = parse_datetime(request.POST.get("asked_at", ""))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UserError(_("The form was not sent as a whole."), _("Filter again, then try once more."))
    return at


def _number(request: HttpRequest, name: str) -> int:
    number = number_in(request.POST.get(name, ""))
    if number is None:
        raise UserError(_("The form was not sent as a whole."), _("Load the page again."))
    return number
