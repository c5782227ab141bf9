"""Leaving a digest by the link or the header of a mail. Opening the page changes nothing; pressing the button does.

Mail programs post `List-Unsubscribe=One-Click` to the same address by themselves (RFC 8058): without cookies, so the
signed token is the only proof asked for, and the answer is 200 without a redirect.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.audience import subscriptions, tokens
from publisher.core import clock
from publisher.digests.models import Digest
from publisher.site.page import asked_language, show, stale
from publisher.site.subscription import language_of


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET: a page with one button. POST: done, and said so; doing it again says the same."""
    link = tokens.read(tokens.Purpose.UNSUBSCRIBE, token)
    if link is None:
        return stale(request)
    digest = Digest.objects.filter(pk=link.target_id).first()
    language = language_of(link) or asked_language(request)
    title = digest.text("title", language) if digest else ""
    context = {
        "title": title,
        "preferences": tokens.write(tokens.Purpose.PREFERENCES, link.subscriber_id, link.target_id),
    }
    if request.method != "POST":
        return show(request, "site/unsubscribe.html", context, language=language)
    one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    how = "one-click header" if one_click else "unsubscribe page"
    subscriptions.leave(link.subscriber_id, link.target_id, how=how, now=clock.now())
    return show(request, "site/left.html", context, language=language)
