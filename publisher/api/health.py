"""/healthz (the process is alive) and /readyz (what it needs is there), for load balancers, containers and people."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from publisher.core import clock, standstill
from publisher.core.applied import missing_migrations
from publisher.core.errors import UserError
from publisher.core.redis import client
from publisher.delivery import outage
from publisher.delivery.email import setting
from publisher.items import stream

log = logging.getLogger(__name__)

PROBE = "publisher:readyz"


@dataclass(frozen=True)
class Check:
    """One thing that must be there. `warning` does not make it fail."""

    ok: bool
    detail: str = ""
    warning: str = ""


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when the service can work, else 503; each check with its reason. What hinders a part of it is a `warning`."""
    checks = {name: check() for name, check in CHECKS.items()}
    ready = all(check.ok for check in checks.values())
    body: dict[str, Any] = {"ready": ready, "checks": {name: vars(check) for name, check in checks.items()}}
    return JsonResponse(body, status=200 if ready else 503)


def _database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError as error:
        return Check(False, _away("The database", error))
    return Check(True)


def _migrations() -> Check:
    try:
        missing = missing_migrations()
    except OperationalError as error:
        return Check(False, _away("The database", error))
    return Check(False, f"{len(missing)} are missing: run `publisher migrate`.") if missing else Check(True)


def _redis() -> Check:
    """A write, since a replica or a full disk answers reads."""
    try:
        client().set(PROBE, b"1", ex=60)
    except redis.RedisError as error:
        return Check(False, _away("Redis", error))
    return Check(True)


def _durability() -> Check:
    """202 promises that the entry is on disk: without `appendfsync always` the API takes nothing."""
    try:
        policy = stream.durability()
    except UserError as error:
        return Check(True, warning=error.message)
    if policy == "always":
        return Check(True, "appendfsync always")
    return Check(
        True,
        f"appendfsync {policy}",
        warning="Entries of the stream may be lost when Redis dies, so the API takes none: set appendonly yes, "
        "appendfsync always.",
    )


def _sending() -> Check:
    """A standstill is somebody's will and no failure. Its reason is for staff: this page is open to all."""
    try:
        stands = None if missing_migrations() else standstill.current()
    except OperationalError as error:
        return Check(True, warning=_away("The database", error))
    if stands is None:
        return Check(True)
    kind = f"{stands.get_kind_display()}. The desk says more."
    return Check(True, warning=f"All sending stands still since {stands.since.isoformat()}. {kind}")


def _mail() -> Check:
    """Mail that cannot leave hinders one part of the service. What the mail server said names hosts and logins: not here."""
    if wrong := setting.problem(settings.MAIL):
        return Check(True, warning=f"{wrong.message} No mail leaves.")
    down = outage.current()
    if down is None:
        return Check(True)
    since = f"Mail cannot leave since {down.since.isoformat()}: the mail server cannot be used."
    return Check(True, warning=f"{since} {down.next_try(clock.now())} The desk says more.")


def _away(what: str, error: Exception) -> str:
    """For everybody to read: the error's own words name hosts and users, so they go into the log only."""
    log.warning("readyz.away", extra={"part": what, "error": " ".join(str(error).split())})
    return f"{what} does not answer; the log says why."


CHECKS: dict[str, Callable[[], Check]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "durability": _durability,
    "sending": _sending,
    "mail": _mail,
}


class Probes:
    """Middleware: load balancers ask by address, so their questions are answered before the Host header is looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = {"/healthz": healthz, "/readyz": readyz}.get(request.path_info)
        return view(request) if view else self.get_response(request)
