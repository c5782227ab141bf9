"""An edition on the web, as the holder of the link received it, without anything personal in it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from publisher.audience import tokens
from publisher.audience.models import Subscription
from publisher.counting.links import plain_variant
from publisher.delivery.models import Delivery
from publisher.digests import webview
from publisher.digests.matching import variant_for
from publisher.digests.models import Edition, Variant
from publisher.site.archive import public_copy
from publisher.site.page import asked_language, private, show, stale

WITHDRAWN = (Edition.State.CANCELLED, Edition.State.EMPTY)


@require_safe
def web_version(request: HttpRequest, token: str) -> HttpResponse:
    """The variant that was written for this subscriber, or that a test or a copy for the office shows."""
    link = tokens.read(tokens.Purpose.WEB_VERSION, token)
    copy = tokens.read(tokens.Purpose.VARIANT, token)
    if link is None and copy is None:
        return stale(request)
    variant = _variant(link) if link else Variant.objects.filter(pk=copy.target_id if copy else 0).first()
    if variant is None or not variant.html or variant.edition.state in WITHDRAWN:
        return show(request, "site/gone.html", {}, language=asked_language(request), status=410)
    public = public_copy.of(variant)
    html = webview.page_of(plain_variant(variant), settings.BASE_URL)
    response = HttpResponse(public_copy.linked(html, public) if public else html)
    response["Content-Security-Policy"] = webview.policy(
        variant.edition, "'none'", here=public.folder if public else ""
    )
    response["Content-Language"] = variant.language
    return private(response)


def _variant(link: tokens.Link) -> Variant | None:
    rows = Delivery.objects.filter(edition_id=link.target_id, subscriber_id=link.subscriber_id)
    found = rows.select_related("variant__edition").first()
    if found:
        return found.variant
    return _of_a_forgotten_edition(link)


def _of_a_forgotten_edition(link: tokens.Link) -> Variant | None:
    """What this reader was sent is not known any more: what they would get today, else the fullest rendering."""
    edition = Edition.objects.filter(pk=link.target_id, forgotten_at__isnull=False).first()
    if edition is None:
        return None
    own = Subscription.objects.select_related("selection").filter(
        subscriber=link.subscriber_id, digest_id=edition.digest_id
    )
    subscription = own.first()
    found = variant_for(edition, subscription.selection) if subscription else None
    return found or edition.variants.select_related("edition").order_by("-mask").first()
