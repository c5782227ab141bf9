"""Sending a test of an edition from its page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import copies
from publisher.desk.access import forbidden, user_of
from publisher.digests.models import Edition
from publisher.people.permissions import SEE_ADDRESSES


@require_POST
def send_test(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Send the edition's mail to one address, in a language or as one subscriber gets it."""
    edition = get_object_or_404(Edition, pk=edition_id)
    given = {name: request.POST.get(name, "").strip()[:320] for name in ("to", "language", "like")}
    if given["like"]:
        if not user_of(request).has_perm(SEE_ADDRESSES):  # the answer would tell whether somebody is a reader
            return forbidden(request, SEE_ADDRESSES)
        given["language"] = ""
    try:
        delivery = copies.send_test(edition.pk, actor=user_of(request), now=clock.now(), **given)
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    else:
        messages.success(request, _("A test is on its way to %(address)s.") % {"address": delivery.address})
    return redirect(reverse("desk:edition", args=[edition.pk]) + "#test")
