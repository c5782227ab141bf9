"""A person's own address of the calendar for their calendar program, and what the program reads there without a login."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from publisher.core import clock
from publisher.delivery.calendar_file import calendar_file
from publisher.desk.access import user_of
from publisher.desk.page import show
from publisher.people import calendar_address


@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest) -> HttpResponse:
    """Whether the person has an address; made (`do` is renew), it is shown this once; or revoked (`do` is revoke)."""
    user, do = user_of(request), request.POST.get("do", "")
    if request.method == "POST" and do == "revoke":
        calendar_address.revoke(user=user)
        messages.success(request, _("The address is revoked: nobody can read the calendar by it any more."))
        return redirect("desk:calendar-feed")
    told = ""
    if request.method == "POST" and do == "renew":
        token = calendar_address.renew(user=user, now=clock.now())
        told = settings.BASE_URL + reverse("desk:calendar-ics", args=[token])
    context = {"known": calendar_address.of(user), "told": told}
    return show(request, "desk/calendar/feed.html", context)


@require_safe
def read(request: HttpRequest, token: str) -> HttpResponse:
    """The file. 404 for a token that is not, or no more, somebody's who may see the desk: nothing tells these apart."""
    if calendar_address.owner_of(token) is None:
        raise Http404
    data = calendar_file(base_url=settings.BASE_URL, now=clock.now())
    response = HttpResponse(data, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="publisher.ics"'
    response["Cache-Control"] = "private, no-cache"
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
