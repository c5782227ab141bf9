"""An outage: the mail server could not be used at all (no connection, a refused login), and is left alone for ever longer
times, since a refused login every two seconds locks an account. `mail.py` asks before it opens a connection; pages, commands
and probes read what is known of it (`current`), so that every edition that waits says why.

A server that works and wants less mail, for itself or for a provider, *rests* instead: `pacing/rests.py`.
Kept in Redis and lost with it: then the server is asked once more, no message is. Another PUBLISHER_MAIL begins anew.
"""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publisher.core.redis import client
from publisher.core.told import told

log = logging.getLogger(__name__)

SHORT = (5, 10, 20, 40, 80, 160, 300)
"""Seconds alone after one failure, two in a row, …, when the server may come back by itself."""
LONG = (30, 60, 120, 300, 600)
"""The same when a person has to repair something: a login, a certificate, the right to send."""
LONGEST_ASKED = 3600
REMEMBERED = 3600
"""Seconds after the end of a rest in which it is known that there was a failure, should nothing be due to try with."""
LONGEST_SAID = 1000

MEND = gettext_lazy(
    "This does not pass by itself: see that the address and the login or key in PUBLISHER_MAIL are right, or ask whoever runs "
    "the mail server. `publisher doctor` looks closer. Then have it tried now: in the desk under Sending, or by "
    "`publisher sending try`."
)
PASSES = gettext_lazy("It may pass by itself; nothing is lost. If it lasts, `publisher doctor` looks closer.")

WHOSE = "publisher:mail:outage"
"""Holds which server has the outage: who only reads need not have the same PUBLISHER_MAIL."""

# Of senders that fail at the same time only the first counts: the others began before its failure was known. `ARGV[1]`: what
# was the last failure when the sender began. `ARGV[2]`: whether it has sent something since then.
FAIL = """
local last = redis.call('HGET', KEYS[1], 'last') or ''
if last ~= ARGV[1] then return 0 end
if ARGV[2] == '1' then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'last', ARGV[3])
redis.call('HSETNX', KEYS[1], 'since', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return redis.call('HINCRBY', KEYS[1], 'failures', 1)
"""


@dataclass(frozen=True)
class Look:
    """Whether the server is being left alone, and its last failure (a name for it; "": none in a row)."""

    rests: bool
    last: str = ""


@dataclass(frozen=True)
class Outage:
    """What is known of it. `said`: how the last try failed. `until`: when the server is tried next, if something is due by then.
    `lasting`: a person has to mend something. Times in UTC."""

    said: str
    since: datetime
    until: datetime
    lasting: bool
    failures: int

    @property
    def todo(self) -> str:
        return str(MEND if self.lasting else PASSES)

    def next_try(self, now: datetime) -> str:
        """When it is tried next, in words."""
        if self.until <= now:
            return _("It is tried again with the next mail that is due.")
        return _("It is tried again at %(time)s UTC.") % {"time": f"{self.until:%Y-%m-%d %H:%M:%S}"}

    def text(self, now: datetime) -> str:
        """All of it, for people."""
        since = _("Mail cannot leave since %(time)s UTC.") % {"time": f"{self.since:%Y-%m-%d %H:%M}"}
        return f"{since} {told(self.said)} {self.next_try(now)} {self.todo}"

    def as_data(self) -> dict[str, Any]:
        """All of it, for machines."""
        return {**vars(self), "todo": self.todo}


def look() -> Look:
    """Asked before a connection is opened."""
    try:
        pipe = client().pipeline()
        pipe.exists(_rest())
        pipe.hget(_story(), "last")
        pipe.get(WHOSE)
        rest, last, whose = pipe.execute()
        if whose is not None and whose.decode() != _server():
            client().delete(WHOSE)  # another address was set since
    except redis.RedisError:
        return Look(rests=False)
    return Look(bool(rest), last.decode() if last else "")


def forget() -> None:
    """No mail server is set where mail is sent, so nobody waits for one. Should it be set again, it is tried at once."""
    try:
        whose: Any = client().get(WHOSE)
        if whose:
            server = whose.decode()
            client().delete(WHOSE, _rest(server), _story(server))
    except redis.RedisError as error:
        log.warning("outage.redis_away", extra={"error": str(error)})


def begin(
    said: str,
    *,
    lasting: bool,
    now: datetime,
    asked: timedelta | None = None,
    last: str = "",
    progressed: bool = False,
) -> int:
    """Leave it alone, longer each time in a row; the seconds, or 0 when another sender has said the same meanwhile.

    `lasting`: it will not pass by itself. `asked`: what the server asked for, which counts up to an hour. `last`: of the `look`
    that the sender had before it began; `progressed`: whether it has sent something since.
    """
    waits = LONG if lasting else SHORT
    values = [last, str(int(progressed)), secrets.token_hex(8), str(now.timestamp()), str(REMEMBERED)]
    try:
        failures = int(client().eval(FAIL, 1, _story(), *values))
        if not failures:
            return 0
        wished = math.ceil(asked.total_seconds()) if asked else 0
        seconds = max(waits[min(failures, len(waits)) - 1], min(wished, LONGEST_ASKED))
        told = {"said": said[:LONGEST_SAID], "until": now.timestamp() + seconds, "lasting": int(lasting)}
        pipe = client().pipeline()
        pipe.set(_rest(), b"1", ex=seconds)
        pipe.hset(_story(), mapping=told)  # type: ignore[arg-type]  # numbers are written as text
        pipe.expire(_story(), seconds + REMEMBERED)
        pipe.set(WHOSE, _server(), ex=seconds + REMEMBERED)
        pipe.execute()
    except redis.RedisError as error:
        log.warning("outage.redis_away", extra={"error": str(error)})
        return 0
    return seconds


def over() -> None:
    """The server was used: failures are forgotten."""
    try:
        client().delete(_rest(), _story(), WHOSE)
    except redis.RedisError as error:
        log.warning("outage.redis_away", extra={"error": str(error)})


def current() -> Outage | None:
    """The outage, if the last try failed; None also while Redis cannot be asked."""
    try:
        whose: Any = client().get(WHOSE)
        found: Any = client().hgetall(_story(whose.decode())) if whose else {}
    except redis.RedisError:
        return None
    story = {name.decode(): value.decode() for name, value in found.items()}
    if "said" not in story or "last" not in story:
        return None
    return Outage(
        said=story["said"],
        since=_moment(story["since"]),
        until=_moment(story["until"]),
        lasting=story["lasting"] == "1",
        failures=int(story["failures"]),
    )


def end_rest(now: datetime) -> Outage | None:
    """Have it tried at the next look; the outage that there is, as it is then. How often it has failed in a row stays known.
    Raises `redis.RedisError`."""
    known = current()
    whose: Any = client().get(WHOSE)
    if known is None or whose is None:
        return None
    server = whose.decode()
    pipe = client().pipeline()
    pipe.delete(_rest(server))
    pipe.hset(_story(server), "until", str(now.timestamp()))
    pipe.expire(
        _story(server), REMEMBERED
    )  # it may have ended since it was read, and hset would make it anew for ever
    pipe.expire(WHOSE, REMEMBERED)
    pipe.execute()
    return replace(known, until=now)


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(float(text), UTC)


def _server() -> str:
    return hashlib.sha256(settings.MAIL.encode()).hexdigest()[:16]


def _rest(server: str = "") -> str:
    return f"publisher:mail:rest:{server or _server()}"


def _story(server: str = "") -> str:
    return f"publisher:mail:failed:{server or _server()}"
