"""/metrics for Prometheus: read from database and Redis at each scrape, so that every web process says the same."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime

import redis
from django.conf import settings
from django.db import OperationalError
from django.db.models import Count, F, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from publisher.core import alive, clock, standstill
from publisher.core.models import Heartbeat
from publisher.core.queues import queue_lengths, stream_state
from publisher.delivery import outage, tally
from publisher.delivery.pulse import due
from publisher.items import stream
from publisher.items.models import Item, Rejection, Source
from publisher.items.stream import StreamAwayError

# RFC 1918, 3927, 4193 and 4291. Python's `is_private` holds documentation and benchmark addresses to be private as well.
NEAR = tuple(
    map(
        ipaddress.ip_network,
        (
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "::1",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answers this machine and private networks, unless PUBLISHER_PUBLIC_METRICS allows all."""
    if not (settings.ENVIRONMENT.public_metrics or _is_near(request)):
        return HttpResponseForbidden("Metrics are answered to this machine and private networks only.\n")
    registry = CollectorRegistry()
    registry.register(State())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class State(Collector):
    """The gauges. A server that is away leaves its gauges out and says so in `publisher_up`."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = clock.now()
        up = GaugeMetricFamily("publisher_up", "Whether the server answers.", labels=["part"])
        for part, gauges in (("redis", _of_redis), ("database", _of_database)):
            try:
                found = list(gauges(now))
            except (redis.RedisError, StreamAwayError, OperationalError):
                up.add_metric([part], 0)
            else:
                up.add_metric([part], 1)
                yield from found
        yield up
        yield _gauge(
            "publisher_alive_age_seconds",
            "Since the last sign of life of a process of this host.",
            "process",
            {name: alive.age(settings.ENVIRONMENT.data_dir, name) for name in ("worker", "beat")},
        )


def _of_redis(now: datetime) -> Iterator[GaugeMetricFamily]:
    yield _gauge("publisher_queue_depth", "Nudges that wait for a worker.", "queue", {**queue_lengths()})
    state = stream_state()
    for name, value, meaning in (
        ("length", state.length, "Entries kept in the stream."),
        ("lag", state.waiting, "Entries that intake has not read."),
        ("pending", state.pending, "Entries that intake has read and not finished."),
    ):
        yield GaugeMetricFamily(f"publisher_stream_{name}", meaning, value=value)
    age = stream.oldest_age(now)
    yield GaugeMetricFamily(
        "publisher_stream_oldest_seconds",
        "How long the oldest unfinished entry has waited.",
        value=age.total_seconds() if age else 0,
    )
    yield GaugeMetricFamily(
        "publisher_mail_outage",
        "1 since the mail server could not be used, until it is used again.",
        value=int(outage.current() is not None),
    )


def _of_database(now: datetime) -> Iterator[GaugeMetricFamily]:
    yield _gauge(
        "publisher_oldest_due_seconds",
        "How long the oldest message that is due has waited.",
        "kind",
        {"mail": due.mail_waited(now).total_seconds(), "post": due.post_waited(now).total_seconds()},
    )
    yield GaugeMetricFamily(
        "publisher_standstill", "1 while all sending stands still.", value=int(standstill.is_on())
    )
    yield _gauge("publisher_deliveries", "Deliveries by state.", "state", {**tally.by_state()})
    undrafted = Item.objects.filter(drafted_revision__lt=F("revision")).count()
    retracted = Item.objects.exclude(retracted_at=None).count()
    yield _gauge(
        "publisher_items",
        "Items stored, and of these retracted or not yet drafted.",
        "state",
        {"stored": Item.objects.count(), "retracted": retracted, "undrafted": undrafted},
    )
    refused = Rejection.objects.values_list("code").annotate(times=Sum("times"))
    yield _gauge("publisher_rejections", "Entries refused, by reason.", "code", dict(refused))
    failing = Source.objects.filter(failures__gt=0, enabled=True).aggregate(n=Count("id"))["n"]
    yield GaugeMetricFamily("publisher_feeds_failing", "Feeds whose last poll failed.", value=failing)
    beats = {beat.name: (now - beat.at).total_seconds() for beat in Heartbeat.objects.all()}
    yield _gauge("publisher_heartbeat_age_seconds", "Since a job ran to its end.", "job", {**beats})


def _gauge(name: str, meaning: str, label: str, values: dict[str, float | None]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for key, value in values.items():
        if value is not None:
            family.add_metric([key], value)
    return family


def _is_near(request: HttpRequest) -> bool:
    """From this machine or a private network, and not through a proxy, behind which everybody looks near."""
    if any(name in request.headers for name in PROXY_HEADERS):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in NEAR)
