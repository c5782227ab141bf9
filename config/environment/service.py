"""Settings of the service itself: where it keeps things, its addresses and keys, its processes, and how it works."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from config import media
from config.environment.setting import Setting
from config.environment.values import address_of, base_url, one_of, whole_number, words, yes_or_no

STORES: Final[tuple[Setting, ...]] = (
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
        address_of("postgres", "postgresql"),
    ),
    Setting(
        "PUBLISHER_REDIS_URL",
        "",
        "address",
        "redis://redis:6379/0",
        "Redis or Valkey, with `appendonly yes` and `appendfsync always`. Empty: an embedded Valkey in the data folder.",
        address_of("redis", "rediss", "unix"),
    ),
)

WEB: Final[tuple[Setting, ...]] = (
    Setting(
        "PUBLISHER_PROXIES",
        "0",
        "number",
        "1",
        "How many reverse proxies of yours stand in front, each adding to X-Forwarded-For. "
        "The brake on guessing passwords needs to know who knocks.",
        whole_number(0, 10),
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
        "Former secret keys that still open old tokens and credentials, newest first. Keep each for as long as somebody may open "
        "a mail that was sent under it: without it the links to leave in that mail are dead, and so is its one-click header. Who "
        "has stolen a key can unsubscribe and change readers for as long as it stands here.",
        words,
    ),
    Setting(
        "PUBLISHER_BASE_URL",
        "http://127.0.0.1:8000",
        "address",
        "https://publisher.office.example.org",
        "How people reach this service: used in links in mail. https turns on secure cookies and HSTS.",
        base_url,
    ),
    Setting(
        "PUBLISHER_ALLOWED_HOSTS",
        "",
        "host names, separated by commas",
        "publisher.office.example.org",
        "Host names answered besides that of the base address and this machine's own.",
        words,
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
        whole_number(0, 65535),
    ),
    Setting("PUBLISHER_WORKERS", "1", "processes", "4", "Web processes.", whole_number(1, 64)),
    Setting("PUBLISHER_THREADS", "4", "threads", "8", "Threads in each web process.", whole_number(1, 64)),
)

WORK: Final[tuple[Setting, ...]] = (
    Setting(
        "PUBLISHER_CONCURRENCY",
        "3",
        "processes",
        "4",
        "Tasks that a worker runs at the same time. All but two may send mail, one of the two assembles editions. "
        "With fewer than 3, posts and new items may wait while a large edition is assembled.",
        whole_number(1, 64),
    ),
    Setting(
        "PUBLISHER_LOG_LEVEL",
        "info",
        "level",
        "debug",
        "What is logged: debug, info, warning or error.",
        one_of("debug", "info", "warning", "error"),
    ),
    Setting(
        "PUBLISHER_LOG_FORMAT",
        "auto",
        "word",
        "json",
        "json: one JSON object a line; text: for people; auto: text on a terminal, json elsewhere.",
        one_of("auto", "json", "text"),
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
        words,
    ),
    Setting(
        "PUBLISHER_LEASE_SECONDS",
        "60",
        "seconds",
        "120",
        "How long a worker that gives no sign of life holds the messages that it has claimed. After that others go on.",
        whole_number(5, 86400),
    ),
    Setting(
        "PUBLISHER_ATTEMPTS",
        "8",
        "tries",
        "12",
        "Tries of one message before a temporary failure becomes final (with growing waits: 8 tries take about 15 hours).",
        whole_number(1, 50),
    ),
    Setting(
        "PUBLISHER_API_RATE",
        "20",
        "requests a second",
        "50",
        "How many requests one API key may make for as long as it likes. More are answered 429 with Retry-After. "
        "Keys of sources, which hand in items, are not held back.",
        whole_number(1, 10_000),
    ),
    Setting(
        "PUBLISHER_API_BURST",
        "200",
        "requests",
        "1000",
        "How many requests one API key may make at once after a rest, before PUBLISHER_API_RATE holds.",
        whole_number(1, 100_000),
    ),
    Setting(
        "PUBLISHER_KEEP_DELIVERIES_DAYS",
        "400",
        "days",
        "180",
        "How long single deliveries of mail and their attempts are kept after their edition ended. Totals stay for ever.",
        whole_number(1, 36500),
    ),
    Setting(
        "PUBLISHER_EACH_QUIET_MINUTES",
        "10",
        "minutes",
        "5",
        "An edition of a digest that goes out with each item begins once nothing has come for so long, at the latest after six "
        "times as long.",
        whole_number(1, 1440),
    ),
    Setting(
        "PUBLISHER_EACH_A_DAY",
        "4",
        "editions",
        "8",
        "Editions of such a digest in one day of its zone, at most. What comes after them goes out on the next day.",
        whole_number(1, 48),
    ),
    Setting(
        "PUBLISHER_SOFT_BOUNCES",
        "5",
        "days",
        "3",
        "An address is suppressed when mail to it failed in ways that may pass (a full mailbox, a server that cannot be reached) "
        "on so many days within PUBLISHER_SOFT_BOUNCE_DAYS. docs/feedback.md has all rules.",
        whole_number(1, 100),
    ),
    Setting(
        "PUBLISHER_SOFT_BOUNCE_DAYS",
        "35",
        "days",
        "14",
        "Within how many days failures that may pass count together. With a weekly digest five of them take 29 days.",
        whole_number(1, 400),
    ),
    Setting(
        "PUBLISHER_SOFT_REST_DAYS",
        "90",
        "days",
        "30",
        "How long an address is suppressed for such failures. Then mail is sent to it again.",
        whole_number(1, 3650),
    ),
    Setting(
        "PUBLISHER_PUBLIC_METRICS",
        "no",
        "yes or no",
        "yes",
        "Whether /metrics answers hosts other than this machine and private networks.",
        yes_or_no,
    ),
)
