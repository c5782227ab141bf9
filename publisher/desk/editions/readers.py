"""Who gets an edition, on its page: all subscribers or those in a segment, how many they are now, and choosing others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from publisher.audience.models import Segment
from publisher.audience.segments import conditions
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.delivery import arranging
from publisher.desk.access import user_of
from publisher.desk.audience import segment_form
from publisher.desk.editions.arranging import answered
from publisher.desk.page import show
from publisher.digests import editions, readers
from publisher.digests.models import Edition
from publisher.digests.readers import Narrowed


@require_POST
def choose(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Send it to others of its digest's subscribers."""
    edition = get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)
    segment = number_in(request.POST.get("segment", ""))
    return answered(
        request,
        edition,
        lambda: arranging.choose_readers(
            edition_id,
            segment,
            user=user_of(request),
            now=clock.now(),
            seen=request.POST.get("version", ""),
        ),
        place="readers",
    )


@require_GET
def count(request: HttpRequest, edition_id: int) -> HttpResponse:
    """A fragment for htmx: how many it would go out to now."""
    edition = get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)
    return show(request, "desk/editions/_readers_now.html", {"edition": edition, **counted(edition)})


def counted(edition: Edition) -> dict[str, Any]:
    """How many subscribers fit now, or why nobody can tell."""
    try:
        found = readers.count(edition.digest_id, edition.segment, now=clock.now())
    except UserError as error:
        return {"readers_now": None, "readers_problem": error}
    return {"readers_now": found, "readers_problem": None}


def context(edition: Edition, request: HttpRequest) -> dict[str, Any]:
    """For the panel. Counted with the page only when that was asked for: else htmx asks, once the page is there."""
    narrowed = Narrowed.of(edition)
    segment = Segment.objects.filter(pk=edition.segment or 0).first()
    asked = request.GET.get("count") == "yes"
    return {
        "narrowed": narrowed,
        "narrowed_by": in_words(narrowed) if narrowed else [],
        "segment": segment,
        "segment_name": readers.name_for(edition),
        "segment_changed": bool(narrowed and segment and segment.version != narrowed.version),
        "segments": list(Segment.objects.values_list("pk", "name")),
        "is_over": edition.state in editions.OVER,
        "readers_counted": asked,
        **(counted(edition) if asked else {"readers_now": None, "readers_problem": None}),
    }


def in_words(narrowed: Narrowed) -> list[list[str]]:
    """The conditions as they were, with the names that tags, topics and digests had then."""
    found = []
    for group in segment_form.lines_of(conditions.read(narrowed.groups)):
        lines = []
        for line in group:
            condition = line.condition
            then = narrowed.named.get(f"{condition.field}:{condition.value}")
            known = [*line.options, (condition.value, then)] if then else line.options
            lines.append(segment_form.told(replace(line, options=known)))
        found.append(lines)
    return found
