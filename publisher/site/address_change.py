"""The two mailboxes of a change of address say yes or no, by the link that each got. GET changes nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.audience import address_change
from publisher.audience.address_change import Stage
from publisher.audience.models import Subscriber
from publisher.core import clock
from publisher.core.masking import masked
from publisher.digests.models import Digest
from publisher.site.page import reader_language, show, stale, unknown
from publisher.site.sign_up.offered import contact


@csrf_exempt  # the link is the only proof asked for
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, token: str) -> HttpResponse:
    """GET: a page with a yes and a no. POST: what was pressed; pressing it again says the same."""
    now = clock.now()
    if request.method != "POST":
        seen = address_change.look(token, now=now)
    elif request.POST.get("answer") == "no":
        seen = address_change.withdraw(token, now=now)
    else:
        seen = address_change.confirm(token, now=now)
    if seen is None:
        return _nothing(request, token)
    subscriber = seen.change.subscriber
    mine = list(subscriber.subscriptions.order_by("state", "pk").values_list("digest_id", flat=True))
    known = Digest.objects.in_bulk(mine)
    context = {
        "stage": seen.stage,
        "to_new": seen.new,
        "new": seen.change.email,
        "old": masked(subscriber.email),
        "contact": contact([known[pk] for pk in mine if pk in known]),
    }
    language = reader_language(request, seen.change.language)
    return show(request, "site/address_change.html", context, language=language)


def _nothing(request: HttpRequest, token: str) -> HttpResponse:
    """Of a change that is kept no more: its reader may be there or gone."""
    owner = address_change.owner(token)
    if owner is None:
        return stale(request)
    if not Subscriber.objects.filter(pk=owner).exists():
        return unknown(request)
    context = {"stage": Stage.OVER}
    return show(request, "site/address_change.html", context, language=reader_language(request, ""))
