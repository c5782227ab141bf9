"""Settings of mail: who takes it, how fast, and the addresses in it."""

from __future__ import annotations

from typing import Final

from config.environment.setting import Setting
from config.environment.values import domain, mail_address, resolver, short_address, whole_number
from publisher.delivery.pacing.limits import parse_domain_rates, parse_rates, parse_warmup

MAIL: Final[tuple[Setting, ...]] = (
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
        whole_number(1, 64),
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
        whole_number(1, 100),
    ),
    Setting(
        "PUBLISHER_UNSUBSCRIBE_ADDRESS",
        "",
        "mail address",
        "leave@office.example.org",
        "A mailbox that somebody reads, for people whose mail program unsubscribes by mail: each request comes to "
        "`leave+TOKEN@…`, and `publisher unsubscribe` carries it out. Empty: unsubscribing goes by the web only.",
        short_address,
    ),
    Setting(
        "PUBLISHER_RETURN_DOMAIN",
        "",
        "domain",
        "bounces.office.example.org",
        "The domain of the return path: bounces come to `bounce+TOKEN@` this domain, and the token names the delivery. "
        "Its mail server must take any part behind the plus. Empty: bounces come to the sender's address.",
        domain,
    ),
    Setting(
        "PUBLISHER_FEEDBACK_LISTEN",
        "",
        "address",
        "lmtp://127.0.0.1:2424",
        "Where `publisher feedback listen` takes answers from a mail server of this machine: lmtp://127.0.0.1:2424, "
        "lmtp:///run/publisher/lmtp.sock or smtp://127.0.0.1:2525. `publisher up` starts it when this is set. docs/feedback.md.",
        str.strip,
    ),
    Setting(
        "PUBLISHER_NOTICES_FROM",
        "",
        "mail address",
        "publisher@office.example.org",
        "The sender of mails to staff, such as that a channel is down. Empty: the sender of the first digest.",
        mail_address,
    ),
    Setting(
        "PUBLISHER_RESOLVER",
        "",
        "IP address, with or without a port",
        "192.0.2.53",
        "The DNS server that `publisher doctor` and `publisher dkim` ask. Empty: this machine's own. "
        "An IPv6 address with a port stands in brackets.",
        resolver,
    ),
)
