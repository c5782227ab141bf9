"""Deleting pictures that nothing shows any more. `social.media.keeping` knows items and posts; this adds deliveries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from datetime import datetime

from publisher.delivery.models import Amendment, Delivery
from publisher.delivery.states import State
from publisher.social.media import keeping

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
MAY_LEAVE = (State.QUEUED, State.SENDING, State.UNKNOWN)
"""Deliveries whose stored message may go out, or out again. They are few: mail is not among them."""


InUse = Callable[[Collection[str]], Collection[str]]


def forget(*, now: datetime, besides: InUse = lambda _digests: ()) -> int:
    """Delete what is in no use, nor in what `besides` knows of; how many. Raises `StoreAway`."""
    return keeping.forget(now=now, in_use=lambda digests: _going_out(digests) | set(besides(digests)))


def _going_out(digests: Collection[str]) -> set[str]:
    """Those that the stored message of a post, or of a correction that is open, names."""
    rows = Delivery.objects.filter(post__isnull=False, state__in=MAY_LEAVE).values_list("prepared", flat=True)
    corrections = Amendment.objects.filter(state__in=(Amendment.State.WAITING, *Amendment.OPEN)).values_list(
        "prepared", flat=True
    )
    named = (json.dumps(prepared) for prepared in [*rows, *corrections])
    return {digest for text in named for digest in _DIGEST.findall(text)} & set(digests)
