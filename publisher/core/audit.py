"""Writing the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models

from publisher.core import clock, trace
from publisher.core.models import AuditEntry

SYSTEM = "system"


def record(
    actor: AbstractBaseUser | AnonymousUser | None,
    action: str,
    obj: models.Model,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry, in the caller's transaction. No secret may stand in `before` or `after`. No actor: the system."""
    known = actor if isinstance(actor, AbstractBaseUser) else None
    return AuditEntry.objects.create(
        at=clock.now(),
        actor_id=known.pk if known else None,
        actor_name=known.get_username() if known else SYSTEM,
        action=action,
        object_type=obj._meta.model_name or "",
        object_id=str(obj.pk),
        before=before or {},
        after=after or {},
        trace_id=trace.current(),
    )
