"""The delivery log: what a filter finds, that pages neither lose nor repeat a row, and which index each filter walks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery import log
from publisher.delivery.log import Cursor, LogFilter
from publisher.delivery.log.times import SLACK
from publisher.delivery.log.walks import after_prefix
from publisher.delivery.models import Delivery
from tests.builders import NOON, a_channel
from tests.desk.builders import a_mail, a_post, a_post_delivery, an_edition

HOUR = timedelta(hours=1)


def everything(wanted: LogFilter, limit: int) -> list[int]:
    """The ids of all pages, one after the other."""
    ids: list[int] = []
    after: Cursor | None = None
    while True:
        page = log.page(wanted, after, limit)
        assert len(page.rows) <= limit
        ids += [row.pk for row in page.rows]
        if page.next is None:
            return ids
        after = Cursor.read(str(page.next))


def test_an_empty_query_asks_for_everything() -> None:
    assert LogFilter.from_query({}) == LogFilter()


def test_times_are_read_in_the_zone_of_the_viewer() -> None:
    wanted = LogFilter.from_query(
        {"from": "2026-06-01T08:00", "to": "2026-06-02"}, zone=ZoneInfo("Asia/Shanghai")
    )
    assert wanted.since == datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
    assert wanted.until == datetime(2026, 6, 1, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "lost"}, "state"),
        ({"address": "ab"}, "address"),
        ({"from": "yesterday"}, "from"),
        ({"from": "0001-01-01T00:00+14:00"}, "from"),
        ({"from": "2026-06-02", "to": "2026-06-01"}, "to"),
        ({"channel": "one"}, "channel"),
        ({"channel": "9" * 30}, "channel"),
        ({"edition": "²"}, "edition"),
        ({"channel": "1", "edition": "1"}, "edition"),
    ],
)
def test_what_cannot_be_understood_is_said_beside_its_field(query: dict[str, str], field: str) -> None:
    assert set(LogFilter.from_query(query).errors) == {field}


@given(st.text(), st.text(), st.text(), st.text())
def test_no_query_string_breaks_the_filter(state: str, address: str, since: str, channel: str) -> None:
    LogFilter.from_query({"state": state, "address": address, "from": since, "channel": channel})


@given(
    st.integers(min_value=0, max_value=2**62),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
)
def test_a_cursor_survives_its_link(number: int, address: str) -> None:
    assert Cursor.read(str(Cursor(number, address))) == Cursor(number, address)


@given(st.text())
def test_an_unreadable_cursor_is_the_first_page(text: str) -> None:
    found = Cursor.read(text)
    assert found is None or isinstance(found.id, int)


@given(st.text(min_size=1), st.text())
def test_the_end_of_a_prefix_is_greater_than_all_that_begins_with_it(prefix: str, rest: str) -> None:
    def order(text: str) -> list[int]:
        return [ord(sign) for sign in text]

    end = after_prefix(prefix)
    if set(prefix) != {chr(0x10FFFF)}:
        assert order(prefix + rest) < order(end)


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_neither_lose_nor_repeat_a_row(limit: int) -> None:
    edition, post = an_edition(), a_post()
    states = ["queued", "sent", "failed", "sent", "unknown"]
    for n in range(12):
        a_mail(edition, f"{'Anna' if n % 3 else 'bert'}@example.net", state=states[n % 5], at=NOON + n * HOUR)
        a_post_delivery(post, n, state=states[n % 5], at=NOON + n * HOUR)
    rows = list(Delivery.objects.order_by("-pk"))

    def ids(**wanted: object) -> list[int]:
        return [row.pk for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]

    assert everything(LogFilter(), limit) == ids()
    assert everything(LogFilter(states=("sent",)), limit) == ids(state="sent")
    assert everything(LogFilter(edition_id=edition.pk), limit) == ids(edition_id=edition.pk)
    assert everything(LogFilter(edition_id=edition.pk, states=("sent",)), limit) == ids(
        edition_id=edition.pk, state="sent"
    )
    assert everything(LogFilter(channel_id=post.channel_id), limit) == ids(post_id=post.pk)
    assert everything(LogFilter(channel_id=post.channel_id, states=("sent",)), limit) == ids(
        post_id=post.pk, state="sent"
    )
    assert everything(LogFilter(address="anna@"), limit) == ids(address="Anna@example.net")
    assert everything(LogFilter(address="bert", states=("sent",)), limit) == ids(
        address="bert@example.net", state="sent"
    )
    assert [row.id for row in log.rows_for_export(LogFilter(states=("sent",)))] == ids(state="sent")


@pytest.mark.django_db
def test_under_a_filter_by_address_the_messages_to_one_person_stand_together_newest_first() -> None:
    edition = an_edition()
    first, other, second = (
        a_mail(edition, address) for address in ("lin@a.example", "li@b.example", "LIN@a.example")
    )
    assert everything(LogFilter(address="lin"), 10) == [second.pk, first.pk]
    assert everything(LogFilter(address="li@"), 10) == [other.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["100%@", "a_b@", "back\\slash", "quo'te"])
def test_signs_that_mean_something_to_a_database_are_only_signs(address: str) -> None:
    edition = an_edition()
    meant = a_mail(edition, f"{address}x.example")
    a_mail(edition, "anybody@x.example")
    a_mail(edition, "axb@x.example")
    assert everything(LogFilter(address=address), 10) == [meant.pk]


@pytest.mark.django_db
def test_the_beginning_of_a_time_counts_and_its_end_does_not() -> None:
    edition = an_edition()
    rows = [a_mail(edition, at=NOON + n * HOUR) for n in range(10)]
    wanted = LogFilter(since=NOON + 3 * HOUR, until=NOON + 6 * HOUR)
    assert everything(wanted, 2) == [rows[5].pk, rows[4].pk, rows[3].pk]


@pytest.mark.django_db
def test_rows_written_slightly_out_of_order_are_found_by_time() -> None:
    edition = an_edition()
    minutes = [0, 1, 2, 9, 3, 4, 8, 5, 60, 61]
    rows = {minute: a_mail(edition, at=NOON + timedelta(minutes=minute)) for minute in minutes}
    wanted = LogFilter(since=NOON + timedelta(minutes=3), until=NOON + timedelta(minutes=9))
    assert set(everything(wanted, 3)) == {rows[minute].pk for minute in (3, 4, 5, 8)}


@pytest.mark.django_db
def test_a_time_before_or_after_everything_finds_nothing() -> None:
    edition = an_edition()
    a_mail(edition)
    assert everything(LogFilter(until=NOON - 24 * HOUR), 10) == []
    assert everything(LogFilter(since=NOON + 24 * HOUR), 10) == []


@pytest.mark.django_db
def test_an_empty_log_has_one_empty_page() -> None:
    assert log.page(LogFilter(since=NOON, until=NOON + HOUR)) == log.Page((), None)


# One edition of 100,000 mails whose failures are all old, one small newer edition, and a channel: the distribution
# that misleads a planner that takes values for evenly spread.
FILL = """
INSERT INTO delivery_delivery
    (edition_id, address, state, due_at, fence, attempts, idempotency_key, remote_id, remote_url, enhanced, reason, created_at)
