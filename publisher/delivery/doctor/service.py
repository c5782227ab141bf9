"""What the service itself stands on: database, Redis, the clocks of both, and the address that links in mail lead to."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.utils.translation import gettext_noop

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
        todo = gettext_noop("See `publisher status`; check PUBLISHER_DATABASE_URL.")
        return [
            Finding(
                "database",
                gettext_noop("Database"),
                Level.PROBLEM,
                gettext_noop("does not answer: %(why)s") % {"why": reason},
                "",
                todo,
            )
        ]
    if missing:
        found = gettext_noop("PostgreSQL %(version)s lacks %(num)s migrations.") % {
            "version": version,
            "num": missing,
        }
        return [
            Finding(
                "database",
                gettext_noop("Database"),
                Level.PROBLEM,
                found,
                "",
                gettext_noop("Run `publisher migrate`."),
            )
        ]
    return [
        Finding(
            "database",
            gettext_noop("Database"),
            Level.OK,
            gettext_noop("PostgreSQL %(version)s, all migrations applied.") % {"version": version},
        ),
        _clock(gettext_noop("the database"), asked, theirs),
        *_standstill(),
    ]


def _standstill() -> list[Finding]:
    """Said only when all sending stands still."""
    stands = standstill.current()
    if stands is None:
        return []
    found = gettext_noop("all of it stands still since %(since)s UTC, by %(by)s: %(why)s") % {
        "since": f"{stands.since:%Y-%m-%d %H:%M}",
        "by": stands.by,
        "why": stands.reason,
    }
    todo = gettext_noop("See `publisher sending`; `publisher sending go` lets it go on.")
    return [
        Finding(
            "sending",
            gettext_noop("Sending"),
            Level.WARNING,
            found,
            gettext_noop("No mail and no post leaves."),
            todo,
        )
    ]


def redis_server() -> list[Finding]:
    """Whether Redis answers, keeps what it takes, and keeps our time."""
    about = "Redis"
    try:
        asked = clock.now()
        seconds, micros = client().time()
        policy = stream.durability()
    except redis.RedisError as error:
        todo = gettext_noop("See `publisher status`; check PUBLISHER_REDIS_URL.")
        return [
            Finding(
                "redis",
                about,
                Level.PROBLEM,
                gettext_noop("does not answer: %(why)s") % {"why": error},
                "",
                todo,
            )
        ]
    except UserError as error:
        return [Finding("redis", about, Level.WARNING, error.message, "", error.hint)]
    theirs = datetime.fromtimestamp(seconds + micros / 1e6, tz=UTC)
    if policy == "always":
        first = Finding(
            "redis", about, Level.OK, gettext_noop("answers, and keeps each entry on disk before it says so.")
        )
    else:
        found = gettext_noop("answers, with appendfsync %(policy)s.") % {"policy": policy}
        meaning = gettext_noop("Entries may be lost when Redis dies, so the API takes none.")
        todo = gettext_noop("Set `appendonly yes` and `appendfsync always`.")
        first = Finding("redis", about, Level.PROBLEM, found, meaning, todo)
    return [first, _clock("Redis", asked, theirs)]


def base_url() -> list[Finding]:
    """Whether the address in our links is https, answers from here, and takes the one click of RFC 8058."""
    url, about = settings.BASE_URL, gettext_noop("Base address %(url)s") % {"url": settings.BASE_URL}
    findings = []
    if urlsplit(url).scheme != "https":
        found = gettext_noop("is not https.")
        meaning = gettext_noop(
            "Mails carry no one-click unsubscribing then (RFC 8058 wants https), which Gmail and Yahoo demand "
            "of bulk mail."
        )
        todo = gettext_noop(
            "Set PUBLISHER_BASE_URL to the https address of your proxy, such as https://news.example.org."
        )
        findings.append(Finding("https", about, Level.PROBLEM, found, meaning, todo))
    try:
        asked = clock.now()
        with httpx.Client(
            timeout=SECONDS, verify=tls_context(), follow_redirects=False, trust_env=False
        ) as http:
            answer = http.get(f"{url}/healthz")
            click = http.post(f"{url}/u/{TOKEN}", data={"List-Unsubscribe": "One-Click"})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        meaning = gettext_noop(
            "Readers cannot unsubscribe, or read a mail on the web, if it is so for them too."
        )
        todo = gettext_noop(
            "Start `publisher up` or `publisher web`, and check the proxy, the certificate and PUBLISHER_BASE_URL."
        )
        found = gettext_noop("does not answer from here: %(why)s.") % {
            "why": str(error) or type(error).__name__
        }
        return [*findings, Finding("base_url", about, Level.PROBLEM, found, meaning, todo)]
    return [*findings, _answering(about, answer), _one_click(about, click), *_web_clock(answer, asked)]


def _answering(about: str, answer: httpx.Response) -> Finding:
    if answer.status_code == 200 and "json" in answer.headers.get("content-type", ""):
        return Finding("base_url", about, Level.OK, gettext_noop("answers from here."))
    found = gettext_noop("answers %(code)s at /healthz, and that is not this service.") % {
        "code": answer.status_code
    }
    todo = gettext_noop("Let the proxy pass every path to `publisher web`, and check PUBLISHER_BASE_URL.")
    return Finding(
        "base_url", about, Level.PROBLEM, found, gettext_noop("Links in mail lead elsewhere."), todo
    )


def _one_click(about: str, answer: httpx.Response) -> Finding:
    """An unknown token is answered by a calm page of ours (404); a redirect or a refusal comes from the proxy."""
    if answer.status_code == 404 and answer.headers.get("x-robots-tag") == "noindex":
        return Finding(
            "one_click",
            about,
            Level.OK,
            gettext_noop("takes the POST of one-click unsubscribing (RFC 8058)."),
        )
    found = gettext_noop("answers the POST of one-click unsubscribing with %(code)s.") % {
        "code": answer.status_code
    }
    meaning = gettext_noop(
        "RFC 8058 allows no redirect and no login there. Mailbox providers count it as not honoured."
    )
    return Finding(
        "one_click",
        about,
        Level.PROBLEM,
        found,
        meaning,
        gettext_noop("Let the proxy pass POST /u/… as it is."),
    )


def _web_clock(answer: httpx.Response, asked: datetime) -> list[Finding]:
    """The Date of the answer, in whole seconds."""
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return []
    return [_clock(gettext_noop("the web server"), asked, theirs, exact=1.0)]


def _clock(whose: str, asked: datetime, theirs: datetime, *, exact: float = 0.0) -> Finding:
    """`asked` is our time before the question; what the answer took, and `exact` seconds, may lie between."""
    now, about = clock.now(), gettext_noop("Clock of %(whose)s") % {"whose": whose}
    skew = max((asked - theirs).total_seconds() - exact, (theirs - now).total_seconds(), 0.0)
    if skew < SKEW:
        return Finding("clock", about, Level.OK, gettext_noop("agrees with this machine's."))
    level = Level.PROBLEM if skew >= LARGE_SKEW else Level.WARNING
    found = gettext_noop("differs from this machine's by %(skew)s s.") % {"skew": f"{skew:.0f}"}
    meaning = gettext_noop("Editions begin at the wrong time, and signatures from the future are refused.")
    return Finding(
        "clock",
        about,
        level,
        found,
        meaning,
        gettext_noop("Run a time service (chrony, systemd-timesyncd) on all hosts."),
    )
