"""Writing the audit trail."""

from __future__ import annotations

import getpass
import os
import socket
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models

from publisher.core import clock, trace
from publisher.core.models import AuditEntry

SYSTEM = "system"

Actor = AbstractBaseUser | AnonymousUser | str | None
"""Who does something: a login of the desk, a name by which somebody at the command line is known, or the system (None)."""


def record(
    actor: Actor,
    action: str,
    obj: models.Model,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry, in the caller's transaction. No secret may stand in `before` or `after`. No actor: the system."""
    return record_of(actor, action, obj._meta.model_name or "", str(obj.pk), before=before, after=after)


def record_of(
    actor: Actor,
    action: str,
    kind: str,
    key: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """The same about what is no row of the database: `kind` and `key` name it."""
    known = actor if isinstance(actor, AbstractBaseUser) else None
    return AuditEntry.objects.create(
        at=clock.now(),
        actor_id=known.pk if known else None,
        actor_name=name_of(actor),
        action=action,
        object_type=kind,
        object_id=key,
        before=before or {},
        after=after or {},
        trace_id=trace.current(),
    )


def name_of(actor: Actor) -> str:
    """The name under which an actor stands in the trail."""
    if isinstance(actor, str):
        return actor[:150]
    return actor.get_username() if isinstance(actor, AbstractBaseUser) else SYSTEM


def os_user() -> str:
    """The person at this command line, as far as the machine knows: `mira@host-1`."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        name = f"user {os.getuid()}"
    return f"{name}@{socket.gethostname()}"
