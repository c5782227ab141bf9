"""Tags and attributes: made, renamed and removed by staff."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from publisher.audience import attributes, tags
from publisher.audience.models import Attribute, Tag
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.desk.access import user_of
from publisher.desk.page import show


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All of both."""
    return page(request)


def page(request: HttpRequest, *, error: UserError | None = None, status: int = 200) -> HttpResponse:
    """Also after what was refused."""
    context = {
        "tags": list(Tag.objects.order_by("key")),
        "counts": tags.counts(),
        "attributes": list(Attribute.objects.all()),
        "kinds": Attribute.Kind.choices,
        "typed": request.POST,
        "error": error,
    }
    return show(request, "desk/audience/labels.html", context, status=status)


@require_POST
def make_tag(request: HttpRequest) -> HttpResponse:
    """A new tag."""

    def deed() -> str:
        tag = tags.made(request.POST.get("name", "")[:200], user=user_of(request), now=clock.now())
        return _("There is a tag %(name)s.") % {"name": tag.name}

    return _does(request, deed)


@require_POST
def tag(request: HttpRequest, tag_id: int) -> HttpResponse:
    """Rename it, or remove it."""
    get_object_or_404(Tag, pk=tag_id)

    def deed() -> str:
        if request.POST.get("deed") == "remove":
            tags.remove(tag_id, user=user_of(request))
            return _("The tag is removed.")
        name, seen = request.POST.get("name", "")[:200], request.POST.get("seen", "")
        tags.rename(tag_id, name, seen=seen, user=user_of(request))
        return _("The tag is renamed.")

    return _does(request, deed)


@require_POST
def make_attribute(request: HttpRequest) -> HttpResponse:
    """A new attribute."""

    def deed() -> str:
        row = attributes.define(
            request.POST.get("key", "")[:100],
            request.POST.get("label", "")[:200],
            request.POST.get("kind", ""),
            user=user_of(request),
            now=clock.now(),
        )
        return _("There is an attribute %(name)s.") % {"name": row.label}

    return _does(request, deed)


@require_POST
def attribute(request: HttpRequest, attribute_id: int) -> HttpResponse:
    """Call it otherwise, or remove it."""
    get_object_or_404(Attribute, pk=attribute_id)

    def deed() -> str:
        if request.POST.get("deed") == "remove":
            attributes.remove(attribute_id, user=user_of(request))
            return _("The attribute is removed.")
        version = number_in(request.POST.get("version", "")) or 0
        label = request.POST.get("label", "")[:200]
        attributes.relabel(attribute_id, label, version=version, user=user_of(request))
        return _("The attribute is renamed.")

    return _does(request, deed)


def _does(request: HttpRequest, deed: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, deed())
    except UserError as error:
        return page(request, error=error, status=422)
    return redirect("desk:tags")