SELECT %(edition)s, 'Reader' || n || '@example' || (n %% 97) || '.org',
       CASE WHEN n <= 10000 THEN 'failed' ELSE 'sent' END,
       %(at)s + n * interval '1 second', 0, 1, '', '', '', '', '', %(at)s + n * interval '1 second'
FROM generate_series(1, %(count)s) AS n
"""
ROWS = 100_000
FEW = 4 * log.PAGE_ROWS


def rows_read(wanted: LogFilter, after: Cursor | None = None) -> tuple[int, set[str]]:
    """How many rows the plans of a page truly read, and from which indexes (a whole table is named “table”)."""
    with CaptureQueriesContext(connection) as asked:
        log.page(wanted, after)
    count, names = 0, set[str]()
    for sql in [each["sql"] for each in asked if "AS walked" in each["sql"]]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}")
            plan = cursor.fetchone()[0][0]["Plan"]
        more, others = _walk(plan)
        count, names = count + more, names | others
    return count, names


def _walk(node: dict[str, object]) -> tuple[int, set[str]]:
    count, names = 0, set()
    if "Relation Name" in node or "Index Name" in node:
        filtered = int(str(node.get("Rows Removed by Filter", 0)))
        count = (int(float(str(node["Actual Rows"]))) + filtered) * int(float(str(node["Actual Loops"])))
        names = {str(node.get("Index Name", "table"))}
    for child in node.get("Plans", []):  # type: ignore[attr-defined]  # EXPLAIN's own shape
        more, others = _walk(child)
        count, names = count + more, names | others
    return count, names


@pytest.mark.slow
@pytest.mark.django_db
def test_every_filter_walks_its_own_index_and_reads_few_rows_however_old_they_are() -> None:
    old, new, channel = an_edition(), an_edition(), a_channel()
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"edition": old.pk, "at": NOON, "count": ROWS})
        cursor.execute(FILL, {"edition": new.pk, "at": NOON + timedelta(days=30), "count": 20_000})
        cursor.execute("UPDATE delivery_delivery SET state = 'queued' WHERE edition_id = %s", [new.pk])
        cursor.execute("ANALYZE delivery_delivery")
    post = a_post(channel=channel)
    for part in range(80):
        a_post_delivery(post, part)
    middle = Delivery.objects.order_by("pk").values_list("pk", flat=True)[ROWS // 2]
    cases = [
        (LogFilter(), None, "delivery_delivery_pkey"),
        (LogFilter(), Cursor(middle), "delivery_delivery_pkey"),
        (LogFilter(states=("failed",)), None, "delivery_state"),
        (LogFilter(states=("sent",)), Cursor(middle), "delivery_state"),
        (LogFilter(states=("complained",)), None, "delivery_state"),
        (LogFilter(edition_id=old.pk), None, "delivery_edition"),
        (LogFilter(edition_id=old.pk), Cursor(middle), "delivery_edition"),
        (LogFilter(edition_id=old.pk, states=("failed",)), None, "delivery_edition"),
        (LogFilter(edition_id=new.pk), None, "delivery_edition"),
        (LogFilter(edition_id=new.pk, states=("queued",)), None, "delivery_edition"),
        (LogFilter(channel_id=channel.pk), None, "delivery_channel"),
        (LogFilter(address="reader777"), None, "delivery_address_folded"),
        (LogFilter(address="reader"), Cursor(middle, "reader5@example5.org"), "delivery_address_folded"),
        (LogFilter(since=NOON + HOUR, until=NOON + 2 * HOUR), None, "delivery_delivery_pkey"),
        (LogFilter(states=("sent",), since=NOON + HOUR, until=NOON + 20 * HOUR), None, "delivery_state"),
    ]
    for wanted, after, index in cases:
        count, names = rows_read(wanted, after)
        slack = int(SLACK.total_seconds()) if wanted.until else 0  # one row a second lies in the slack
        partial = {
            "delivery_mail_queue",
            "delivery_leases",
            "delivery_unknown",
            "delivery_handed",
        }  # taken for a state that nothing is in
        assert index in names, (wanted, names)
        assert names <= {index, *(partial if wanted.edition_id else ())}, (wanted, names)
        assert count <= FEW + slack, (wanted, count)
