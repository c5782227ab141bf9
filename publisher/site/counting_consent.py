"""Agreeing to be counted by person, or not any more: from the preference page, where the link is the proof."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.audience import evidence, hashes, tokens
from publisher.audience.evidence import Evidence
from publisher.core import clock
from publisher.core.visitor import visitor
from publisher.counting import persons
from publisher.render.words import base
from publisher.site.page import DEFAULT, reader_language, show, stale, unknown
from publisher.site.subscription import subscription_of
from publisher.site.words import WORDS


@csrf_exempt  # nothing here is done in the name of a session: whoever holds the link may choose
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """GET: the question. POST `counted` yes or no: kept, with the text that was shown."""
    link = tokens.read(tokens.Purpose.PREFERENCES, token)
    subscription = subscription_of(link) if link else None
    if link is None:
        return stale(request)
    if subscription is None:
        return unknown(request)
    language = reader_language(request, subscription.selection.language)
    context: dict[str, Any] = question(link.subscriber_id)
    if not context["asks_to_count"]:
        return HttpResponseRedirect(reverse("site:preferences", args=[token]))
    saved = request.method == "POST" and request.POST.get("counted") in ("yes", "no")
    if saved:
        _save(request, link.subscriber_id, language, counted=request.POST["counted"] == "yes")
        context = question(link.subscriber_id)
    context |= {"preferences": token, "saved": saved}
    return show(request, "site/counting.html", context, language=language)


def question(subscriber_id: int) -> dict[str, Any]:
    """For the template `site/_counting.html`: whether it is asked at all, and what was answered."""
    counted = persons.agreed(subscriber_id)
    return {"asks_to_count": counted or persons.may_be_asked(subscriber_id), "counted": counted}


def _save(request: HttpRequest, subscriber_id: int, language: str, *, counted: bool) -> None:
    code = base(language) if base(language) in WORDS else DEFAULT
    now = clock.now()
    seen = visitor(request, proxies=settings.ENVIRONMENT.proxies)
    proof = Evidence(
        text=evidence.consent_text(code, WORDS[code]["counting_text"], now=now),
        page=evidence.page_of(f"{settings.BASE_URL}/p/"),
        client=hashes.of_client(seen.address) if seen.known else None,
    )
    persons.choose(subscriber_id, counted=counted, evidence=proof, now=now)
