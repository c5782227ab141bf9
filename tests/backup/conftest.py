"""A database of its own for each test of backups: restores move its sequences, and replace it by renaming."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
from django.db import connection
from psycopg import sql

from publisher.core.embedded import addresses
from tests.backup.steps import NAME, drop
from tests.conftest import DATA_DIR

World = psycopg.Connection[Any]


@pytest.fixture
def world(transactional_db: None, inbox: redis.Redis) -> Iterator[World]:
    """Django works on an empty database `world` with all migrations, and on an empty Redis. Gives a connection to the server,
    beside that database."""
    template = str(connection.settings_dict["NAME"])
    with psycopg.connect(addresses.postgres_url(DATA_DIR, "postgres"), autocommit=True) as server:
        connection.close()
        drop(server)
        # A thread of an earlier test may have left its session behind.
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template]
        )
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(NAME), sql.Identifier(template))
        )
        connection.settings_dict["NAME"] = NAME
        try:
            yield server
        finally:
            connection.close()
            connection.settings_dict["NAME"] = template
            drop(server)
