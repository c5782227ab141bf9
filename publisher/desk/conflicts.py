"""The page for two people who change the same thing: the second is told what the first did, and nothing is overwritten."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from publisher.core.models import AuditEntry
from publisher.desk.page import show

MOST = 5


def conflict(
    request: HttpRequest,
    obj: Model,
    *,
    url: str,
    message: str,
    hint: str = "",
    mine: list[str] | None = None,
    **more: Any,
) -> HttpResponse:
    """409: who changed `obj` last and how, what it is now; `mine` are the texts that were not saved."""
    entries = AuditEntry.objects.filter(object_type=obj._meta.model_name, object_id=str(obj.pk)).order_by(
        "-pk"
    )
    context = {
        "obj": obj,
        "back": url,
        "message": message,
        "hint": hint,
        "mine": mine or [],
        "entries": entries[:MOST],
    }
    return show(request, "desk/conflict.html", context | more, status=409)
