"""A page of the delivery log at a million rows, in milliseconds, for each filter; on a database of its own."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection

from publisher.delivery import log
from publisher.delivery.log import Cursor, LogFilter
from publisher.delivery.models import Delivery
from tests.builders import NOON
from tests.delivery.test_log import FILL
from tests.desk.builders import a_post, a_post_delivery, an_edition

ROWS = 1_000_000
ROUNDS = 20


def measure() -> dict[str, float]:
    """Milliseconds a page (median of 20), with the rows it shows fetched."""
    wanted = _fill()
    figures = {}
    for name, (each, after) in wanted.items():
        spent = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            log.page(each, after)
            spent.append((time.perf_counter() - started) * 1000)
        figures[f"log page, {name} (ms)"] = round(sorted(spent)[ROUNDS // 2], 2)
    return figures


def _fill() -> dict[str, tuple[LogFilter, Cursor | None]]:
    """A million mails of one edition, and one post. The filters to measure, by name."""
    edition, post = an_edition(), a_post()
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"edition": edition.pk, "at": NOON, "count": ROWS})
        cursor.execute("ANALYZE delivery_delivery")
    for part in range(60):
        a_post_delivery(post, part)
    middle = Delivery.objects.order_by("pk").values_list("pk", flat=True)[ROWS // 2]
    at = NOON + timedelta(seconds=ROWS // 2)
    return {
        "newest": (LogFilter(), None),
        "in the middle": (LogFilter(), Cursor(middle)),
        "by a rare old state": (LogFilter(state="failed"), None),
        "by edition": (LogFilter(edition_id=edition.pk), None),
        "by edition and state": (LogFilter(edition_id=edition.pk, state="failed"), None),
        "by channel": (LogFilter(channel_id=post.channel_id), None),
        "by address": (LogFilter(address="reader77777@"), None),
        "by an hour long ago": (LogFilter(since=at, until=at + timedelta(hours=1)), None),
    }
