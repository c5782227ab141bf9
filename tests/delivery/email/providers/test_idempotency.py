"""Providers that know a call again: a lost answer is asked for once more, and nothing is sent twice."""

from __future__ import annotations

import pytest

from publisher.core.errors import Retry
from tests.delivery.email.providers.steps import a_template, an_outgoing, letters, send
from tests.fakes.mail_apis.brevo import Brevo
from tests.fakes.mail_apis.resend import Resend
from tests.fakes.mail_apis.server import FakeApi, at

known_again = pytest.mark.parametrize("api", [Resend, Brevo], ids=lambda api: api.scheme)


@known_again
@pytest.mark.parametrize("count", [1, 3])
def test_an_answer_that_was_lost_is_asked_for_again(api: type[FakeApi], count: int) -> None:
    with api(rules=[at("close", first=True, times=1)]) as fake:
        sent = send(fake, letters(count))
    assert sent.kinds == ["accepted"] * count
    assert sent.ended_by is None
    assert [result.answer.remote_id for result in sent.results] == [mail.id for mail in fake.mails]
    assert len(fake.requests) == 2


@known_again
def test_a_call_that_never_arrived_is_sent_by_its_repetition(api: type[FakeApi]) -> None:
    with api(rules=[at("reset", times=1)]) as fake:
        assert send(fake, letters(2)).kinds == ["accepted"] * 2
    assert len(fake.mails) == 2


@known_again
def test_a_refusal_of_the_repetition_says_nothing_of_the_first(api: type[FakeApi]) -> None:
    rules = [at("close", first=True, times=1), at(status=400, body={"message": "duplicate request"})]
    with api(rules=rules) as fake:
        sent = send(fake, letters(2))
    assert sent.kinds == ["Unknown"] * 2
    assert isinstance(sent.ended_by, Retry)
    assert len(fake.requests) == 3


def test_a_call_that_is_just_being_answered_stays_in_doubt() -> None:
    busy = {"statusCode": 409, "name": "concurrent_idempotent_requests", "message": "Try again later."}
    with Resend(rules=[at(status=409, body=busy)]) as fake:
        assert send(fake, letters(2)).kinds == ["Unknown"] * 2


@known_again
def test_other_deliveries_are_another_call(api: type[FakeApi]) -> None:
    template = a_template()
    with api() as fake:
        send(fake, [an_outgoing(1, template)])
        send(fake, [an_outgoing(2, template)])
        send(fake, [an_outgoing(1, template)])
    assert fake.recipients == ["reader1@example.net", "reader2@example.net"]
