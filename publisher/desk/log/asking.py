"""The page that asks once more, in numbers, before something is done that nobody can take back.

A form whose press cannot be taken back is answered with this page, which holds the same form again, with `sure`. It needs no
script; the deed itself still looks whether the thing is as the person saw it.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core.numbers import number_in
from publisher.delivery.consequences import Consequence, of_resolving
from publisher.delivery.mail_doubts import may
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.desk.log import repairs
from publisher.desk.page import show
from publisher.digests.models import Edition
from publisher.social.networks import registry

CARRIED = ("state", "assembled", "was_published", "url", "reason")
"""Fields of the first form that the second one repeats."""


def is_sure(request: HttpRequest, counted: int | None = None) -> bool:
    """Whether the person has read what will happen; with `counted`, of just so many messages."""
    return request.POST.get("sure") == "yes" and counted in (None, number_in(request.POST.get("counted", "")))


def ask(
    request: HttpRequest, about: Consequence, *, yes: str, back: str, danger: bool = False
) -> HttpResponse:
    """The page with the question. `yes` is the label of the button that does it, `back` where the other one leads."""
    given = {name: request.POST[name] for name in CARRIED if name in request.POST}
    context = {
        "about": about,
        "carried": {**given, "counted": about.counted, "sure": "yes"},
        "yes": yes,
        "back": back,
        "danger": danger,
    }
    return show(request, "desk/ask.html", context)


@require_POST
def confirm_edition(request: HttpRequest, edition_id: int) -> HttpResponse:
    """`repairs.confirm_edition`, asked about first: it decides about every unclear mail of an edition."""
    edition = get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)
    said = request.POST.get("was_published", "")
    about = of_resolving(edition, arrived=said == "yes")
    refused = said not in ("yes", "no") or not about.counted or not may(edition, arrived=said == "yes")
    if refused or is_sure(request, about.counted):
        return repairs.confirm_edition(request, edition_id)
    yes = _("Yes, count as sent") if said == "yes" else _("Yes, send again")
    return ask(request, about, yes=yes, back=reverse("desk:edition", args=[edition.pk]))


@require_POST
def confirm(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """`repairs.confirm`, asked about first if something would leave by it."""
    known = Delivery.objects.select_related("edition__digest", "post", "channel")
    row = get_object_or_404(known, pk=delivery_id)
    leaves = request.POST.get("was_published") == "no" and row.state == State.UNKNOWN
    refused = row.edition is not None and not may(row.edition, arrived=False)
    if not leaves or refused or is_sure(request):
        return repairs.confirm(request, delivery_id)
    back = reverse("desk:delivery", args=[row.pk])
    return ask(request, _again(row), yes=_("Yes, send again"), back=back)


def _again(row: Delivery) -> Consequence:
    if row.edition:
        fact = _("Nobody can tell whether it arrived. Whoever got it gets it a second time.")
        question = _("Send 1 mail of %(edition)s to %(address)s again?")
        return Consequence(question % {"edition": row.edition, "address": row.address}, (fact,), 1)
    if row.channel and registry.by_hand(row.channel.network):
        fact = _("If it is there after all, the account has two drafts of it. Readers see neither.")
        return Consequence(_("Lay the draft for %(channel)s again?") % {"channel": row.channel}, (fact,), 1)
    fact = _("If it is there after all, everybody who follows the channel sees it twice.")
    question = _("Publish part %(n)s on %(channel)s again?") % {
        "n": (row.part or 0) + 1,
        "channel": row.channel,
    }
    return Consequence(question, (fact,), 1)
