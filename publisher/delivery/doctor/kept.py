"""What the last examination found, and when: kept in Redis for the desk. Lost with it, it is made again by a press."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from publisher.core.redis import client
from publisher.delivery.doctor.findings import Finding

log = logging.getLogger(__name__)

KEY = "publisher:doctor:last"


@dataclass(frozen=True)
class Kept:
    """`findings` as `Finding.as_json` gives them, and when (aware, UTC) they were found."""

    at: datetime
    findings: list[dict[str, Any]]


def keep(findings: Sequence[Finding], *, now: datetime) -> None:
    """Keep them in the place of the former ones."""
    told = json.dumps({"at": now.isoformat(), "findings": [each.as_json() for each in findings]})
    try:
        client().set(KEY, told)
    except redis.RedisError as error:
        log.warning("doctor.not_kept", extra={"error": str(error)})


def last() -> Kept | None:
    """The last ones; None when there are none, or Redis cannot be asked."""
    try:
        found: Any = client().get(KEY)
        told = json.loads(found) if found else None
        return Kept(datetime.fromisoformat(told["at"]), told["findings"]) if told else None
    except (redis.RedisError, ValueError, KeyError, TypeError):
        return None
