"""Keeping mail in one SQLite file. What comes in is written in groups; subjects are read when there is time for it."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from publisher.demo.mailbox.reading import Summary, summary

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY,
    received REAL NOT NULL,
    mail_from TEXT NOT NULL,
    rcpt_to TEXT NOT NULL,
    size INTEGER NOT NULL,
    sender TEXT,
    subject TEXT,
    search TEXT,
    data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS message_unread ON message (id) WHERE search IS NULL;
"""
PAGE = 50
READ_AT_ONCE = 200


@dataclass(frozen=True)
class Line:
    """A message as the list shows it. `received` is UTC."""

    id: int
    received: datetime
    mail_from: str
    rcpt_to: str
    size: int
    sender: str
    subject: str


class Store:
    """The messages of one folder. Used from one thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "mailbox.sqlite3", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")  # a demo's mail may be lost with the machine
        self._db.executescript(SCHEMA)
        self._new: list[tuple[float, str, str, int, bytes]] = []
        self._known = int(self._db.execute("SELECT count(*) FROM message").fetchone()[0])
        self.last_kept = 0.0

    def keep(self, mail_from: str, recipients: list[str], data: bytes) -> None:
        """Remember a message; `flush` writes it."""
        self.last_kept = time.monotonic()
        received = datetime.now(UTC).timestamp()
        self._new += [(received, mail_from, recipient, len(data), data) for recipient in recipients]

    def flush(self) -> None:
        """Write what is new."""
        if not self._new:
            return
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO message (received, mail_from, rcpt_to, size, data) VALUES (?, ?, ?, ?, ?)", self._new
        )
        self._db.execute("COMMIT")
        self._known += len(self._new)
        self._new = []

    def read_some(self, most: int = READ_AT_ONCE) -> int:
        """Read the headers of messages not yet read; how many that were."""
        rows = self._db.execute(
            "SELECT id, mail_from, rcpt_to, data FROM message WHERE search IS NULL ORDER BY id DESC LIMIT ?",
            [most],
        ).fetchall()
        if rows:
            self._db.execute("BEGIN")
            self._db.executemany(
                "UPDATE message SET sender = ?, subject = ?, search = ? WHERE id = ?",
                [_index(row, summary(row[3])) for row in rows],
            )
            self._db.execute("COMMIT")
        return len(rows)

    def count(self) -> int:
        return self._known + len(self._new)

    def page(self, words: str = "", before: int | None = None) -> list[Line]:
        """Up to PAGE + 1 messages, newest first, that hold all `words` in subject, name or address."""
        self.flush()
        while self.read_some() and words:
            pass
        where, values = ["id < ?"], [before or 1 << 62]
        parameters: list[str | int] = [*values]
        for word in words.lower().split():
            where.append("instr(search, ?) > 0")
            parameters.append(word)
        rows = self._db.execute(
            "SELECT id, received, mail_from, rcpt_to, size, sender, subject FROM message "  # noqa: S608 - fixed texts
            f"WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT {PAGE + 1}",
            parameters,
        )
        return [_line(row) for row in rows]

    def message(self, number: int) -> tuple[Line, bytes] | None:
        self.flush()
        row = self._db.execute(
            "SELECT id, received, mail_from, rcpt_to, size, sender, subject, data FROM message WHERE id = ?",
            [number],
        ).fetchone()
        if row is None:
            return None
        line, data = _line(row[:7]), row[7]
        if row[6] is None:  # its turn to be read has not come yet
            read = summary(data)
            line = replace(line, sender=read.sender, subject=read.subject)
        return line, data

    def close(self) -> None:
        self.flush()
        self._db.close()


def _index(row: tuple[int, str, str, bytes], read: Summary) -> tuple[str, str, str, int]:
    words = " ".join((row[1], row[2], read.sender, read.to, read.subject)).lower()
    return read.sender, read.subject, words, row[0]


def _line(row: tuple[int, float, str, str, int, str | None, str | None]) -> Line:
    return Line(
        row[0], datetime.fromtimestamp(row[1], UTC), row[2], row[3], row[4], row[5] or row[2], row[6] or ""
    )
