"""/healthz, /readyz and /metrics: what monitoring asks, and who may ask it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from publisher.core import clock
from publisher.core.models import Heartbeat
from tests.builders import a_sending_edition
from tests.items.stream_steps import drained, published, put, read_by_a_dead_worker, redis_away

pytestmark = [pytest.mark.django_db, pytest.mark.urls("publisher.api.urls")]


def readyz() -> tuple[int, dict[str, Any]]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()["checks"]


def metrics(**headers: str) -> dict[tuple[str, str], float]:
    """Values by metric and its one label."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_a_process_that_answers_is_healthy_even_without_redis(inbox: redis.Redis) -> None:
    with redis_away():
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_service_with_its_servers_is_ready(inbox: redis.Redis) -> None:
    status, checks = readyz()
    assert status == 200
    assert {name: check["ok"] for name, check in checks.items()} == dict.fromkeys(checks, True)
    assert checks["durability"] == {"ok": True, "detail": "appendfsync always", "warning": ""}


def test_without_redis_the_service_is_not_ready_and_says_why(inbox: redis.Redis) -> None:
    with redis_away():
        status, checks = readyz()
    assert (status, checks["redis"]["ok"], checks["database"]["ok"]) == (503, False, True)
    assert checks["redis"]["detail"]


def test_a_redis_that_may_lose_entries_is_warned_of(inbox: redis.Redis) -> None:
    inbox.config_set("appendfsync", "everysec")
    try:
        status, checks = readyz()
    finally:
        inbox.config_set("appendfsync", "always")
    assert status == 200
    assert "may be lost" in checks["durability"]["warning"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered_whatever_the_host_is_called(inbox: redis.Redis, path: str) -> None:
    assert Client(headers={"Host": "10.0.0.7:8000"}).get(path).status_code == 200


def test_missing_migrations_are_named(inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.api.health.missing_migrations", lambda: ["items.0009_future"])
    status, checks = readyz()
    assert (status, checks["migrations"]["ok"]) == (503, False)
    assert "publisher migrate" in checks["migrations"]["detail"]


def test_metrics_count_what_waits_in_the_stream(inbox: redis.Redis) -> None:
    put(published(1), published(2), published(3))
    read_by_a_dead_worker(1)
    found = metrics()
    assert found["publisher_stream_lag", ""] == 2
    assert found["publisher_stream_pending", ""] == 1
    assert found["publisher_stream_oldest_seconds", ""] >= 0
    assert found["publisher_queue_depth", "intake"] == 0
    assert found["publisher_up", "redis"] == found["publisher_up", "database"] == 1


def test_metrics_count_items_refusals_and_deliveries(inbox: redis.Redis) -> None:
    drained(published(1), published(2), b"no", b"no")
    a_sending_edition(mails=4)
    Heartbeat.objects.update_or_create(
        name="schedule.tick", defaults={"at": clock.now() - timedelta(hours=1)}
    )
    found = metrics()
    assert found["publisher_items", "stored"] == 2
    assert found["publisher_rejections", "not_json"] == 2
    assert found["publisher_deliveries", "queued"] == 4
    assert found["publisher_oldest_due_seconds", "mail"] > 0
    assert found["publisher_heartbeat_age_seconds", "schedule.tick"] >= 3600


def test_metrics_go_on_without_redis(inbox: redis.Redis) -> None:
    with redis_away():
        found = metrics()
    assert (found["publisher_up", "redis"], found["publisher_up", "database"]) == (0, 1)
    assert ("publisher_stream_lag", "") not in found


@pytest.mark.parametrize(
    ("address", "header", "status"),
    [
        ("127.0.0.1", "", 200),
        ("10.1.2.3", "", 200),
        ("::1", "", 200),
        ("203.0.113.7", "", 403),
        ("8.8.8.8", "", 403),
        ("", "", 403),
        ("127.0.0.1", "X-Forwarded-For", 403),
        ("127.0.0.1", "Forwarded", 403),
        ("127.0.0.1", "X-Real-Ip", 403),
    ],
)
def test_metrics_are_for_this_machine_and_private_networks(
    inbox: redis.Redis, address: str, header: str, status: int
) -> None:
    headers = {header: "10.0.0.1"} if header else {}
    assert Client().get("/metrics", REMOTE_ADDR=address, headers=headers).status_code == status
