"""The dashboard: who reads, how much leaves, what becomes of it, and how that stands to the limits of large mailbox providers."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.core.models import Heartbeat
from publisher.counting import reading as counts
from publisher.delivery.statistics import reading
from publisher.delivery.statistics.counting import OTHERS
from publisher.delivery.statistics.limits import BOUNCES, COMPLAINTS
from publisher.delivery.statistics.readers import readers_of
from publisher.delivery.statistics.reading import Row, Span
from publisher.desk.page import asked, show, unknown
from publisher.digests.models import Digest
from publisher.social.models import Channel

SPANS = ("7", "30", "90", "365")
USUAL = "30"
COUNTED = "upkeep.count"


@dataclass(frozen=True)
class Named:
    """A row with what people call it, and where its deliveries are."""

    name: str
    url: str
    row: Row


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The last `days` days."""
    wanted = asked(request, "days")
    choices = [(days, days) for days in SPANS]
    errors = unknown(wanted, days=choices)
    days = wanted["days"] if wanted["days"] and not errors else USUAL
    span = Span.back(int(days), clock.now())
    context = {
        "days": days,
        "spans": SPANS,
        "errors": errors,
        "span": span,
        "mails": reading.mails(span),
        "mails_before": reading.mails(span.before),
        "posts": reading.posts(span),
        "posts_before": reading.posts(span.before),
        "readers": readers_of(span),
        "unclear": reading.unclear_now(),
        "by_day": reading.by_day(span),
        "domains": [_domain(row) for row in reading.by_domain(span)],
        "digests": _digests(span),
        "channels": _channels(span),
        "clicks": _clicks(span),
        "complaints": COMPLAINTS,
        "bounces": BOUNCES,
        "counted": Heartbeat.objects.filter(name=COUNTED).first(),
    }
    return show(request, "desk/dashboard/dashboard.html", context, status=422 if errors else 200)


def _domain(row: Row) -> Named:
    name = _("all others") if row.key == OTHERS else str(row.key)
    return Named(name, "", row)


def _digests(span: Span) -> list[Named]:
    names = {digest.pk: digest for digest in Digest.objects.all()}
    log = reverse("desk:deliveries")
    found = [
        Named(str(names[int(row.key)]), f"{log}?digest={row.key}", row)
        for row in reading.by_digest(span)
        if int(row.key) in names
    ]
    return sorted(found, key=lambda each: each.name)


def _clicks(span: Span) -> list[tuple[str, int, int]]:
    """(digest, clicks, opens) of those that count any."""
    names = {digest.pk: str(digest) for digest in Digest.objects.all()}
    counted = counts.by_digest(span.first, span.last)
    return sorted((names[pk], clicks, opens) for pk, (opens, clicks) in counted.items() if pk in names)


def _channels(span: Span) -> list[Named]:
    names = dict(Channel.objects.values_list("pk", "name"))
    log = reverse("desk:deliveries")
    found = [
        Named(names[int(row.key)], f"{log}?channel={row.key}", row)
        for row in reading.by_channel(span)
        if int(row.key) in names
    ]
    return sorted(found, key=lambda each: each.name)
