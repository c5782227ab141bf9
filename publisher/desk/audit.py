"""The audit trail, for admins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.core.audit import SYSTEM
from publisher.core.models import AuditEntry
from publisher.desk import trail
from publisher.desk.page import asked, show, unknown
from publisher.desk.paging import newest

OBJECTS = tuple(trail.THINGS.items())


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Who did what to what, newest first."""
    wanted = asked(request, "actor", "object", "id")
    errors = unknown(wanted, object=OBJECTS)
    rows = AuditEntry.objects.none() if errors else AuditEntry.objects.all()
    if wanted["actor"]:
        rows = rows.filter(actor_name=_written(wanted["actor"]))
    if wanted["object"]:
        rows = rows.filter(object_type=wanted["object"])
    if wanted["id"]:
        rows = rows.filter(object_id=wanted["id"])
    context = {
        "listing": newest(request, rows),
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "errors": errors,
        "objects": OBJECTS,
    }
    return show(request, "desk/audit.html", context, status=422 if errors else 200)


def _written(who: str) -> str:
    """The name under which an entry is stored that is shown as this."""
    return SYSTEM if who.casefold() == trail.PUBLISHER.casefold() else who.removesuffix(" (command line)")
