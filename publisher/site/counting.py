"""The addresses of counted links and pictures. A link leads on whatever becomes of the count; a picture is always the same.

Where a link leads is read from its edition's row, never from the address: there is no open redirect to be had here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.encoding import iri_to_uri
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from publisher.core import clock
from publisher.counting import asking, tally, tokens
from publisher.counting.links import leads_to
from publisher.counting.models import OPENS, Link
from publisher.counting.tokens import Reader
from publisher.digests.models import Digest, Edition
from publisher.site.page import stale

PIXEL: Final = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
"""A transparent GIF of one pixel."""

View = Callable[..., HttpResponse]


def counted(name: str, view: View) -> list[URLPattern]:
    """The addresses of a view: with nothing behind the token, or with who agreed to be counted."""
    return [
        path(f"{name}/<str:token>", view, name=f"counted-{name}"),
        path(f"{name}/<str:token>/", view),
        path(f"{name}/<str:token>/<str:reader>", view),
    ]


@csrf_exempt
@require_safe
def click(request: HttpRequest, token: str, reader: str = "") -> HttpResponse:
    """On to where the link leads."""
    link_id = tokens.link_in(token)
    link = (
        Link.objects.select_related("edition__digest").filter(pk=link_id).first()
        if link_id is not None
        else None
    )
    target = leads_to(link.url) if link else ""
    if link is None or not target:
        return stale(request)
    _count(request, link.edition, link.pk, reader)
    response = _never_kept(HttpResponse(status=302))
    response["Location"] = iri_to_uri(target)
    return response


@csrf_exempt
@require_safe
def opened(request: HttpRequest, token: str, reader: str = "") -> HttpResponse:
    """The picture, also for an address that is not ours: a broken picture helps nobody."""
    edition_id = tokens.edition_in(token)
    if edition_id is not None:
        edition = Edition.objects.select_related("digest").filter(pk=edition_id).first()
        if edition is not None:
            _count(request, edition, OPENS, reader)
    return _never_kept(HttpResponse(PIXEL, content_type="image/gif"))


def _count(request: HttpRequest, edition: Edition, link_id: int, reader: str) -> None:
    """Only while its digest is counted, only of what was sent, and only if the request may be."""
    counting = edition.digest.counting
    if counting == Digest.Counting.OFF or edition.let_go_at is None:
        return
    if not asking.counts(request.method or "", request.headers):
        return
    person = tokens.reader_in(reader) if reader and counting == Digest.Counting.PERSONS else None
    tally.add(edition.pk, link_id=link_id, reader=_of(edition, person), now=clock.now())


def _of(edition: Edition, person: Reader | None) -> Reader | None:
    """The person, if the token was made for this edition: one cannot be put behind the links of another."""
    return person if person and person.edition_id == edition.pk else None


def _never_kept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
