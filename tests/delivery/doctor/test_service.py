"""Database, Redis, clocks, and the address in the links of a mail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import redis
from django.db import OperationalError
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock, standstill
from publisher.core.models import Standstill
from publisher.delivery.doctor import service
from publisher.delivery.doctor.findings import Finding

pytestmark = pytest.mark.django_db


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def test_a_database_with_all_migrations_and_our_time_is_well() -> None:
    findings = by_check(service.database())
    assert {name: finding.level for name, finding in findings.items()} == {"database": "ok", "clock": "ok"}


def test_a_standstill_of_all_sending_is_warned_of() -> None:
    standstill.begin(Standstill.Kind.STOPPED, reason="A wrong picture", by="ada", now=clock.now())
    finding = by_check(service.database())["sending"]
    assert finding.level == "warning"
    assert "by ada: A wrong picture" in finding.found


def test_missing_migrations_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "missing_migrations", lambda: ["delivery.0005"])
    (finding,) = service.database()
    assert finding.level == "problem"
    assert "publisher migrate" in finding.todo


def test_a_database_that_is_away_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> list[str]:
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(service, "missing_migrations", away)
    (finding,) = service.database()
    assert (finding.level, finding.found) == ("problem", "does not answer: connection refused")


def test_a_redis_that_keeps_what_it_takes_is_well(inbox: redis.Redis) -> None:
    findings = by_check(service.redis_server())
    assert {name: finding.level for name, finding in findings.items()} == {"redis": "ok", "clock": "ok"}


def test_a_redis_that_may_lose_entries_is_a_problem(inbox: redis.Redis) -> None:
    inbox.config_set("appendfsync", "everysec")
    try:
        finding = by_check(service.redis_server())["redis"]
    finally:
        inbox.config_set("appendfsync", "always")
    assert finding.level == "problem"


def test_a_redis_that_is_away_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = redis.Redis(host="127.0.0.1", port=1)
    monkeypatch.setattr(service, "client", lambda: gone)
    (finding,) = service.redis_server()
    assert finding.level == "problem"


@pytest.mark.parametrize(
    ("skew", "level"), [(0.0, "ok"), (1.9, "ok"), (-5.0, "warning"), (5.0, "warning"), (-90.0, "problem"), (90.0, "problem")]
)  # fmt: skip
def test_a_clock_that_differs_is_found(
    inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch, skew: float, level: str
) -> None:
    now = clock.now()
    theirs = divmod(int((now.timestamp() + skew) * 1e6), 1_000_000)
    monkeypatch.setattr(service.clock, "now", lambda: now)
    monkeypatch.setattr(redis.Redis, "time", lambda _self: theirs)
    assert by_check(service.redis_server())["clock"].level == level


def test_this_service_behind_its_own_address_is_well_but_for_https(
    live_server: LiveServer, settings: Any
) -> None:
    settings.BASE_URL = live_server.url
    findings = by_check(service.base_url())
    assert {name: finding.level for name, finding in findings.items()} == {
        "https": "problem",
        "base_url": "ok",
        "one_click": "ok",
        "clock": "ok",
    }


def test_an_address_where_nobody_answers_is_a_problem(settings: Any) -> None:
    settings.BASE_URL = "https://127.0.0.1:1"
    (finding,) = service.base_url()
    assert (finding.check, finding.level) == ("base_url", "problem")


@contextmanager
def a_proxy(status: int, **headers: str) -> Iterator[str]:
    """Something else at the address: it answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(timestamp or (clock.now() - timedelta(hours=1)).timestamp())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status", [200, 302, 401, 502])
def test_a_proxy_that_keeps_readers_from_us_is_a_problem(status: int, settings: Any) -> None:
    with a_proxy(status, Location="https://elsewhere.example.org/") as settings.BASE_URL:
        findings = by_check(service.base_url())
    assert findings["base_url"].level == findings["one_click"].level == "problem"
    assert findings["clock"].level == "problem"
    assert str(status) in findings["one_click"].found
