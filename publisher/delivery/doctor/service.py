"""What the service itself stands on: database, Redis, the clocks of both, and the address that links in mail lead to."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import redis
from django.conf import settings
from django.db import OperationalError, connection

from publisher.core import clock, standstill
from publisher.core.applied import missing_migrations
from publisher.core.errors import UserError
from publisher.core.redis import client
from publisher.delivery.doctor.findings import Finding, Level
from publisher.delivery.email.smtp.connection import tls_context
from publisher.items import stream

SECONDS = 8.0
SKEW, LARGE_SKEW = 2.0, 60.0
"""Seconds between two clocks, from which on there is a warning, and a problem."""
TOKEN = "doctor"  # noqa: S105 - of nobody: the page says so and changes nothing


def database() -> list[Finding]:
    """Whether the database answers, has all migrations, and keeps our time."""
    try:
        with connection.cursor() as cursor:
            asked = clock.now()
            cursor.execute("SELECT clock_timestamp(), current_setting('server_version')")
            theirs, version = cursor.fetchone()
        missing = len(missing_migrations())
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        todo = "See `publisher status`; check PUBLISHER_DATABASE_URL."
        return [Finding("database", "Database", Level.PROBLEM, f"does not answer: {reason}", "", todo)]
    if missing:
        found = f"PostgreSQL {version} lacks {missing} migrations."
        return [Finding("database", "Database", Level.PROBLEM, found, "", "Run `publisher migrate`.")]
    return [
        Finding("database", "Database", Level.OK, f"PostgreSQL {version}, all migrations applied."),
        _clock("the database", asked, theirs),
        *_standstill(),
    ]


def _standstill() -> list[Finding]:
    """Said only when all sending stands still."""
    stands = standstill.current()
    if stands is None:
        return []
    found = f"all of it stands still since {stands.since:%Y-%m-%d %H:%M} UTC, by {stands.by}: {stands.reason}"
    todo = "See `publisher sending`; `publisher sending go` lets it go on."
    return [Finding("sending", "Sending", Level.WARNING, found, "No mail and no post leaves.", todo)]


def redis_server() -> list[Finding]:
    """Whether Redis answers, keeps what it takes, and keeps our time."""
    about = "Redis"
    try:
        asked = clock.now()
        seconds, micros = client().time()
        policy = stream.durability()
    except redis.RedisError as error:
        todo = "See `publisher status`; check PUBLISHER_REDIS_URL."
        return [Finding("redis", about, Level.PROBLEM, f"does not answer: {error}", "", todo)]
    except UserError as error:
        return [Finding("redis", about, Level.WARNING, error.message, "", error.hint)]
    theirs = datetime.fromtimestamp(seconds + micros / 1e6, tz=UTC)
    if policy == "always":
        first = Finding("redis", about, Level.OK, "answers, and keeps each entry on disk before it says so.")
    else:
        found = f"answers, with appendfsync {policy}."
        meaning = "Entries may be lost when Redis dies, so the API takes none."
        todo = "Set `appendonly yes` and `appendfsync always`."
        first = Finding("redis", about, Level.PROBLEM, found, meaning, todo)
    return [first, _clock("Redis", asked, theirs)]


def base_url() -> list[Finding]:
    """Whether the address in our links is https, answers from here, and takes the one click of RFC 8058."""
    url, about = settings.BASE_URL, f"Base address {settings.BASE_URL}"
    findings = []
    if urlsplit(url).scheme != "https":
        found = "is not https."
        meaning = (
            "Mails carry no one-click unsubscribing then (RFC 8058 wants https), which Gmail and Yahoo demand "
            "of bulk mail."
        )
        todo = "Set PUBLISHER_BASE_URL to the https address of your proxy, such as https://news.example.org."
        findings.append(Finding("https", about, Level.PROBLEM, found, meaning, todo))
    try:
        asked = clock.now()
        with httpx.Client(
            timeout=SECONDS, verify=tls_context(), follow_redirects=False, trust_env=False
        ) as http:
            answer = http.get(f"{url}/healthz")
            click = http.post(f"{url}/u/{TOKEN}", data={"List-Unsubscribe": "One-Click"})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        meaning = "Readers cannot unsubscribe, or read a mail on the web, if it is so for them too."
        todo = "Start `publisher up` or `publisher web`, and check the proxy, the certificate and PUBLISHER_BASE_URL."
        found = f"does not answer from here: {str(error) or type(error).__name__}."
        return [*findings, Finding("base_url", about, Level.PROBLEM, found, meaning, todo)]
    return [*findings, _answering(about, answer), _one_click(about, click), *_web_clock(answer, asked)]


def _answering(about: str, answer: httpx.Response) -> Finding:
    if answer.status_code == 200 and "json" in answer.headers.get("content-type", ""):
        return Finding("base_url", about, Level.OK, "answers from here.")
    found = f"answers {answer.status_code} at /healthz, and that is not this service."
    todo = "Let the proxy pass every path to `publisher web`, and check PUBLISHER_BASE_URL."
    return Finding("base_url", about, Level.PROBLEM, found, "Links in mail lead elsewhere.", todo)


def _one_click(about: str, answer: httpx.Response) -> Finding:
    """An unknown token is answered by a calm page of ours (404); a redirect or a refusal comes from the proxy."""
    if answer.status_code == 404 and answer.headers.get("x-robots-tag") == "noindex":
        return Finding("one_click", about, Level.OK, "takes the POST of one-click unsubscribing (RFC 8058).")
    found = f"answers the POST of one-click unsubscribing with {answer.status_code}."
    meaning = "RFC 8058 allows no redirect and no login there. Mailbox providers count it as not honoured."
    return Finding(
        "one_click", about, Level.PROBLEM, found, meaning, "Let the proxy pass POST /u/… as it is."
    )


def _web_clock(answer: httpx.Response, asked: datetime) -> list[Finding]:
    """The Date of the answer, in whole seconds."""
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return []
    return [_clock("the web server", asked, theirs, exact=1.0)]


def _clock(whose: str, asked: datetime, theirs: datetime, *, exact: float = 0.0) -> Finding:
    """`asked` is our time before the question; what the answer took, and `exact` seconds, may lie between."""
    now, about = clock.now(), f"Clock of {whose}"
    skew = max((asked - theirs).total_seconds() - exact, (theirs - now).total_seconds(), 0.0)
    if skew < SKEW:
        return Finding("clock", about, Level.OK, "agrees with this machine's.")
    level = Level.PROBLEM if skew >= LARGE_SKEW else Level.WARNING
    found = f"differs from this machine's by {skew:.0f} s."
    meaning = "Editions begin at the wrong time, and signatures from the future are refused."
    return Finding(
        "clock", about, level, found, meaning, "Run a time service (chrony, systemd-timesyncd) on all hosts."
    )
