"""Whether the database has every migration that this code needs. Asked by /readyz."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def missing_migrations() -> list[str]:
    """Names of the migrations that the database lacks, in their order. Raises OperationalError."""
    if _all_there:
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    missing = [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
    _all_there.extend([True] if not missing else [])
    return missing


_all_there: list[bool] = []
