"""An edition whose assembling fails in a way that nobody foresaw: its page says so, it rests, and it is tried again.

Called at the edge of the tasks. What was foreseen (a template that fails) blocks it: `enqueue.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import redis
from django.utils.translation import gettext_noop

from publisher.core.redis import client
from publisher.digests.models import Edition

log = logging.getLogger(__name__)

REST_SECONDS = 60
"""So long other editions have their turn before it is tried again."""

MARK = "Assembling failed unexpectedly"
"""How it begins, as it is stored."""
SAID = (
    gettext_noop("Assembling failed unexpectedly (%(kind)s)."),
    gettext_noop(
        "It is tried again every minute; the log has the details under edition.failed, edition_id %(edition_id)s."
    ),
)


def begin(edition_id: int, error: Exception) -> None:
    """Say on the edition that it failed, behind what stands there already, and let it rest."""
    edition = Edition.objects.get(pk=edition_id)
    said = " ".join(SAID) % {"kind": type(error).__name__, "edition_id": edition_id}
    _say(edition, f"{_without(edition.problem)} {said}".strip())
    try:
        client().set(_key(edition_id), b"1", ex=REST_SECONDS)
    except redis.RedisError as away:
        log.warning("trouble.redis_away", extra={"error": str(away)})


def over(edition: Edition) -> None:
    """It came through: what was said of it is taken back."""
    if MARK in edition.problem:
        _say(edition, _without(edition.problem))


def awake(edition_ids: Iterable[int]) -> list[int]:
    """Those that do not rest, in the order given."""
    ids = list(edition_ids)
    try:
        resting = client().mget([_key(each) for each in ids]) if ids else []
    except redis.RedisError:
        return ids
    return [each for each, rests in zip(ids, resting, strict=True) if not rests]


def _say(edition: Edition, problem: str) -> None:
    Edition.objects.filter(pk=edition.pk).update(problem=problem)


def _without(problem: str) -> str:
    return problem.partition(MARK)[0].rstrip()


def _key(edition_id: int) -> str:
    return f"publisher:edition:rests:{edition_id}"
