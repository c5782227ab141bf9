"""An edition on its way through a provider: the same deliveries and states as over SMTP, in fewer calls."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis

from publisher.core.redis import client
from publisher.delivery import outage, signing
from publisher.delivery.email.providers import HttpLimits, ProviderSession, parse_provider_url
from publisher.delivery.hindrances import outage_of
from publisher.delivery.journal import Journal, JournalLost
from publisher.delivery.mail import send_due
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.sender import Sender
from publisher.delivery.settle import Settlement
from publisher.delivery.sweep import sweep
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest
from tests.delivery.test_mail import an_assembled_edition, sent_by, states
from tests.fakes.mail_apis.mailgun import Mailgun
from tests.fakes.mail_apis.postmark import Postmark
from tests.fakes.mail_apis.server import FakeApi, at
from tests.fakes.mail_apis.ses import Ses
from tests.fakes.smtp_sink import SmtpSink
from tests.fakes.smtp_sink import at as at_step

pytestmark = pytest.mark.django_db

PATIENT = HttpLimits(connect=5, answer=20)


def a_sender(fake: FakeApi, **options: Any) -> Sender:
    def opened() -> ProviderSession:
        return ProviderSession(parse_provider_url(fake.url()), PATIENT)

    return Sender(opened, stop_at=time.monotonic() + 60, **options)


def sent_through(fake: FakeApi, edition: Edition, *, now: datetime = NOON, **options: Any) -> Counter[str]:
    sender = a_sender(fake, clock=lambda: now, only=edition.pk, **options)
    sender.run()
    return sender.counts


def test_an_edition_goes_out_as_it_does_over_smtp(inbox: redis.Redis) -> None:
    by_smtp, by_api = an_assembled_edition(readers=5), an_assembled_edition(readers=5)
    with SmtpSink(rules=[at_step("RCPT", "550 5.1.1 no such user", when="reader2@")]) as sink:
        counts = sent_by(sink, by_smtp)
    with Mailgun(refused=frozenset({"reader2@example.net"})) as fake:
        assert sent_through(fake, by_api) == counts == {"sent": 4, "failed": 1}
        assert sent_through(fake, by_api) == {}
    assert states(by_api) == states(by_smtp)
    fields = ("address", "state", "attempts", "held")
    assert sorted(Delivery.objects.filter(edition=by_api).values_list(*fields)) == sorted(
        Delivery.objects.filter(edition=by_smtp).values_list(*fields)
    )
    assert {mail.to for mail in fake.mails} == {taken.rcpt_to for taken in sink.messages}
    assert len(fake.mails) == 4
    assert all(f"Reader Nº {mail.to[6]}" in mail.text for mail in fake.mails)


def test_an_edition_goes_in_one_call_and_its_ids_are_kept(inbox: redis.Redis) -> None:
    edition = an_assembled_edition(readers=5)
    with Postmark() as fake:
        assert sent_through(fake, edition) == {"sent": 5}
    assert [request.path for request in fake.requests] == ["/email/batch"]
    by_address = {mail.to: mail for mail in fake.mails}
    for delivery in Delivery.objects.all():
        assert delivery.remote_id == by_address[delivery.address].id
        assert by_address[delivery.address].metadata == {"delivery": str(delivery.pk)}
        assert by_address[delivery.address].headers["Message-ID"].endswith("@office.example.org>")


def test_a_key_of_this_service_signs_nothing_that_a_provider_sends(inbox: redis.Redis, settings: Any) -> None:
    signing.switch_on(signing.make_key("office.example.org", "p1", bits=2048, now=NOON))
    edition = an_assembled_edition(readers=1)
    with Ses() as fake:
        settings.MAIL = fake.url()
        assert sent_through(fake, edition) == {"sent": 1}
    assert "DKIM-Signature" not in fake.mails[0].headers


def test_a_refused_address_fails_alone_and_its_attempt_says_why(inbox: redis.Redis) -> None:
    edition = an_assembled_edition()
    with Postmark(refused=frozenset({"reader2@example.net"})) as fake:
        assert sent_through(fake, edition) == {"sent": 4, "failed": 1}
    failed = Delivery.objects.get(state="failed")
    assert (failed.address, failed.code) == ("reader2@example.net", None)
    assert "marked as inactive" in failed.reason
    assert Attempt.objects.get(delivery=failed).text.startswith("422 406 You tried to send")


@pytest.mark.parametrize(("policy", "again"), [("hold", 0), ("resend", 5)])
def test_a_call_without_an_answer_is_unknown_and_not_sent_again_by_itself(
    inbox: redis.Redis, policy: str, again: int
) -> None:
    edition = an_assembled_edition(a_digest(on_unknown=policy), readers=5)
    with Mailgun(rules=[at("close", first=True, times=1)]) as fake:
        assert sent_through(fake, edition) == {"unknown": 5}
        assert sent_through(fake, edition) == {}
        assert len(fake.mails) == 5
        sweep(now=NOON, most=8)
        sent_through(fake, edition, now=NOON + timedelta(minutes=5))
    assert len(fake.mails) == 5 + again


def test_a_worker_that_dies_during_a_call_leaves_the_whole_call_unknown(
    inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As if by `kill -9`."""

    def killed(_self: ProviderSession, _letters: object) -> None:
        raise Killed

    edition = an_assembled_edition(readers=5)
    monkeypatch.setattr(ProviderSession, "_answers", killed)
    with Mailgun() as fake, pytest.raises(Killed):
        sent_through(fake, edition)
    assert states(edition) == {"sending": 5}
    sweep(now=NOON + timedelta(hours=1), most=1)
    assert states(edition) == {"unknown": 5}


