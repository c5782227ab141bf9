"""The letters about a reader's data and about erasing them: real mail to their own address, with a link made when it leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from publisher.audience import rights
from publisher.audience.models import ReaderLetter, Subscriber, Subscription, Suppression
from publisher.core import clock
from publisher.delivery import reader_letters
from publisher.digests.models import Digest
from publisher.privacy import erasing
from tests.builders import a_digest, a_subscriber
from tests.delivery.test_reader_letters import SITE, read
from tests.fakes.smtp_sink import SmtpSink, at

pytestmark = pytest.mark.django_db

DATA, ERASE = ReaderLetter.Kind.DATA, ReaderLetter.Kind.ERASE
ADDRESS, NAME = "lin.marrow@example.net", "Lin Marrow"


@pytest.fixture
def sink(settings: Any) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.MAIL, settings.BASE_URL = sink.url, SITE
        yield sink


def asked(kind: ReaderLetter.Kind, language: str = "en") -> Subscription:
    """A reader who has just asked."""
    lin = a_subscriber(a_digest(), ADDRESS, name=NAME)
    answer = rights.ask(lin.subscriber_id, kind, language=language, digest_id=lin.digest_id, now=clock.now())
    assert answer is rights.Answer.WRITTEN
    return lin


def send() -> dict[str, int]:
    return reader_letters.send_due(now=clock.now())


@pytest.mark.parametrize(
    ("kind", "language", "subject", "hours"),
    [
        (DATA, "en", "Your data", "24 hours"),
        (DATA, "zh-Hans", "您的数据", "24 小时"),
        (DATA, "ar", "بياناتك", "24 ساعة"),
        (ERASE, "en", "Erase everything about you?", "24 hours"),
        (ERASE, "zh-Hans", "删除有关您的一切？", "24 小时"),
        (ERASE, "ar", "هل نمحو كل ما يتعلق بك؟", "24 ساعة"),
    ],
)
def test_a_mail_goes_to_their_address_whose_link_does_what_they_asked_for(
    sink: SmtpSink, kind: ReaderLetter.Kind, language: str, subject: str, hours: str
) -> None:
    asked(kind, language)
    assert send() == {"sent": 1}
    message, text = read(sink)
    assert sink.recipients == [ADDRESS]
    assert (message["Subject"], hours in text, NAME in text) == (subject, True, False)
    assert message["List-Unsubscribe"] is None
    found = re.search(rf"{SITE}(/[dx]/\S+)", text)
    assert found
    assert Client().get(found[1]).status_code == 200
    assert Subscriber.objects.exists()
    answer = Client(enforce_csrf_checks=True).post(found[1])
    assert answer.status_code == 200
    if kind == DATA:
        assert answer.json()["person"]["address"] == ADDRESS
    assert Subscriber.objects.exists() == (kind == DATA)


def test_no_link_is_stored(sink: SmtpSink) -> None:
    asked(ERASE)
    send()
    link = rights.token(ReaderLetter.objects.get())
    assert link in read(sink)[1]
    assert link not in str(list(ReaderLetter.objects.values()))


def test_both_leave_at_once_and_none_waits_for_the_other(sink: SmtpSink) -> None:
    lin = asked(DATA)
    rights.ask(lin.subscriber_id, ERASE, language="en", digest_id=lin.digest_id, now=clock.now())
    assert send() == {"sent": 2}


def test_one_that_waits_while_the_address_changes_does_not_leave(sink: SmtpSink) -> None:
    asked(DATA)
    Subscriber.objects.update(email="lin@example.org", email_key="lin@example.org")
    assert send() == {"cancelled": 1}
    assert sink.messages == []


def test_one_that_waits_while_the_address_is_suppressed_does_not_leave(sink: SmtpSink) -> None:
    asked(ERASE)
    Suppression.objects.create(email_key=ADDRESS, reason="refused", at=clock.now())
    assert send() == {"failed": 1}
    assert sink.messages == []


def test_who_was_erased_meanwhile_by_the_office_gets_none(sink: SmtpSink) -> None:
    lin = asked(DATA)
    erasing.erase(lin.subscriber_id, user="mira", how="by telephone", now=clock.now())
    assert send() == {}
    assert sink.messages == []


def test_who_has_left_everything_gets_theirs_all_the_same(sink: SmtpSink) -> None:
    lin = asked(DATA)
    Subscription.objects.update(state="ended")
    Digest.objects.filter(pk=lin.digest_id).update(enabled=False)
    assert send() == {"sent": 1}


def test_one_whose_answer_was_lost_may_have_arrived_and_its_link_works(sink: SmtpSink) -> None:
    sink.rules = [at("DOT", deed="reset")]
    asked(DATA)
    assert send() == {"unknown": 1}
    seen = rights.look(DATA, rights.token(ReaderLetter.objects.get()), now=clock.now())
    assert seen
    assert seen.stage is rights.Stage.OPEN
