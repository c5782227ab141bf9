"""The databases of the server that the settings name, seen from beside: made, dropped, and put in each other's place.

A database is replaced by renaming: both names change in one transaction, so there is never none and never half of one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from publisher.backup import programs
from publisher.core.errors import UserError

MAINTENANCE = ("postgres", "template1")
"""Databases of every server that one may be connected to while others are made and renamed."""

LONGEST_NAME = 50
OTHERS_SECONDS = 20.0
POLL_SECONDS = 0.5

OTHERS = """
SELECT COALESCE(usename, 'somebody'), COALESCE(application_name, ''), COALESCE(host(client_addr), '')
FROM pg_stat_activity
WHERE datname = %s AND pid <> pg_backend_pid() AND COALESCE(backend_type, 'client backend') = 'client backend'
ORDER BY pid
"""


@dataclass(frozen=True)
class Server:
    """A connection to a maintenance database, and the name of the database of the settings."""

    session: psycopg.Connection[Any]
    name: str

    @property
    def fresh(self) -> str:
        """What a restore is put into before it takes its place."""
        return f"{self.name[:LONGEST_NAME]}_restoring"

    @property
    def aside(self) -> str:
        """What the replaced database is called afterwards."""
        return f"{self.name[:LONGEST_NAME]}_replaced"

    @property
    def major(self) -> int:
        return self.session.info.server_version // 10000

    def exists(self, name: str) -> bool:
        return bool(self._ask("SELECT 1 FROM pg_database WHERE datname = %s", name))

    def others(self) -> list[str]:
        """Who is connected to the database of the settings, besides this session."""
        rows = self.session.execute(OTHERS, [self.name]).fetchall()
        return [
            user + (f" from {host}" if host else "") + (f" ({program})" if program else "")
            for user, program, host in rows
        ]

    def require_rights(self) -> None:
        """Raises `UserError` when this login may not make a database, or not rename the one that there is."""
        user, may_create = self._ask(
            "SELECT current_user, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        ) or ("", False)
        if not may_create:
            raise UserError(
                f"The login {user} may not create databases on this server, and a restore needs a fresh one.",
                f"Let an administrator run `ALTER ROLE {user} CREATEDB`, restore, then `ALTER ROLE {user} NOCREATEDB`.",
            )
        owner = self._ask(
            "SELECT pg_get_userbyid(datdba), pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = %s",
            self.name,
        )
        if owner and not owner[1]:
            raise UserError(
                f"The database {self.name} belongs to {owner[0]}, so the login {user} may not replace it.",
                f"Let an administrator run `ALTER DATABASE {self.name} OWNER TO {user}`.",
            )

    def create_fresh(self) -> None:
        """An empty database, with the encoding and locale of the one that it is to replace. What a killed restore left in its
        place is dropped."""
        self.drop(self.fresh)
        self.session.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}").format(
                sql.Identifier(self.fresh), self._locale()
            )
        )

    def drop(self, name: str) -> None:
        self.session.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))

    def swap(self) -> bool:
        """Put the fresh database in the place of the present one, which is kept aside; whether there was one.

        What was kept aside before is dropped. Raises `UserError` when somebody stays connected to the present one.
        """
        self._wait_for_others()
        replaced = self.exists(self.name)
        if replaced:
            self.drop(self.aside)
        try:
            with self.session.transaction():
                if replaced:
                    self._rename(self.name, self.aside)
                self._rename(self.fresh, self.name)
        except psycopg.errors.ObjectInUse as error:
            raise self.in_use() from error
        return replaced

    def in_use(self) -> UserError:
        """What a person is told while others use the database."""
        who = "; ".join(self.others()) or "somebody who has just left"
        return UserError(
            f"The database {self.name} is in use: {who}.",
            "Stop `publisher up`, web, worker and beat on every host, then restore.",
        )

    def _wait_for_others(self) -> None:
        deadline = time.monotonic() + OTHERS_SECONDS
        while self.others():
            if time.monotonic() > deadline:
                raise self.in_use()
            time.sleep(POLL_SECONDS)

    def _rename(self, old: str, new: str) -> None:
        self.session.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
        )

    def _locale(self) -> sql.Composable:
        """Empty when there is no database yet: then the server's own choice is taken."""
        column = "datlocale" if self.major >= 17 else "daticulocale"
        row = self._ask(
            "SELECT pg_encoding_to_char(encoding), datlocprovider, datcollate, datctype, "  # noqa: S608 - two words of ours
            f"{column} FROM pg_database WHERE datname = %s",
            self.name,
        )
        if row is None:
            return sql.SQL("")
        encoding, provider, collate, ctype, locale = row
        words = [
            sql.SQL("ENCODING {} LC_COLLATE {} LC_CTYPE {}").format(
                sql.Literal(encoding), sql.Literal(collate), sql.Literal(ctype)
            )
        ]
        named = {"i": "LOCALE_PROVIDER icu ICU_LOCALE {}", "b": "LOCALE_PROVIDER builtin BUILTIN_LOCALE {}"}
        if provider in named:
            words.append(sql.SQL(named[provider]).format(sql.Literal(locale)))
        return sql.SQL(" ").join(words)

    def _ask(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self.session.execute(statement, values).fetchone()
        return row


@contextmanager
def beside() -> Iterator[Server]:
    """The server, for one restore at a time. Raises `UserError` when another is at work, `psycopg.Error` without a server."""
    name = str(connection.settings_dict["NAME"])
    with _maintenance(name) as session:
        mine = session.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"publisher.restore.{name}"]
        ).fetchone()
        if not mine or not mine[0]:
            raise UserError(f"Another restore of the database {name} is at work.", "Wait until it has ended.")
        yield Server(session, name)


@contextmanager
def working_on(name: str) -> Iterator[None]:
    """Django works on another database of the same server inside the block."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _maintenance(name: str) -> psycopg.Connection[Any]:
    parameters = programs.libpq_parameters()
    last: psycopg.Error | None = None
    for database in MAINTENANCE:
        if database == name:
            continue
        try:
            return psycopg.connect(make_conninfo("", **parameters | {"dbname": database}), autocommit=True)
        except psycopg.OperationalError as error:
            last = error
    raise last or psycopg.OperationalError("There is no maintenance database.")