def test_results_that_cannot_be_noted_are_all_taken_before_the_claim_ends(
    inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[int] = []

    def note(_self: Journal, settlement: Settlement) -> None:
        noted.append(settlement.delivery_id)
        if len(noted) == 2:
            raise JournalLost("connection reset")

    edition = an_assembled_edition(readers=5)
    monkeypatch.setattr(Journal, "note", note)
    with Mailgun() as fake:
        assert sent_through(fake, edition) == {"sent": 5}
    assert len(fake.mails) == 5


def test_a_wrong_key_costs_no_message_a_try_and_is_shown(inbox: redis.Redis, settings: Any) -> None:
    edition = an_assembled_edition()
    with Mailgun() as fake:
        settings.MAIL = fake.url("a-wrong-key")
        assert send_due(seconds=5, clock_=lambda: NOON) == {}
    down = outage_of(edition)
    assert down is not None
    assert "401" in down.said
    assert "The key that it refuses stands in PUBLISHER_MAIL." in down.said
    assert "PUBLISHER_MAIL" in down.text(NOON)
    assert "a-wrong-key" not in down.text(NOON)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("queued", 0)}


def test_a_refused_sender_pauses_its_own_edition_and_stops_no_other(
    inbox: redis.Redis, settings: Any
) -> None:
    refused = an_assembled_edition(a_digest(from_address="news@elsewhere.example.org"), readers=2)
    other = an_assembled_edition(readers=2)
    with Mailgun() as fake:
        settings.MAIL = fake.url()
        send_due(seconds=20, clock_=lambda: NOON)
    refused.refresh_from_db()
    other.refresh_from_db()
    assert refused.state == "paused"
    assert "from parameter is not a valid address" in refused.problem
    assert (other.state, other.problem) == ("sending", "")
    assert states(refused) == {"queued": 2}
    assert set(Delivery.objects.filter(edition=refused).values_list("attempts", flat=True)) == {0}
    assert states(other) == {"sent": 2}
    assert not outage.look().rests


def test_an_address_that_cannot_be_used_is_explained_on_the_edition(
    inbox: redis.Redis, settings: Any
) -> None:
    edition = an_assembled_edition()
    settings.MAIL = "mailgun://geheim"
    assert send_due(seconds=5, clock_=lambda: NOON) == {}
    down = outage_of(edition)
    assert down is not None
    assert down.lasting
    assert down.said == (
        "PUBLISHER_MAIL cannot be used: the address of Mailgun lacks its user. "
        "Example: PUBLISHER_MAIL=mailgun://API_KEY@mg.example.org?region=eu"
    )


def test_a_provider_that_asks_for_patience_gets_it(inbox: redis.Redis, settings: Any) -> None:
    an_assembled_edition()
    with Mailgun(rules=[at(status=429, headers={"Retry-After": "900"})]) as fake:
        settings.MAIL = fake.url()
        send_due(seconds=5, clock_=lambda: NOON)
        send_due(seconds=5, clock_=lambda: NOON)
    assert len(fake.requests) == 1
    assert 600 < client().ttl(outage._rest()) <= 900
