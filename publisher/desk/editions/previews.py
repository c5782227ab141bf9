"""An edition's mail as somebody sees it: any variant, one subscriber, or a free choice; by day, in the dark, without pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from publisher.audience.models import Selection, Subscription
from publisher.audience.regions import region_code
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.counting.links import plain_variant
from publisher.delivery import copies, reachable
from publisher.delivery.models import Delivery
from publisher.delivery.states import LEFT_US
from publisher.desk.access import forbidden, user_of
from publisher.desk.editions import pictures
from publisher.digests import previewing, readers, webview
from publisher.digests.models import Edition, Variant
from publisher.digests.previewing import Preview
from publisher.items.languages import primary
from publisher.items.models import Kind, Topic
from publisher.people.permissions import SEE_ADDRESSES
from publisher.render.failure import TemplateFailure

VIEWS = (
    ("desktop", gettext_lazy("Desktop")),
    ("phone", gettext_lazy("Phone")),
    ("dark", gettext_lazy("Dark")),
    ("images-off", gettext_lazy("Images off")),
    ("text", gettext_lazy("Text")),
)
LOOKS = {"desktop": "light", "phone": "light", "dark": "dark", "images-off": "images-off"}
CHOICE = ("language", "region", "topics", "kinds")


@dataclass(frozen=True)
class Chosen:
    """Whose mail is looked at: `query` says it again in an address; `problem` why there is none."""

    query: str
    preview: Preview | None = None
    problem: str = ""
    reader: str = ""
    choice: Selection | None = None


def chosen_by(request: HttpRequest, edition: Edition) -> Chosen | None:
    """The subscriber or the choice that the address names; None when it names neither, or a subscriber to whom may see none."""
    if request.GET.get("reader"):
        return _reader(request, edition) if user_of(request).has_perm(SEE_ADDRESSES) else None
    return _choice(request, edition) if request.GET.get("language") else None


def _reader(request: HttpRequest, edition: Edition) -> Chosen:
    given = request.GET.get("reader", "")
    found = Subscription.objects.select_related("subscriber", "selection").filter(
        digest_id=edition.digest_id, subscriber_id=number_in(given) or 0
    )
    subscription = found.first()
    if subscription is None:
        return Chosen("", problem=_("This person does not receive the digest any more."))
    query, name = urlencode({"reader": given}), subscription.subscriber.email
    if why := _why_none(edition, subscription):
        return Chosen(query, problem=why, reader=name)
    try:
        variant = copies.for_reader(edition, subscription)
        preview = Preview(variant) if variant else previewing.for_choice(edition, subscription.selection)
    except TemplateFailure as failure:
        return Chosen(query, problem=str(failure), reader=name)
    if preview is None:
        return Chosen(
            query, problem=_("Nothing of this edition fits what they chose: they get no mail."), reader=name
        )
    return Chosen(query, Preview(preview.variant, subscription.subscriber.name), reader=name)


def _why_none(edition: Edition, subscription: Subscription) -> str:
    """Why this reader will get no mail, whatever they chose; "" when they will, or have got it."""
    mine = Delivery.objects.filter(edition=edition, subscriber_id=subscription.subscriber_id)
    if mine.filter(state__in=LEFT_US).exists():
        return ""
    refusal = reachable.why_not(subscription.subscriber, edition.digest_id, now=clock.now())
    if refusal:
        return refusal.message
    return "" if readers.is_one(edition, subscription) else _("They are not in the segment that it goes to.")


def _choice(request: HttpRequest, edition: Edition) -> Chosen:
    topics = [topic for each in request.GET.getlist("topics") if (topic := number_in(each)) is not None]
    kinds = [each for each in request.GET.getlist("kinds") if each in Kind.values]
    selection = Selection(
        language=request.GET.get("language", "")[:35],
        region=region_code(request.GET.get("region", "")) or "",
        topics=topics,
        kinds=kinds,
    )
    query = urlencode(
        {"language": selection.language, "region": selection.region, "topics": topics, "kinds": kinds},
        doseq=True,
    )
    try:
        preview = previewing.for_choice(edition, selection)
    except TemplateFailure as failure:
        return Chosen(query, problem=str(failure), choice=selection)
    problem = "" if preview else _("Nothing of this edition fits this choice: such readers get no mail.")
    return Chosen(query, preview, problem, choice=selection)


def context(edition: Edition, chosen: Chosen | None, variant: Variant | None, view: str) -> dict[str, Any]:
    """For the panel: whose mail, as what, and where its frame comes from."""
    shown = chosen.preview.variant if chosen and chosen.preview else None if chosen else variant
    query = chosen.query if chosen else f"variant={variant.pk}" if variant else ""
    frame = ""
    if shown and view in LOOKS:
        frame = (
            reverse("desk:edition-preview", args=[edition.pk]) + f"?{query}&look={LOOKS[view]}"
            if chosen
            else reverse("desk:variant", args=[edition.pk, shown.pk]) + f"?look={LOOKS[view]}"
        )
    return {
        "by_choice": chosen,
        "shown": shown,
        "frame": frame,
        "query": query,
        "view": view,
        "views": VIEWS,
        "text": _text(shown, chosen) if shown and view == "text" else "",
        "preview_languages": list(dict.fromkeys(map(primary, edition.digest.languages))),
        "preview_topics": list(Topic.objects.filter(retired=False).values_list("id", "name_en")),
        "preview_kinds": Kind.choices,
    }


def _text(shown: Variant, chosen: Chosen | None) -> str:
    if shown.pk:
        shown.refresh_from_db(fields=["text"])
    name = chosen.preview.name if chosen and chosen.preview else ""
    return webview.text_of(shown, settings.BASE_URL, name=name)


@require_POST
def look_up(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Find a subscriber by the address, and show what they get. The address itself stands in no address of a page."""
    edition = get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)
    url = reverse("desk:edition", args=[edition.pk])
    try:
        subscription = copies.subscription_of(edition, request.POST.get("like", "")[:320])
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
        return redirect(f"{url}#preview")
    return redirect(f"{url}?reader={subscription.subscriber_id}#preview")


