"""What webhooks cost whoever sends: claiming and settling deliveries without their triggers, with them while nobody listens, and
with an endpoint that listens. In processor time of this process and its session of the database; the ways take turns, and each
figure is the least of its rounds.
"""

from __future__ import annotations

import time
from datetime import timedelta

import psutil
from django.db import connection

from publisher.core import clock
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.models import Delivery
from publisher.delivery.settle import ACCEPTED, Settlement, Try, settle_all
from publisher.digests.models import Edition
from publisher.hooks import addressing
from publisher.hooks.endpoints import renew_wanted
from publisher.hooks.models import Change, Endpoint, Message
from tests.bench.retention import FILL
from tests.builders import a_sending_edition
from tests.desk.builders import a_webhook

DELIVERIES = 20_000
CLAIM = 200
ROUNDS = 3
RESET = """UPDATE delivery_delivery SET state = 'queued', due_at = created_at, attempts = 0, settled_at = NULL, sent_at = NULL
           WHERE edition_id = %s"""


def measure() -> dict[str, float]:
    """µs a delivery for its claim and settlement, and the ratios to those without triggers; changes addressed a second."""
    edition = a_sending_edition(mails=0)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"edition": edition.pk, "at": clock.now(), "count": DELIVERIES})
        # As copies for the office: they need no subscribers.
        cursor.execute(
            "UPDATE delivery_delivery SET purpose = 'seed', subscriber_id = NULL, idempotency_key = id::text"
        )
    addressed = 0.0
    ways: dict[str, list[float]] = {"without": [], "silent": [], "failures_only": [], "listening": []}
    _round(edition)  # warm, and the table as long as it stays
    for _ in range(ROUNDS):
        ways["without"].append(_round(edition, triggers=False))
        ways["silent"].append(_round(edition))
        for way, events in (("failures_only", ("delivery.failed",)), ("listening", ("delivery.*",))):
            endpoint = a_webhook(*events)
            ways[way].append(_round(edition))
            if way == "listening":
                addressed = _address()
            _forget(endpoint)
    best = {way: min(times) / DELIVERIES * 1e6 for way, times in ways.items()}
    return {
        "claim_and_settle_without_hooks_us": best["without"],
        "claim_and_settle_silent_us": best["silent"],
        "claim_and_settle_failures_only_us": best["failures_only"],
        "claim_and_settle_listening_us": best["listening"],
        "hooks_silent_ratio": best["silent"] / best["without"],
        "hooks_failures_only_ratio": best["failures_only"] / best["without"],
        "hooks_listening_ratio": best["listening"] / best["without"],
        "hooks_addressed_per_s": addressed,
    }


def _round(edition: Edition, *, triggers: bool = True) -> float:
    """Seconds of processor time for all of them."""
    _switch(on=False)
    with connection.cursor() as cursor:
        cursor.execute(RESET, [edition.pk])
        cursor.execute("DELETE FROM delivery_attempt")
        cursor.execute("VACUUM ANALYZE delivery_delivery")
    _switch(on=triggers)
    began = _spent()
    while True:
        fence, now = next_fence(), clock.now()
        claim = claim_mail(edition.pk, fence=fence, now=now, limit=CLAIM, lease=timedelta(minutes=5))
        if not claim.mails:
            break
        tried = Try("bench:1", now, 1.5, 250, "2.0.0", "ok")
        settle_all([Settlement.of(mail.id, fence, ACCEPTED, tried) for mail in claim.mails])
    took = _spent() - began
    _switch(on=True)
    if Delivery.objects.filter(edition=edition, state="sent").count() != DELIVERIES:
        raise RuntimeError("not all of them were settled")
    return took


def _spent() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    session = psutil.Process(pid).cpu_times()
    return time.process_time() + session.user + session.system


def _switch(*, on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE delivery_delivery {'ENABLE' if on else 'DISABLE'} TRIGGER hooks_delivery_update"
        )


def _address() -> float:
    """Changes a second that become messages."""
    count, began = Change.objects.count(), time.perf_counter()
    while addressing.address(now=clock.database_now()):
        pass
    return count / (time.perf_counter() - began)


def _forget(endpoint: Endpoint) -> None:
    Message.objects.all().delete()
    endpoint.delete()
    renew_wanted()
