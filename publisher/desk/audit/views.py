"""The audit trail, for admins: its list, and one entry."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from publisher.core.models import AuditEntry
from publisher.desk import trail
from publisher.desk.audit.searching import Search
from publisher.desk.forms import local_input
from publisher.desk.page import show
from publisher.desk.paging import newest
from publisher.desk.review import words as review_words

OBJECTS = tuple((trail.THINGS | review_words.THINGS).items())
DEEDS = tuple(sorted(trail.deeds()))


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Who did what to what, newest first."""
    search = Search.of(request.GET, timezone.get_current_timezone())
    shown = {name: local_input(at) for name, at in (("from", search.since), ("to", search.until)) if at}
    context = {
        "listing": newest(request, search.rows()),
        "wanted": search.given | shown,
        "filtered": not search.is_empty,
        "errors": search.errors,
        "objects": OBJECTS,
        "deeds": [(action, f"{trail.thing_of(action)}: {trail.deed(action)}") for action in DEEDS],
    }
    return show(request, "desk/audit/audit.html", context, status=422 if search.errors else 200)


@require_GET
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One entry, with the others about the same thing."""
    found = get_object_or_404(AuditEntry, pk=entry_id)
    same = AuditEntry.objects.filter(object_type=found.object_type, object_id=found.object_id)
    around = same.exclude(pk=found.pk).order_by("-pk")[:20] if found.object_id else []
    return show(request, "desk/audit/entry.html", {"entry": found, "around": around})
