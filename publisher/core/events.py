"""Events by name. A room says what happened (`emit`); the table in `tasks/nudges.py` says who is nudged.

An event is only a nudge: it carries ids, may be lost or repeated, and beat's sweeps find the same work anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)

Nudge = Callable[[str, dict[str, int]], None]


def emit(name: str, **ids: int) -> None:
    """Say that `name` happened. Listeners are nudged after the transaction commits; none of them can fail the caller."""

    def deliver() -> None:
        _deliver(name, ids)

    transaction.on_commit(deliver, robust=True)


def _deliver(name: str, ids: dict[str, int]) -> None:
    try:
        _nudge()(name, ids)
    except (OSError, ConnectionError) as error:
        log.warning("event.not_nudged", extra={"event": name, "error": str(error), **ids})


@cache
def _nudge() -> Nudge:
    function: Nudge = import_string(settings.EVENT_NUDGE)
    return function
