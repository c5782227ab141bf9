"""From the sorted rows into subscribers, subscriptions and consents, chunk by chunk.

Each chunk is a transaction of its own (about a second, and its row locks with it), and what is there already is `unchanged`
when it comes again. So an import that died is simply run again, with the same end; one transaction over a million rows would
hold back vacuum for a minute and lose all at its last second.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from publisher.audience import erased
from publisher.audience.importing import statements
from publisher.audience.importing.outcome import MOST_SHOWN, Outcome, Plan, Progress, Verdict

CHUNK = 50_000
_TRIES = 5
_MANY = 10_000
_REMEMBERED = 100_000
_NEW = (Verdict.ADDED, Verdict.SUBSCRIBED)


def load(cursor: Any, plan: Plan, outcome: Outcome, *, now: datetime, progress: Progress) -> None:
    """Write the rows that `staging.sort` has numbered, or in a dry run only judge them."""
    for after in range(0, outcome.staged, CHUNK):
        _forget_choices(cursor)
        values = {
            "digest": plan.offer.digest_id,
            "now": now,
            "consent": plan.consent,
            "language": plan.language,
            "update": plan.update,
            "dry": plan.dry,
            "after": after,
            "to": after + CHUNK,
            "has_tags": "tags" in outcome.columns,
            "tag": plan.tag_id,
            "most": MOST_SHOWN - len(outcome.passed_over),
        }
        counts, passed_over = _chunk(cursor, plan, values)
        outcome.rows += counts
        outcome.passed_over += passed_over
        progress("writing", min(after + CHUNK, outcome.staged), outcome.staged)
    outcome.passed_over.sort(key=lambda row: row["line"])
    if not plan.dry and sum(outcome.rows[verdict] for verdict in _NEW) > _MANY:
        # Autovacuum comes within a minute; until then the planner would take the tables for empty.
        cursor.execute(
            "ANALYZE audience_subscriber, audience_subscription, audience_selection, audience_consent"
        )


def _forget_choices(cursor: Any) -> None:
    """Choices are remembered from chunk to chunk, as most are made again; where nobody chose like another they only grow."""
    cursor.execute(statements.COUNT_CHOICES)
    if cursor.fetchone()[0] > _REMEMBERED:
        cursor.execute(statements.CLEAR_CHOICES)


def _chunk(cursor: Any, plan: Plan, values: dict[str, Any]) -> tuple[Counter[Verdict], list[dict[str, Any]]]:
    """One chunk, again when somebody signed up for it in this very moment."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                cursor.execute(statements.BEGIN)
                counts = _judge(cursor, plan, values)
                if not plan.dry:
                    _write(cursor, plan, values, counts)
                passed_over = _passed_over(cursor, values) if values["most"] else []
                return counts, passed_over
        except IntegrityError:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


def _judge(cursor: Any, plan: Plan, values: dict[str, Any]) -> Counter[Verdict]:
    """Whether anybody was erased is asked for each chunk: the first ever may be while a list is written."""
    cursor.execute(statements.CLEAR)
    cursor.execute(statements.JUDGE, values | {"salt": erased.salt_if_any()})
    if not plan.dry:
        cursor.execute(statements.HOLD)
    cursor.execute(statements.NOTE_CHOICES, values)
    if plan.update:
        cursor.execute(statements.FIND_UPDATES)
    cursor.execute(statements.COUNT)
    return Counter({Verdict(verdict): count for verdict, count in cursor.fetchall()})


def _write(cursor: Any, plan: Plan, values: dict[str, Any], counts: Counter[Verdict]) -> None:
    cursor.execute(statements.ADD_SELECTIONS)
    cursor.execute(statements.FIND_SELECTIONS)
    if counts[Verdict.ADDED]:
        cursor.execute(statements.ADD_SUBSCRIBERS, values)
    if counts[Verdict.SUBSCRIBED]:
        cursor.execute(statements.ACTIVATE)
    if any(counts[verdict] for verdict in _NEW):
        cursor.execute(statements.ADD_SUBSCRIPTIONS, values)
        cursor.execute(statements.ADD_CONSENTS, values)
    if plan.update:
        cursor.execute(statements.CHANGE_CHOICES, values)
        cursor.execute(statements.CHANGE_PEOPLE)
    if values["has_tags"]:
        cursor.execute(statements.MAKE_TAGS, values)
        cursor.execute(statements.ADD_TAGS, values)
    if plan.tag_id:
        cursor.execute(statements.TAG_ALL, values)


def _passed_over(cursor: Any, values: dict[str, Any]) -> list[dict[str, Any]]:
    cursor.execute(statements.SHOW_PASSED_OVER, values)
    return [
        {"line": line, "why": verdict} | ({"first_line": first} if verdict == Verdict.DUPLICATE else {})
        for line, verdict, first in cursor.fetchall()
    ]
