"""The audit trail, for admins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.core.models import AuditEntry
from publisher.desk.page import asked, show
from publisher.desk.paging import newest


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Who did what to what, newest first."""
    wanted = asked(request, "actor", "object", "id")
    rows = AuditEntry.objects.all()
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
        "objects": [
            (name, name) for name in ("post", "edition", "item", "itemtopic", "digest", "channel", "user")
        ],
    }
    return show(request, "desk/audit.html", context)
