"""An edition through a real Postfix, and its own bounces back: each delivery gets its cause, and its address what the rules
say."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from publisher.audience.models import Subscription, Suppression
from publisher.delivery.email.smtp import Session, parse_mail_url
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.delivery.sender import Sender
from publisher.digests.models import Edition
from publisher.feedback.models import Mailbox, Report
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.delivery.test_mail import BEFORE
from tests.fakes.dovecot import Dovecot, free_ports
from tests.fakes.postfix import Postfix
from tests.feedback.listening import a_listener
from tests.feedback.test_mailboxes import a_mailbox, read
from tests.processes import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix is started by root only"),
]

DOMAIN = "bounces.office.example.org"
READERS = {
    "ilse@unknown.example": ("bounced", "unknown_user", "suppressed"),
    "ilse@full.example": ("bounced", "full", "counted"),
    "ilse@denied.example": ("bounced", "policy", "marked"),
    "ilse@grey.example": ("bounced", "temporary", "counted"),
    "ilse@good.example": ("sent", None, None),
}


def send_an_edition(url: str) -> None:
    digest = a_digest()
    an_item(at=BEFORE, title="Rain at last")
    for address in READERS:
        a_subscriber(digest, address)
    edition = Edition.objects.create(
        digest=digest, due_at=NOON, window_from=BEFORE, window_to=NOON, created_at=NOON, trace_id="e" * 32
    )
    assemble(edition.pk, now=NOON)
    sender = Sender(
        partial(Session, parse_mail_url(url)),
        stop_at=time.monotonic() + 60,
        clock=lambda: NOON,
        only=edition.pk,
    )
    sender.run()
    assert dict(sender.counts) == {"sent": len(READERS)}


@contextmanager
def by_imap(folder: Path, mine: Dovecot) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Where bounces go, and what reads them."""
    box = a_mailbox(mine)
    yield f"lmtp:inet:127.0.0.1:{mine.lmtp}", partial(read, box)
    assert Mailbox.objects.get().said == ""


@contextmanager
def by_lmtp(folder: Path, mine: Dovecot) -> Iterator[tuple[str, Callable[[], Any]]]:
    with a_listener(f"lmtp://127.0.0.1:{free_ports(1)[0]}") as url:
        yield url.replace("lmtp://", "lmtp:inet:"), lambda: None


@contextmanager
def by_smtp(folder: Path, mine: Dovecot) -> Iterator[tuple[str, Callable[[], Any]]]:
    with a_listener(f"smtp://127.0.0.1:{free_ports(1)[0]}") as url:
        host, _, port = url.removeprefix("smtp://").rpartition(":")
        yield f"smtp:[{host}]:{port}", lambda: None


@pytest.mark.parametrize("way", [by_imap, by_lmtp, by_smtp])
def test_postfix_returns_what_cannot_be_delivered_and_each_reader_gets_what_the_rules_say(
    way: Any, tmp_path: Path, settings: Any, inbox: object
) -> None:
    settings.RETURN_DOMAIN = DOMAIN
    with (
        Dovecot() as mine,
        Dovecot() as good,
        Dovecot(most=1) as full,
        way(tmp_path, mine) as (where, look),
        Postfix(
            full__example=f"lmtp:inet:127.0.0.1:{full.lmtp}",
            good__example=f"lmtp:inet:127.0.0.1:{good.lmtp}",
            bounces__office__example__org=where,
        ) as postfix,
    ):
        full.append(b"Subject: the last that fits\r\n\r\n\r\n")
        send_an_edition(postfix.url)

        def all_came() -> bool:
            look()
            return Report.objects.count() >= 4 and good.count() == 1

        try:
            until(all_came, seconds=90, what="four bounces came back and the fifth mail arrived")
        except AssertionError:
            pytest.fail(f"{postfix.log()}\n{full.log()}")
    found = {}
    for row in Delivery.objects.all():
        report = Report.objects.filter(delivery_id=row.pk).first()
        found[row.address] = (row.state, report and report.cause, report and report.outcome)
    assert found == READERS
    assert list(Suppression.objects.values_list("email_key", "reason")) == [
        ("ilse@unknown.example", "bounced")
    ]
    assert set(Subscription.objects.values_list("state", flat=True)) == {"active"}
