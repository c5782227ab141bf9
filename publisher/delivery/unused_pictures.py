"""Deleting pictures that nothing shows any more. `social.media.keeping` knows items and posts; this adds deliveries."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import datetime

from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.social.media import keeping

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
MAY_LEAVE = (State.QUEUED, State.SENDING, State.UNKNOWN)
"""Deliveries whose stored message may go out, or out again. They are few: mail is not among them."""


def forget(*, now: datetime) -> int:
    """Delete what is in no use; how many. Raises `StoreAway`."""
    return keeping.forget(now=now, in_use=_going_out)


def _going_out(digests: Collection[str]) -> set[str]:
    """Those that a post's stored message names."""
    rows = Delivery.objects.filter(post__isnull=False, state__in=MAY_LEAVE).values_list("prepared", flat=True)
    return {digest for prepared in rows for digest in _DIGEST.findall(json.dumps(prepared))} & set(digests)
