"""The few figures by which a person knows a database: for the manifest, and before one is replaced. Raw SQL on purpose: a
database may be older than the models.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from pydantic import BaseModel, ConfigDict

MIGRATIONS = "django_migrations"
MARK = "core_auditentry"
"""A table by which a database of Publisher is known."""

# Sums over a few rows, counts of short tables, and the newest row of long ones by its key: no long table is read.
COUNTS = {
    "items": ("items_item", "SELECT count(*) FROM items_item"),
    "subscribers": ("audience_subscriber", "SELECT count(*) FROM audience_subscriber"),
    "editions": ("digests_edition", "SELECT count(*) FROM digests_edition"),
    "posts": ("social_post", "SELECT count(*) FROM social_post"),
    "deliveries": ("delivery_tally", "SELECT COALESCE(sum(n), 0) FROM delivery_tally"),
}
NEWEST_ITEM = ("items_item", "SELECT received_at FROM items_item ORDER BY id DESC LIMIT 1")
LAST_TRY = ("delivery_attempt", "SELECT started_at FROM delivery_attempt ORDER BY id DESC LIMIT 1")


class Facts(BaseModel):
    """How much a database holds. `last_try`: when a message was last handed over, successfully or not."""

    model_config = ConfigDict(frozen=True)

    counts: dict[str, int]
    newest_item: datetime | None
    last_try: datetime | None


def has_tables() -> bool:
    """Whether there is anything in the database."""
    return bool(connection.introspection.table_names())


def is_publishers() -> bool:
    """Whether the tables in it are those of Publisher."""
    return {MIGRATIONS, MARK} <= set(connection.introspection.table_names())


def facts() -> Facts:
    """Of the database that Django is connected to; what is counted in tables that it lacks is left out."""
    tables = set(connection.introspection.table_names())
    return Facts(
        counts={name: int(_ask(sql) or 0) for name, (table, sql) in COUNTS.items() if table in tables},
        newest_item=_ask(NEWEST_ITEM[1]) if NEWEST_ITEM[0] in tables else None,
        last_try=_ask(LAST_TRY[1]) if LAST_TRY[0] in tables else None,
    )


def migrations() -> tuple[str, ...]:
    """The migrations that the database has, as `app.name`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY app, name")
        return tuple(row[0] for row in cursor.fetchall())


def _ask(sql: str) -> Any:
    """A figure or a time, as the statement says; None when there is no row."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row[0] if row else None
