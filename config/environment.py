"""Every setting that Publisher takes from its environment: name, default, unit, meaning. Read once, by `config.settings`.

`docs/configuration.md` is written from the same table (a test compares them). No other file reads `os.environ`.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config import media
from publisher.core.errors import UserError
from publisher.delivery.pacing.limits import Rate, Warmup, parse_domain_rates, parse_rates, parse_warmup

MIN_SECRET_LENGTH = 32
DOMAIN = re.compile(
    r"(?=.{1,200}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.I
)
SECRETS = re.compile(r":.*@")
"""Where a password stands in an address, well written or not."""
SHORT_LOCAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,18}")


@dataclass(frozen=True)
class Setting:
    """One variable: how it is called, what it means, how its text becomes a value."""

    name: str
    default: str
    unit: str
    example: str
    meaning: str
    parse: Callable[[str], Any]

    @property
    def field(self) -> str:
        return self.name.removeprefix("PUBLISHER_").lower()


@dataclass(frozen=True)
class Environment:
    """The settings as values. An empty `database_url` or `redis_url` means: the embedded server in `data_dir`."""

    data_dir: Path
    database_url: str
    redis_url: str
    mail: str
    mail_connections: int
    mail_rate: tuple[Rate, ...]
    mail_domain_rates: dict[str, Rate]
    mail_warmup: Warmup | None
    mail_error_limit: int
    unsubscribe_address: str
    return_domain: str
    notices_from: str
    resolver: tuple[str, int] | None
    proxies: int
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    base_url: str
    allowed_hosts: tuple[str, ...]
    bind: str
    port: int
    workers: int
    threads: int
    concurrency: int
    log_level: str
    log_format: str
    media: str
    fetch_allow: tuple[str, ...]
    lease_seconds: int
    attempts: int
    keep_deliveries_days: int
    public_metrics: bool


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
        if not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return parse


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return text.lower()

    return parse


def _base_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("an address that begins with http:// or https://")
    return text.rstrip("/")


def _address_of(*schemes: str) -> Callable[[str], str]:
    """An address of one of the schemes, or nothing."""

    def parse(text: str) -> str:
        expected = f"an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
        if text and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(expected)
        try:
            _ = urlsplit(text).port
        except ValueError:
            raise ValueError(f"{expected}, with a number for its port") from None
        return text

    return parse


def _domain(text: str) -> str:
    if text and not DOMAIN.fullmatch(text):
        raise ValueError("a domain name such as bounces.office.example.org")
    return text.lower()


def _short_address(text: str) -> str:
    local, _, domain = text.partition("@")
    if text and not (SHORT_LOCAL.fullmatch(local) and DOMAIN.fullmatch(domain)):
        raise ValueError(
            "an address whose part before the @ has at most 19 letters, digits, dots and hyphens"
        )
    return text


def _mail_address(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if text and not (
        local and text.isascii() and DOMAIN.fullmatch(domain) and not re.search(r"[\s<>,;]", text)
    ):
        raise ValueError("a mail address without a name")
    return text


def _resolver(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    try:
        parts = urlsplit(f"//{text}")
        return str(ip_address(parts.hostname or "")), parts.port or 53
    except ValueError:
        raise ValueError("an IP address, with or without a port") from None


def _yes_or_no(text: str) -> bool:
    return _one_of("yes", "no")(text) == "yes"


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "PUBLISHER_DATA_DIR",
        "./var",
        "folder",
        "/srv/publisher",
        "Where the embedded servers, logs and the generated secret key live.",
        lambda text: Path(text).expanduser().resolve(),
    ),
    Setting(
        "PUBLISHER_DATABASE_URL",
        "",
        "address",
        "postgres://publisher:secret@db:5432/publisher",
        "The PostgreSQL database (16 or newer). Empty: an embedded PostgreSQL in the data folder.",
        _address_of("postgres", "postgresql"),
    ),
    Setting(
        "PUBLISHER_REDIS_URL",
        "",
        "address",
        "redis://redis:6379/0",
        "Redis or Valkey, with `appendonly yes` and `appendfsync always`. Empty: an embedded Valkey in the data folder.",
        _address_of("redis", "rediss", "unix"),
    ),
    Setting(
        "PUBLISHER_MAIL",
        "",
        "address",
        "smtp://user:password@mail.example.org:587",
        "The mail server or provider that takes the mail. `smtp://` uses STARTTLS where offered, `smtps://` TLS from the start; "
        "`ses://`, `mailgun://`, `postmark://` and others go through a provider's API (docs/mail-servers.md). "
        "Empty: no mail leaves; deliveries wait.",
        str,
    ),
    Setting(
        "PUBLISHER_MAIL_CONNECTIONS",
        "4",
        "connections",
        "8",
        "Connections to the mail server that each sender keeps at the same time. A worker host has as many senders as "
        "PUBLISHER_CONCURRENCY less two, at least one: with 4 connections each, 3 processes make 4, 6 make 16, and two such "
        "hosts 32. Keep the product below what the mail server allows one client.",
        _whole_number(1, 64),
    ),
    Setting(
        "PUBLISHER_MAIL_RATE",
        "",
        "rates, separated by commas",
        "50/s, 20000/h, 50000/day",
        "How much the mail server takes, over all workers and hosts: by s, min, h or day. A rate by s or min is spread evenly; "
        "one by h or day may be used up at once. Empty: no limit. docs/pacing.md says how to choose.",
        parse_rates,
    ),
    Setting(
        "PUBLISHER_MAIL_DOMAIN_RATES",
        "",
        "domain=rate, separated by commas",
        "gmail.com=20/s, qq.com=200/min, *=100/s",
        "How much the recipients' providers take, spread evenly. The domains of one provider share its rate; `*` is each "
        "provider that is not named. Empty: no limit.",
        parse_domain_rates,
    ),
    Setting(
        "PUBLISHER_MAIL_WARMUP",
        "",
        "first day (UTC), messages on it, growth a day",
        "2026-12-01 200 x1.3",
        "Warms up a new sending domain: so many messages in 24 hours on the first day, and so many times as many on each day "
        "after it (x1.3 unless given), until PUBLISHER_MAIL_RATE is lower. Empty: no warm-up.",
        parse_warmup,
    ),
    Setting(
        "PUBLISHER_MAIL_ERROR_LIMIT",
        "10",
        "percent",
        "5",
        "When more than this part of an edition's newest 100 to 500 results are refused for good, it pauses and waits for a "
        "person. 100: never.",
        _whole_number(1, 100),
    ),
    Setting(
        "PUBLISHER_UNSUBSCRIBE_ADDRESS",
        "",
        "mail address",
        "leave@office.example.org",
        "A mailbox that somebody reads, for people whose mail program unsubscribes by mail: each request comes to "
        "`leave+TOKEN@…`, and `publisher unsubscribe` carries it out. Empty: unsubscribing goes by the web only.",
        _short_address,
    ),
    Setting(
        "PUBLISHER_RETURN_DOMAIN",
        "",
        "domain",
        "bounces.office.example.org",
        "The domain of the return path: bounces come to `bounce+TOKEN@` this domain, and the token names the delivery. "
        "Its mail server must take any part behind the plus. Empty: bounces come to the sender's address.",
        _domain,
    ),
    Setting(
        "PUBLISHER_NOTICES_FROM",
        "",
        "mail address",
        "publisher@office.example.org",
        "The sender of mails to staff, such as that a channel is down. Empty: the sender of the first digest.",
        _mail_address,
    ),
    Setting(
        "PUBLISHER_RESOLVER",
        "",
        "IP address, with or without a port",
        "192.0.2.53",
        "The DNS server that `publisher doctor` and `publisher dkim` ask. Empty: this machine's own. "
        "An IPv6 address with a port stands in brackets.",
        _resolver,
    ),
    Setting(
        "PUBLISHER_PROXIES",
        "0",
        "number",
        "1",
        "How many reverse proxies of yours stand in front, each adding to X-Forwarded-For. "
        "The brake on guessing passwords needs to know who knocks.",
        _whole_number(0, 10),
    ),
    Setting(
        "PUBLISHER_SECRET_KEY",
        "",
        "text of 32 characters or more",
        "(output of `openssl rand -base64 48`)",
        "Signs tokens and encrypts stored credentials. Empty: generated into `secret-key` in the data folder on first start. "
        "Set it when several hosts share one database.",
        str,
    ),
    Setting(
        "PUBLISHER_SECRET_KEY_FALLBACKS",
        "",
        "texts, separated by commas",
        "old-key-1,old-key-2",
        "Former secret keys that still open old tokens and credentials, newest first.",
        _words,
    ),
    Setting(
        "PUBLISHER_BASE_URL",
        "http://127.0.0.1:8000",
        "address",
        "https://publisher.office.example.org",
        "How people reach this service: used in links in mail. https turns on secure cookies and HSTS.",
        _base_url,
    ),
    Setting(
        "PUBLISHER_ALLOWED_HOSTS",
        "",
        "host names, separated by commas",
        "publisher.office.example.org",
        "Host names answered besides that of the base address and this machine's own.",
        _words,
    ),
    Setting(
        "PUBLISHER_BIND",
        "127.0.0.1",
        "IP address",
        "192.0.2.7",
        "The address the web process listens on.",
        str,
    ),
    Setting(
        "PUBLISHER_PORT",
        "8000",
        "TCP port",
        "8080",
        "The port the web process listens on.",
        _whole_number(0, 65535),
    ),
    Setting("PUBLISHER_WORKERS", "1", "processes", "4", "Web processes.", _whole_number(1, 64)),
    Setting("PUBLISHER_THREADS", "4", "threads", "8", "Threads in each web process.", _whole_number(1, 64)),
    Setting(
        "PUBLISHER_CONCURRENCY",
        "3",
        "processes",
        "4",
        "Tasks that a worker runs at the same time. All but two may send mail, one of the two assembles editions. "
        "With fewer than 3, posts and new items may wait while a large edition is assembled.",
        _whole_number(1, 64),
    ),
    Setting(
        "PUBLISHER_LOG_LEVEL",
        "info",
        "level",
        "debug",
        "What is logged: debug, info, warning or error.",
        _one_of("debug", "info", "warning", "error"),
    ),
    Setting(
        "PUBLISHER_LOG_FORMAT",
        "auto",
        "word",
        "json",
        "json: one JSON object a line; text: for people; auto: text on a terminal, json elsewhere.",
        _one_of("auto", "json", "text"),
    ),
    Setting(
        "PUBLISHER_MEDIA",
        "",
        "address",
        "s3://bucket/publisher?region=eu-central-1",
        "Where pictures of posts are kept: `s3://BUCKET/PREFIX` with `region` and `endpoint` (an address, for servers other than "
        "Amazon's) as far as they are needed; docs/pictures.md. Empty: the folder `media` in the data folder, which web and "
        "worker hosts must share.",
        media.checked,
    ),
    Setting(
        "PUBLISHER_FETCH_ALLOW",
        "",
        "host:port, separated by commas",
        "intranet.office.example.org:443",
        "Private addresses that feeds, pages and pictures may be fetched from. All others are refused.",
        _words,
    ),
    Setting(
        "PUBLISHER_LEASE_SECONDS",
        "60",
        "seconds",
        "120",
        "How long a worker that gives no sign of life holds the messages that it has claimed. After that others go on.",
        _whole_number(5, 86400),
    ),
    Setting(
        "PUBLISHER_ATTEMPTS",
        "8",
        "tries",
        "12",
        "Tries of one message before a temporary failure becomes final (with growing waits: 8 tries take about 15 hours).",
        _whole_number(1, 50),
    ),
    Setting(
        "PUBLISHER_KEEP_DELIVERIES_DAYS",
        "400",
        "days",
        "180",
        "How long single deliveries of mail and their attempts are kept after their edition ended. Totals stay for ever.",
        _whole_number(1, 36500),
    ),
    Setting(
        "PUBLISHER_PUBLIC_METRICS",
        "no",
        "yes or no",
        "yes",
        "Whether /metrics answers hosts other than this machine and private networks.",
        _yes_or_no,
    ),
)


def read(environ: Mapping[str, str]) -> Environment:
    """Read every setting; raise `UserError` that names the variable when one cannot be understood."""
    known = {setting.name for setting in SETTINGS}
    for name in environ:
        if name.startswith("PUBLISHER_") and name not in known:
            raise UserError(f"{name} is not a setting of Publisher.", "docs/configuration.md lists them all.")
    values = {setting.field: _value(setting, environ) for setting in SETTINGS}
    key = values["secret_key"] or _generated_key(values["data_dir"])
    if len(key) < MIN_SECRET_LENGTH:
        raise UserError(
            f"PUBLISHER_SECRET_KEY has {len(key)} characters; it needs {MIN_SECRET_LENGTH} or more.",
            "Make one with `openssl rand -base64 48`, or leave it empty to have it generated.",
        )
    return Environment(**{**values, "secret_key": key})


def _value(setting: Setting, environ: Mapping[str, str]) -> Any:
    text = environ.get(setting.name, "").strip() or setting.default
    try:
        return setting.parse(text)
    except ValueError as error:
        raise UserError(
            f"{setting.name}={SECRETS.sub(':…@', text)!r} cannot be used: expected {error} ({setting.unit}).",
            f"Example: {setting.name}={setting.example}",
        ) from error


def _generated_key(data_dir: Path) -> str:
    """The key in `data_dir/secret-key`, made on first use; two processes that start together agree on one."""
    path = data_dir / "secret-key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UserError(
            f"Cannot keep a secret key in {path}: {error.strerror}.",
            "Choose a writable PUBLISHER_DATA_DIR, or set PUBLISHER_SECRET_KEY.",
        ) from error
    with os.fdopen(handle, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        key = file.read().strip()
        if not key:
            key = secrets.token_urlsafe(48)
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
    return key
