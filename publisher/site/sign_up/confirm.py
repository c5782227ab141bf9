"""The page behind the link that asks to confirm. Opening it changes nothing: mail scanners open every link. The button does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.audience import hashes, tokens
from publisher.audience.signing_up import confirming
from publisher.audience.signing_up.asking import GOOD_FOR
from publisher.audience.signing_up.confirming import Seen, Stage
from publisher.core import clock
from publisher.core.numbers import number_in
from publisher.core.visitor import visitor
from publisher.digests.families import kin_of
from publisher.digests.latest import latest_variant
from publisher.digests.models import Digest
from publisher.site.page import asked_language, show, stale


@csrf_exempt  # whoever holds the link may confirm; there is no session
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET: what would be confirmed, and a button. POST: what was shown and chosen is done, and said so; again says the same."""
    now = clock.now()
    if request.method == "POST":
        who = visitor(request, proxies=settings.ENVIRONMENT.proxies)
        client = hashes.of_client(who.address) if who.known and who.address else None
        chosen = _chosen(request)
        seen = confirming.confirm(token, digests=chosen, client=client, now=now, kin=kin_of(chosen))
    else:
        seen = confirming.look(token, now=now)
    if seen is None:
        return stale(request)
    if seen.stage is Stage.EXPIRED or seen.sign_up is None:
        language = seen.sign_up.language if seen.sign_up else asked_language(request)
        return show(request, "site/confirm_expired.html", {}, language=language, status=410)
    if seen.stage is Stage.LEFT:
        return show(request, "site/confirm_left.html", {}, language=seen.sign_up.language, status=410)
    return _page(request, seen, seen.sign_up.language, now)


def _chosen(request: HttpRequest) -> set[int]:
    """The digests that are ticked: no more than the page showed, also when somebody has asked for others since."""
    return {number for each in request.POST.getlist("digest") if (number := number_in(each)) is not None}


def _page(request: HttpRequest, seen: Seen, language: str, now: datetime) -> HttpResponse:
    found = Digest.objects.in_bulk(seen.digests)
    if seen.stage is Stage.OPEN:  # one may have been switched off since it was asked for
        found = {pk: digest for pk, digest in found.items() if digest.enabled}
        if not found:
            return show(request, "site/confirm_closed.html", {}, language=language, status=410)
    nothing_chosen = request.method == "POST" and seen.stage is Stage.OPEN
    context = {
        "digests": [(pk, found[pk].text("title", language)) for pk in seen.digests if pk in found],
        "confirmed": seen.stage is Stage.CONFIRMED,
        **(_onwards(seen, found, now) if seen.stage is Stage.CONFIRMED else {}),
        "nothing_chosen": nothing_chosen,
    }
    return show(
        request, "site/confirm.html", context, language=language, status=422 if nothing_chosen else 200
    )


def _onwards(seen: Seen, found: Mapping[int, Digest], now: datetime) -> dict[str, Any]:
    """Links as the welcome has them: `latest` by digest, and to the reader's own page. That one as long as the link could
    confirm: later it would open the page to whoever finds an old mail that asks."""
    row = seen.sign_up
    if row is None or row.subscriber is None or row.confirmed_at is None:
        return {"latest": {}, "preferences": ""}
    mine = row.subscriber.subscriptions.filter(digest_id__in=found).select_related("selection").order_by("pk")
    latest = {
        each.digest_id: tokens.write(tokens.Purpose.VARIANT, tokens.NOBODY, variant.pk)
        for each in mine
        if (variant := latest_variant(found[each.digest_id], each.selection, now=now))
    }
    may_choose = bool(seen.digests) and now < row.confirmed_at + GOOD_FOR
    names = row.subscriber.pk, next(iter(seen.digests), 0)
    return {
        "latest": latest,
        "preferences": tokens.write(tokens.Purpose.PREFERENCES, *names) if may_choose else "",
    }
