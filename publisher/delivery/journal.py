"""Notes of results in Redis between an answer and its place in PostgreSQL, so that they outlive the worker that got them.

A claim begins with a header, which is waited for. Each result is then written to the socket without waiting: what the
kernel has taken reaches Redis even if this process is killed in the next instant. When a worker dies, `sweep.py` reads
what it noted. Nothing here is the only copy while the worker lives: it keeps its results until PostgreSQL has them.

A local file would be cheaper and die with its host; an UPDATE for each message costs three times as much here, and the
database a transaction for each (docs/benchmarks.md).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import redis
from redis.connection import AbstractConnection

from publisher.core.redis import client
from publisher.delivery.settle import Settlement

log = logging.getLogger(__name__)

KEPT_SECONDS = 7 * 86400
"""Notes of a claim that nobody settled; those that were settled are deleted at once."""

# The server's own name for its run goes into the header: after a restart, or on another server, notes may be missing.
BEGIN = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
redis.call('RPUSH', KEYS[1], 'claim ' .. run .. ' ' .. ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return run
"""


class JournalLost(Exception):
    """The notes cannot be written any more: the claim must end, and what it has must be settled at once."""


@dataclass(frozen=True)
class Notes:
    """What is known of a claim whose worker is gone.

    `complete`: no result can be missing but those of the messages in flight, of which there are at most `flight`, and none
    when no lane has `begun` to send it.
    """

    complete: bool
    flight: int
    settlements: tuple[Settlement, ...] = ()
    begun: bool = True


BEGUN = b"begun"
UNREADABLE = Notes(complete=False, flight=1)


def begin(fence: int, *, flight: int = 1) -> bool:
    """Begin the notes of a claim, before it is made; whether Redis has taken the header."""
    try:
        client().eval(BEGIN, 1, _key(fence), str(flight), str(KEPT_SECONDS))
    except redis.RedisError as error:
        log.warning("journal.redis_away", extra={"error": str(error)})
        return False
    return True


class Journal:
    """The writing end of one lane. It gets no answers, so that nothing unread stands in the way when its process is killed.

    `note` and `forget` may be called from different threads.
    """

    def __init__(self) -> None:
        self._connection: AbstractConnection | None = None
        self._lock = threading.Lock()
        self._beginning = 0, b""

    def begun(self, fence: int) -> None:
        """Say that something of this claim goes out from now on. Raises `JournalLost`."""
        self._send(_packed(b"RPUSH", _key(fence).encode(), BEGUN))

    def note(self, settlement: Settlement) -> None:
        """Hand one result to the kernel. Raises `JournalLost`."""
        fence, beginning = self._beginning
        if fence != settlement.fence:  # what the commands of one claim begin with is made once
            beginning = b"*3\r\n" + _words(b"RPUSH", _key(settlement.fence).encode())
            self._beginning = settlement.fence, beginning
        line = settlement.line.encode()
        self._send(b"%b$%d\r\n%b\r\n" % (beginning, len(line), line))

    def forget(self, fence: int) -> None:
        """Drop the notes of a claim whose results are in PostgreSQL. In vain when Redis is away: they end by themselves."""
        try:
            self._send(_packed(b"DEL", _key(fence).encode()))
        except JournalLost:
            log.info("journal.not_forgotten", extra={"fence": fence})

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _send(self, command: bytes) -> None:
        try:
            with self._lock:
                self._open().send_packed_command((command,), check_health=False)  # type: ignore[no-untyped-call]
        except (redis.RedisError, OSError) as error:
            with self._lock:
                self._drop()
            raise JournalLost(str(error)) from error

    def _open(self) -> AbstractConnection:
        if self._connection is None:
            pool = client().connection_pool
            connection = pool.connection_class(**pool.connection_kwargs)
            connection.connect()
            connection.send_packed_command((_packed(b"CLIENT", b"REPLY", b"OFF"),), check_health=False)
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()  # type: ignore[no-untyped-call]
        self._connection = None


def read(fences: Sequence[int]) -> Mapping[int, Notes]:
    """The notes of claims, by fence. Raises `redis.RedisError` when Redis cannot be asked: then nobody can tell."""
    pipe = client().pipeline(transaction=False)
    pipe.info("server")
    for fence in fences:
        pipe.lrange(_key(fence), 0, -1)
    about, *lists = pipe.execute()
    return {fence: notes_of(lines, run=about["run_id"]) for fence, lines in zip(fences, lists, strict=True)}


def forget(fence: int) -> None:
    """Drop the notes of a claim that no lane has begun, or that was swept. In vain when Redis is away just now: they end by
    themselves."""
    try:
        client().delete(_key(fence))
    except redis.RedisError as error:
        log.info("journal.not_forgotten", extra={"fence": fence, "error": str(error)})


def notes_of(lines: Sequence[bytes], *, run: str) -> Notes:
    """Read a list of notes. Without the header, or with that of another run of the server, results may be missing."""
    words = lines[0].decode("utf-8", "replace").split(" ") if lines else []
    has_header = len(words) == 3 and words[0] == "claim" and words[2].isdecimal()
    begun = BEGUN in lines  # behind results, when the first messages could not be built
    read_lines = [_read(line) for line in lines[1 if has_header else 0 :] if line != BEGUN]
    settlements = tuple(each for each in read_lines if each)
    if not has_header:
        return Notes(complete=False, flight=1, settlements=settlements)
    complete = words[1] == run and len(settlements) == len(read_lines)
    return Notes(complete, int(words[2]), settlements, begun=begun or bool(settlements))


def _read(line: bytes) -> Settlement | None:
    """A line that is broken is as good as missing."""
    try:
        return Settlement.read(line.decode())
    except (ValueError, KeyError, TypeError) as error:
        log.warning("journal.unreadable", extra={"error": str(error)})
        return None


def _key(fence: int) -> str:
    return f"publisher:claim:{fence}"


def _packed(*words: bytes) -> bytes:
    """A command in Redis's protocol (RESP)."""
    return b"*%d\r\n" % len(words) + _words(*words)


def _words(*words: bytes) -> bytes:
    return b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words])
