"""The audit trail: who did what to what, before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from publisher.api.v1 import paging
from publisher.api.v1.frame import reads
from publisher.api.v1.shapes import Id, Page, Paged, Shape, Word
from publisher.core.models import AuditEntry
from publisher.people.permissions import SEE_AUDIT


class AuditFilter(Paged):
    actor: Word | None = Field(None, description="A login, or `system`.")
    action: Word | None = Field(None, description="Such as post.approved.")
    object_type: Word | None = Field(None, description="Such as post.")
    object_id: Id | None = None


class AuditOut(Shape):
    id: int
    at: datetime
    actor: str
    action: str
    object_type: str
    object_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    trace_id: str


@reads("/audit", SEE_AUDIT, tag="audit")
def list_audit(request: HttpRequest, wanted: Query[AuditFilter]) -> Page[AuditOut]:
    """Entries, newest first."""
    given = {
        "actor_name": wanted.actor,
        "action": wanted.action,
        "object_type": wanted.object_type,
        "object_id": str(wanted.object_id) if wanted.object_id else None,
    }
    rows = AuditEntry.objects.filter(**{name: value for name, value in given.items() if value})
    return paging.newest(request, rows, wanted, _of)


def _of(row: AuditEntry) -> AuditOut:
    return AuditOut(
        id=row.pk,
        at=row.at,
        actor=row.actor_name,
        action=row.action,
        object_type=row.object_type,
        object_id=row.object_id,
        before=row.before,
        after=row.after,
        trace_id=row.trace_id,
    )
