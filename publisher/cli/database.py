"""The database as a command finds it: servers running, migrations applied, failures in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError as BrokerError

from publisher.core.embedded import running
from publisher.core.embedded.postgres import EmbeddedPostgres
from publisher.core.embedded.running import ensure_servers
from publisher.core.errors import UserError

MIGRATION_LOCK = 7_261_990_114_733  # a number of our own for pg_advisory_lock: one migrates, the others wait


@contextmanager
def servers(command: str, *, migrated: bool) -> Iterator[None]:
    """Run the block with the servers there, and if asked with the newest migrations."""
    with ensure_servers(settings.ENVIRONMENT, command=command), _in_plain_words():
        if migrated:
            _require_migrations()
        yield


@contextmanager
def servers_alone(command: str) -> Iterator[None]:
    """Run the block with the servers there, embedded ones for us alone, whatever is in the database."""
    with running.servers_alone(settings.ENVIRONMENT, command=command), _in_plain_words():
        yield


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """A server that is away is said in a line, and the connection is closed."""
    try:
        yield
    except (OperationalError, psycopg.OperationalError) as error:
        raise UserError(
            f"The database does not answer: {str(error).strip().splitlines()[0]}",
            "See `publisher status`; check PUBLISHER_DATABASE_URL.",
        ) from error
    except (redis.ConnectionError, redis.TimeoutError, BrokerError) as error:
        raise UserError(
            f"Redis does not answer: {error}", "See `publisher status`; check PUBLISHER_REDIS_URL."
        ) from error
    finally:
        connection.close()


def require_installation() -> None:
    """For programs that others start, who may not know where the data is: never make a second installation beside the first.
    Raises `UserError`."""
    folder = settings.ENVIRONMENT.data_dir.resolve()
    if not settings.ENVIRONMENT.database_url and not (folder / EmbeddedPostgres.name / "PG_VERSION").exists():
        raise UserError(
            f"There is no installation in {folder}.",
            "Name its folder in PUBLISHER_DATA_DIR, or its database in PUBLISHER_DATABASE_URL.",
        )


def migrate(verbosity: int = 0) -> int:
    """Apply what is missing; how many migrations that was. Commands that do it at once take turns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            missing = len(missing_migrations())
            call_command("migrate", interactive=False, verbosity=verbosity)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    return missing


def missing_migrations() -> list[str]:
    """Names of the migrations that the database lacks, in their order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def _require_migrations() -> None:
    missing = missing_migrations()
    if not missing:
        return
    if settings.ENVIRONMENT.database_url:
        raise UserError(f"The database lacks {len(missing)} migrations.", "Run `publisher migrate`.")
    migrate()
