"""The forecast: what the next four weeks hold by channel and digest, and what it costs."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.delivery.forecast.channels import channels_ahead
from publisher.delivery.forecast.digests import digests_ahead
from publisher.delivery.forecast.weeks import weeks_from
from publisher.desk.page import show


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Four weeks from today, in the viewer's zone."""
    now = clock.now()
    weeks = weeks_from(now, ZoneInfo(timezone.get_current_timezone_name()))
    channels = channels_ahead(weeks, now=now)
    context = {
        "weeks": weeks,
        "channels": channels,
        "digests": digests_ahead(weeks, now=now),
        "paid": [each for each in channels if each.months],
        "clock": clock,
    }
    return show(request, "desk/forecast/forecast.html", context)
