"""Counting a day's deliveries into `DayCount` and `DaySpeed`, which the dashboard reads instead of millions of rows.

A day is one of UTC, by when a message was sent, else settled. A state may change days later (a bounce, a complaint), so recent
days are counted again: the present one at each turn, and one older day a turn, round and round.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

TURN = timedelta(minutes=5)
LOOKED_BACK_DAYS = 30
"""So late a bounce or complaint still finds its day. Older days stay as they were counted last."""
NAMED_DOMAINS = 30
OTHERS = "*"
"""All domains beyond the largest of a day, together."""
_LOCK = 7_302_114

# The index delivery_when (BRIN) finds the day's blocks. Copies for the office and tests are no statistics.
COUNT = """
WITH day AS (
    SELECT delivery.state, delivery.channel_id, edition.digest_id,
           CASE WHEN delivery.edition_id IS NULL THEN '' ELSE lower(split_part(delivery.address, '@', -1)) END AS domain
    FROM delivery_delivery delivery LEFT JOIN digests_edition edition ON edition.id = delivery.edition_id
    WHERE coalesce(delivery.sent_at, delivery.settled_at) >= %(begin)s
      AND coalesce(delivery.sent_at, delivery.settled_at) < %(end)s AND delivery.purpose = 'reader'
), counted AS (
    SELECT digest_id, channel_id, domain, state, count(*) AS n FROM day GROUP BY 1, 2, 3, 4
), ranked AS (
    SELECT domain, row_number() OVER (ORDER BY sum(n) DESC, domain) AS place FROM counted WHERE domain <> '' GROUP BY domain
)
INSERT INTO delivery_daycount (day, digest_id, channel_id, domain, state, n)
SELECT %(day)s, digest_id, channel_id, CASE WHEN place > %(named)s THEN %(others)s ELSE counted.domain END, state, sum(n)
FROM counted LEFT JOIN ranked USING (domain) GROUP BY 2, 3, 4, 5
"""

# From item to inbox: of an edition, from each of its items to the edition's middle mail; of a post, from its item to it. What
# was scheduled on purpose counts in: that is how long readers wait. `late` is the service's own part: from due to sent.
SPEED = """
WITH mails AS (
    SELECT delivery.edition_id, count(*) AS n,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY sent_at) AS middle,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - due_at)) AS late
    FROM delivery_delivery delivery
    WHERE coalesce(sent_at, settled_at) >= %(begin)s AND coalesce(sent_at, settled_at) < %(end)s
      AND sent_at IS NOT NULL AND edition_id IS NOT NULL AND purpose = 'reader' GROUP BY 1
), of_digests AS (
    SELECT edition.digest_id, max(mails.n) AS n, max(mails.late[1]) AS late_p50, max(mails.late[2]) AS late_p95,
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP
               (ORDER BY extract(epoch FROM mails.middle - item.first_received_at)) AS waited
    FROM mails JOIN digests_edition edition ON edition.id = mails.edition_id
    JOIN digests_editionitem held ON held.edition_id = edition.id JOIN items_item item ON item.id = held.item_id
    GROUP BY 1
), of_channels AS (
    SELECT delivery.channel_id, count(*) AS n,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP
               (ORDER BY extract(epoch FROM delivery.sent_at - delivery.due_at)) AS late,
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP
               (ORDER BY extract(epoch FROM delivery.sent_at - item.first_received_at)) AS waited
    FROM delivery_delivery delivery JOIN social_post post ON post.id = delivery.post_id
    JOIN items_item item ON item.id = post.item_id
    WHERE coalesce(delivery.sent_at, delivery.settled_at) >= %(begin)s
      AND coalesce(delivery.sent_at, delivery.settled_at) < %(end)s AND delivery.sent_at IS NOT NULL GROUP BY 1
)
INSERT INTO delivery_dayspeed (day, digest_id, channel_id, n, waited_p50, waited_p90, late_p50, late_p95)
SELECT %(day)s, digest_id, NULL, n, waited[1], waited[2], late_p50, late_p95 FROM of_digests
UNION ALL SELECT %(day)s, NULL, channel_id, n, waited[1], waited[2], late[1], late[2] FROM of_channels
"""


def count_day(day: date) -> None:
    """Count one day anew. Two at once wait for each other."""
    begin = datetime.combine(day, time(), UTC)
    values: dict[str, Any] = {
        "day": day,
        "begin": begin,
        "end": begin + timedelta(days=1),
        "named": NAMED_DOMAINS,
        "others": OTHERS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("DELETE FROM delivery_daycount WHERE day = %s", [day])
        cursor.execute("DELETE FROM delivery_dayspeed WHERE day = %s", [day])
        cursor.execute(COUNT, values)
        cursor.execute(SPEED, values)


def days_of_turn(now: datetime, *, kept_days: int = LOOKED_BACK_DAYS + 1) -> list[date]:
    """Which days are counted at this turn: the present one, and one of the `LOOKED_BACK_DAYS` before it. Pure.

    Deliveries are kept for `kept_days`: a day of which some may be deleted already keeps the counts that it has.

    Each day comes at its own turn of a round, so that none is passed over when midnight falls within one. In the first hour the
    day before is counted each time: what left just before midnight belongs to it.
    """
    today = now.astimezone(UTC).date()
    turn = int(now.timestamp() // TURN.total_seconds()) % LOOKED_BACK_DAYS
    back = (today.toordinal() - 1 - turn) % LOOKED_BACK_DAYS + 1
    yesterday = {today - timedelta(days=1)} if now.astimezone(UTC).hour == 0 else set()
    whole = today - timedelta(days=kept_days - 1)
    return sorted(day for day in {today - timedelta(days=back), today} | yesterday if day >= whole)


def count(*, now: datetime) -> list[date]:
    """One turn. Answers the days that were counted."""
    days = days_of_turn(now, kept_days=settings.KEEP_DELIVERIES_DAYS)
    for day in days:
        count_day(day)
    return days
