"""The audit trail, for admins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.core.models import AuditEntry
from publisher.desk.page import asked, show, unknown
from publisher.desk.paging import newest

OBJECTS = tuple(
    (name, label)
    for name, label in (
        *(("post", "Post"), ("edition", "Edition"), ("delivery", "Delivery"), ("item", "Item")),
        *(("itemtopic", "Topic of an item"), ("source", "Source"), ("digest", "Digest")),
        *(("channel", "Channel"), ("schedule", "Schedule"), ("user", "Login")),
        ("standstill", "All sending"),
    )
)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Who did what to what, newest first."""
    wanted = asked(request, "actor", "object", "id")
    errors = unknown(wanted, object=OBJECTS)
    rows = AuditEntry.objects.none() if errors else AuditEntry.objects.all()
    if wanted["actor"]:
        rows = rows.filter(actor_name=wanted["actor"])
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
