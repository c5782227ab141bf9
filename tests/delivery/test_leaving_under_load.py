"""Many leave at once while an edition goes out: nobody gets a mail that was claimed after their click was answered.

The small form of `make bench ARGS="--only leaving"`, by the same code that judges.
"""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from publisher.audience import tokens
from publisher.audience.models import Consent, Subscriber
from publisher.core.base36 import base36
from publisher.delivery.email.smtp import Session, parse_mail_url
from publisher.delivery.models import Delivery
from publisher.delivery.sender import Sender
from tests.bench import leaving
from tests.delivery.test_mail import an_assembled_edition
from tests.fakes.timed_sink import TimedSink
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)

READERS, LEAVERS = 240, 80


@pytest.fixture
def watched(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(leaving.WATCH)
    yield
    with connection.cursor() as cursor:
        cursor.execute(leaving.UNWATCH)


def test_nobody_gets_a_mail_that_was_claimed_after_their_click(
    watched: None, live_server: LiveServer
) -> None:
    edition = an_assembled_edition(readers=READERS)
    taken: dict[str, float] = {}
    queue = Delivery.objects.order_by("due_at", "id").values_list("subscriber_id", flat=True)
    leavers = list(queue)[30 : 30 + 2 * LEAVERS : 2]
    write = tokens.writer(tokens.Purpose.UNSUBSCRIBE, edition.digest_id)
    paths = {pk: f"/u/{write(base36(pk or 0))}" for pk in leavers}

    with TimedSink(lambda at, to: taken.__setitem__(to, at), slow=0.02) as sink:

        def send() -> None:
            session = partial(Session, parse_mail_url(sink.url))
            Sender(session, stop_at=time.monotonic() + 60, only=edition.pk, most=4).run()
            connection.close()

        sending = threading.Thread(target=send)
        sending.start()
        until(lambda: len(taken) > 5, what="the edition goes out")
        clicks = leaving.click_all(live_server.url, {pk: path for pk, path in paths.items() if pk})
        sending.join()

    outcome = leaving.judge(edition, clicks, taken)
    assert outcome.wrong == ()
    assert outcome.spared > 0, "the clicks came while there was something to be spared from"
    assert {click.status for click in clicks.values()} == {200}
    assert outcome.spared + outcome.before + outcome.in_flight == LEAVERS
    assert Delivery.objects.filter(state="cancelled").count() == outcome.spared
    assert Consent.objects.filter(how="one-click header").count() == LEAVERS
    assert Subscriber.objects.filter(state="left").count() == LEAVERS
    assert not Delivery.objects.exclude(state__in=["sent", "cancelled"]).exists()


def test_the_judge_finds_a_mail_that_was_claimed_too_late(watched: None) -> None:
    edition = an_assembled_edition(readers=1)
    mail = Delivery.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_delivery SET state = 'sending', fence = 7")
    click = leaving.Click(time.time() - 10, time.time() - 5, 200)
    assert mail.subscriber_id
    outcome = leaving.judge(edition, {mail.subscriber_id: click}, {mail.address: time.time()})
    assert outcome.wrong == (mail.address,)
