"""How fast an edition leaves, when it will be done, and what servers answer. Bounded: a million rows are never counted.

The latest tries are read by their ids, newest first, and the refusals of the edition along the index of its deliveries by state;
of both a fixed number at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from publisher.delivery.progress import to_go
from publisher.delivery.states import State
from publisher.digests.models import Edition

LATEST: Final = 3_000
"""Tries that are looked at for the rate: some milliseconds."""
OVER: Final = timedelta(minutes=3)
REFUSALS: Final = 20_000
MOST_CODES: Final = 8
MOST_DOMAINS: Final = 6

# The latest tries of all mail, of which those of the edition count. With fewer of them than LATEST in the time the rate is
# exact; else it is that of the stretch which the latest cover.
RATE = """
SELECT count(*) FILTER (WHERE d.edition_id = %(edition)s AND t.outcome = 'sent' AND t.started_at >= %(since)s),
       min(t.started_at), count(*)
FROM (SELECT delivery_id, started_at, outcome FROM delivery_attempt ORDER BY id DESC LIMIT %(latest)s) t
JOIN delivery_delivery d ON d.id = t.delivery_id
"""
# Backwards along (edition, state, id DESC): in any other order all that was sent would be sorted, every two seconds.
FIRST_SENT = """
SELECT min(sent_at) FROM (
    SELECT sent_at FROM delivery_delivery WHERE edition_id = ANY(%(editions)s::bigint[]) AND state = 'sent'
    ORDER BY edition_id DESC, state DESC, id LIMIT 200
) first
"""
REFUSED = """
SELECT state, code, enhanced, domain, count(*) FROM (
    SELECT state, code, enhanced, lower(split_part(address, '@', 2)) AS domain FROM (
        (SELECT id, state, code, enhanced, address FROM delivery_delivery
         WHERE edition_id = %(edition)s AND state = 'failed' ORDER BY id DESC LIMIT %(most)s)
        UNION ALL
        (SELECT id, state, code, enhanced, address FROM delivery_delivery
         WHERE edition_id = %(edition)s AND state = 'bounced' ORDER BY id DESC LIMIT %(most)s)
    ) refused
) named GROUP BY state, code, enhanced, domain
"""
POSTPONED = """
SELECT t.code, t.enhanced, count(*) FROM (
    SELECT delivery_id, outcome, code, enhanced FROM delivery_attempt ORDER BY id DESC LIMIT %(latest)s
) t JOIN delivery_delivery d ON d.id = t.delivery_id
WHERE d.edition_id = %(edition)s AND t.outcome = 'queued' AND t.code IS NOT NULL GROUP BY t.code, t.enhanced
"""


@dataclass(frozen=True)
class Rate:
    """Mails a minute: over the last minutes, and on average since the first left. `left`: the time until all have left, by the
    rate of now and not before the last wave is due; None when nothing leaves now."""

    now: float
    average: float
    left: timedelta | None


@dataclass(frozen=True)
class Answer:
    """So many mails with one answer: `code` and `enhanced` of the server (0 and "" when nobody answered)."""

    state: str
    code: int
    enhanced: str
    mails: int


@dataclass(frozen=True)
class Refusals:
    """What was refused, by answer and by domain, the most first. `all_of_them`: no more were there than were looked at."""

    by_answer: tuple[Answer, ...]
    by_domain: tuple[tuple[str, int], ...]
    postponed: tuple[Answer, ...]
    all_of_them: bool


def rate_of(edition: Edition, *, done: int, waits: int, now: datetime) -> Rate | None:
    """How fast it leaves; None unless it is being sent and something has left. `done` have left, `waits` are still to leave."""
    if edition.state != Edition.State.SENDING or not done:
        return None
    values: dict[str, Any] = {
        "edition": edition.pk,
        "editions": [edition.pk],
        "since": now - OVER,
        "latest": LATEST,
    }
    with connection.cursor() as cursor:
        cursor.execute(RATE, values)
        sent, oldest, seen = cursor.fetchone()
        cursor.execute(FIRST_SENT, values)
        (first,) = cursor.fetchone()
    since = max(oldest, now - OVER) if seen >= LATEST and oldest else now - OVER
    begun = max(first, since) if first else since
    later = [(wave.due_at - now, wave.queued) for wave in to_go(edition, now).waves]
    return rate(sent=sent, over=now - begun, done=done, first=first, waits=waits, now=now, later=later)


def rate(
    *,
    sent: int,
    over: timedelta,
    done: int,
    first: datetime | None,
    waits: int,
    now: datetime,
    later: Sequence[tuple[timedelta, int]] = (),
) -> Rate:
    """Decide. `sent` left within `over`; `done` since `first`. Of those that wait `later` are not due yet: in how long, and how
    many. Pure."""
    per_minute = 60 * sent / max(over.total_seconds(), 1.0)
    average = 60 * done / max((now - first).total_seconds(), 1.0) if first else 0.0
    return Rate(per_minute, average, _until_done(per_minute, waits, later))


def _until_done(per_minute: float, waits: int, later: Sequence[tuple[timedelta, int]]) -> timedelta | None:
    if not per_minute or not waits:
        return None
    left = timedelta(minutes=(waits - sum(mails for _after, mails in later)) / per_minute)
    for after, mails in sorted(later):
        left = max(left, after) + timedelta(minutes=mails / per_minute)
    return left


def refusals_of(edition: Edition) -> Refusals:
    """What servers refused for good, and of the latest tries what they put off."""
    values = {"edition": edition.pk, "most": REFUSALS, "latest": LATEST}
    with connection.cursor() as cursor:
        cursor.execute(REFUSED, values)
        rows = cursor.fetchall()
        cursor.execute(POSTPONED, values)
        later = cursor.fetchall()
    answers: dict[tuple[str, int, str], int] = {}
    domains: dict[str, int] = {}
    by_state: dict[str, int] = {}
    for state, code, enhanced, domain, mails in rows:
        answers[state, code or 0, enhanced] = answers.get((state, code or 0, enhanced), 0) + mails
        domains[domain] = domains.get(domain, 0) + mails
        by_state[state] = by_state.get(state, 0) + mails
    return Refusals(
        _most([Answer(*key, mails) for key, mails in answers.items()]),
        tuple(sorted(domains.items(), key=lambda each: (-each[1], each[0]))[:MOST_DOMAINS]),
        _most([Answer(State.QUEUED.value, code, enhanced, mails) for code, enhanced, mails in later]),
        all(mails < REFUSALS for mails in by_state.values()),
    )


def _most(answers: list[Answer]) -> tuple[Answer, ...]:
    ordered = sorted(answers, key=lambda each: (-each.mails, each.code, each.enhanced, each.state))
    return tuple(ordered[:MOST_CODES])
