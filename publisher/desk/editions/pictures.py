"""Pictures in the preview of a mail come from us: no request leaves this host, so nobody learns that a mail was looked at.

A picture that is stored is taken from the store, any other is fetched by `core.fetch`, for some seconds; both are made small and
encoded anew. What cannot be shown is a grey field. The addresses are those of an edition's items only.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from publisher.core import fetch
from publisher.core.errors import Rejected, Retry
from publisher.digests import webview
from publisher.digests.models import Edition
from publisher.items.models import Item, Revision
from publisher.social.media.fetching import ACCEPT
from publisher.social.media.fitting import Fitted, fitted, fitted_bytes
from publisher.social.media.keeping import MOST_BYTES
from publisher.social.models import ItemPicture
from publisher.social.networks.base import PictureLimits

LIMITS: Final = PictureLimits(
    most=1, max_bytes=400_000, max_side=1200, types=frozenset({"image/jpeg", "image/png"})
)
SECONDS: Final = 4.0
"""For one picture that is fetched, and for its turn."""
AT_ONCE: Final = 2
"""Fetches of one process: its other threads answer pages."""
SILENT_SECONDS: Final = 60.0
"""So long a host that did not answer is not asked again: it costs a page some seconds, and not as many for each picture."""

PLACEHOLDER: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300" viewBox="0 0 600 300">'
    b'<rect width="600" height="300" fill="#d5d9de"/><path d="M270 120h60v60h-60zM270 120l60 60M330 120l-60 60" '
    b'fill="none" stroke="#6b7480" stroke-width="4"/></svg>'
)

_turns = threading.BoundedSemaphore(AT_ONCE)
_silent: dict[str, float] = {}
"""Hosts that did not answer, with the monotonic time until which they are left alone."""


def name_of(url: str) -> str:
    """What a picture is called in our addresses, which so hold nothing that anybody typed."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def from_here(html: str, edition: Edition) -> str:
    """The mail with the pictures of the edition's items under our addresses, and no others."""
    ours = {url: _address(edition, name_of(url)) for url in _urls(edition.pk)}
    return webview.with_pictures_at(html, lambda url: ours.get(url, ""))


def policy(request: HttpRequest, edition: Edition, *, with_pictures: bool) -> str:
    """The content security policy of a preview: nothing is loaded but such pictures from this host, no script, no form.

    `allow-same-origin` lets the browser send the viewer's own cookie with them; without scripts it allows nothing else.
    """
    folder = request.build_absolute_uri(_address(edition, name_of("")).rpartition("/")[0] + "/")
    images = folder if with_pictures else "'none'"
    return f"{webview.LOCKED}; img-src {images}; frame-ancestors 'self'; sandbox allow-same-origin"


@require_GET
def show(request: HttpRequest, edition_id: int, name: str) -> HttpResponse:  # noqa: ARG001 - a view
    """One picture of an edition's item, or the grey field in its place."""
    edition = get_object_or_404(Edition.objects.only("pk"), pk=edition_id)
    url = next((each for each in _urls(edition.pk) if name_of(each) == name), None)
    if url is None:
        raise Http404
    made = _stored(edition.pk, url) or _fetched(url)
    headers = {
        "Cache-Control": f"private, max-age={3600 if made else 60}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    if made is None:
        return HttpResponse(PLACEHOLDER, content_type="image/svg+xml", headers=headers)
    return HttpResponse(made.data, content_type=made.type, headers=headers)


def _urls(edition_id: int) -> Iterator[str]:
    """The pictures of its items, as they are and as they were: what has left shows the revision of its day."""
    held = Item.objects.filter(editionitem__edition_id=edition_id)
    yield from filter(None, held.values_list("image_url", flat=True))
    revisions = Revision.objects.filter(item__in=held.values("pk")).values_list(
        "content__image_url", flat=True
    )
    yield from (url for url in revisions if url and isinstance(url, str))


def _address(edition: Edition, name: str) -> str:
    return reverse("desk:edition-picture", args=[edition.pk, name])


def _stored(edition_id: int, url: str) -> Fitted | None:
    """From the store of pictures, where an item's is kept that is made into posts."""
    kept = ItemPicture.objects.filter(
        item__editionitem__edition_id=edition_id, url=url, state=ItemPicture.State.STORED
    )
    digest = kept.values_list("stored_id", flat=True).first()
    try:
        return fitted(digest, LIMITS) if digest else None
    except (Rejected, Retry):
        return None


def _fetched(url: str) -> Fitted | None:
    host = urlsplit(url).netloc
    if time.monotonic() < _silent.get(host, 0.0) or not _turns.acquire(timeout=SECONDS):
        return None
    try:
        answer = fetch.get(url, max_bytes=MOST_BYTES, accept=ACCEPT, seconds=SECONDS)
        return fitted_bytes(answer.body, LIMITS)
    except Rejected:
        return None
    except Retry:
        if len(_silent) > 1_000:
            _silent.clear()
        _silent[host] = time.monotonic() + SILENT_SECONDS
        return None
    finally:
        _turns.release()