@xframe_options_sameorigin
@require_GET
def variant(request: HttpRequest, edition_id: int, variant_id: int) -> HttpResponse:
    """The HTML of one variant as it is mailed, locked into a sandbox: no script, no form, this edition's pictures from here."""
    row = get_object_or_404(Variant, pk=variant_id, edition_id=edition_id)
    if not row.html:
        raise Http404(_("This variant is not rendered yet."))
    return _locked(request, row.edition, Preview(row))


@xframe_options_sameorigin
@require_GET
def preview(request: HttpRequest, edition_id: int) -> HttpResponse:
    """The same for a subscriber or a choice, whether it is stored or rendered just now."""
    if request.GET.get("reader") and not user_of(request).has_perm(SEE_ADDRESSES):
        return forbidden(request, SEE_ADDRESSES)
    edition = get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)
    chosen = chosen_by(request, edition)
    if chosen is None or chosen.preview is None or not chosen.preview.variant.html:
        raise Http404(_("Nobody gets this."))
    return _locked(request, edition, chosen.preview)


def _locked(request: HttpRequest, edition: Edition, shown: Preview) -> HttpResponse:
    look = request.GET.get("look", "")
    html = webview.html_of(plain_variant(shown.variant), settings.BASE_URL, name=shown.name)
    if look:
        html = webview.forced(html, "dark" if look == "dark" else "light")
    without = look == "images-off"
    response = HttpResponse(webview.without_pictures(html) if without else pictures.from_here(html, edition))
    response["Content-Security-Policy"] = pictures.policy(request, edition, with_pictures=not without)
    response["Referrer-Policy"] = "no-referrer"
    response["X-DNS-Prefetch-Control"] = "off"  # else a browser may ask for the names of the links' hosts
    return response
