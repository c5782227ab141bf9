"""A site hands in what was filled in on its own form: readers confirm by mail, and the answer is the same for every address."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from publisher.audience import hashes
from publisher.audience.models import ReaderLetter, SignUp, SignUpCount, Subscriber, Suppression
from publisher.audience.signing_up import limits
from publisher.audience.signing_up.rates import parse_rates
from publisher.digests.models import Digest
from tests.api.steps import Caller, caller, data, problem
from tests.builders import NOON, a_digest, a_subscriber, a_topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]

GIVEN: dict[str, Any] = {
    "email": "ilse@example.net",
    "digests": ["weekly"],
    "language": "zh",
    "text": "我要订阅。",
    "page": "https://site.example.org/news?x=1",
    "client": "192.0.2.7",
}


@pytest.fixture
def program(db: None) -> Caller:
    a_digest(slug="weekly")
    return caller()


def test_it_is_written_down_with_the_sites_own_text_page_and_client(program: Caller) -> None:
    water = a_topic("water")
    data(program.post("/sign-ups", {**GIVEN, "topics": ["water"], "region": "cn", "name": "Ilse"}), 202)
    row = SignUp.objects.select_related("text").get()
    assert (row.text.text, row.text.language, row.page) == (
        "我要订阅。",
        "zh",
        "https://site.example.org/news",
    )
    assert bytes(row.client or b"") == hashes.of_client("192.0.2.7")
    assert row.wanted[0]["topics"] == [water.pk]
    assert (row.wanted[0]["language"], row.wanted[0]["region"], row.language) == ("zh", "CN", "zh")
    assert not Subscriber.objects.exists()
    assert ReaderLetter.objects.get().kind == "confirm"


def test_the_answer_is_the_same_for_every_address(program: Caller) -> None:
    a_subscriber(a_digest(slug="other"), "known@example.net")
    Suppression.objects.create(email_key="no@example.net", reason="bounced", at=NOON)
    answers = {
        program.post("/sign-ups", {**GIVEN, "email": f"{name}@example.net"}).content
        for name in ("new", "known", "no")
    }
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "noreply@example.net"}, "mailbox of a machine"),
        ({"email": "x@mailinator.com"}, "disposable"),
        ({"email": "no address"}, "not a mail address"),
        ({"digests": ["none"]}, "no digest none"),
        ({"topics": ["none"]}, "no topic none"),
        ({"client": "my server"}, "no IP address"),
        ({"name": "Win at www.evil.example"}, "looks like a link"),
        ({"digests": ["weekly", "daily"]}, "same newsletter at different rhythms"),
    ],
)
def test_what_cannot_be_is_refused(program: Caller, changed: dict[str, Any], said: str) -> None:
    Digest.objects.update(family="news")
    a_digest(slug="daily", family="news", rhythm="daily")
    body = problem(program.post("/sign-ups", {**GIVEN, **changed}), 422, "refused")
    assert said in body["detail"]
    assert not SignUp.objects.exists()


def test_what_is_refused_is_counted_all_the_same(program: Caller) -> None:
    program.post("/sign-ups", {**GIVEN, "email": "noreply@example.net"})
    assert SignUpCount.objects.get().what == "machine"


def test_the_limits_hold_for_sites_too_but_no_proof_of_work_is_asked(program: Caller, settings: Any) -> None:
    settings.SIGN_UP_LIMITS = parse_rates("client=2/h, proof=1/h")
    answers = [program.post("/sign-ups", {**GIVEN, "email": f"r{n}@example.net"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    problem(answers[2], 429, "too_fast")
    assert program.post("/sign-ups", {**GIVEN, "client": ""}).status_code == 202


def test_when_nobody_can_count_it_is_to_be_sent_again(
    program: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "client", lambda: redis.Redis(port=1, socket_connect_timeout=1))
    problem(program.post("/sign-ups", GIVEN), 503, "cannot_count")


def test_a_key_without_the_scope_may_not(db: None) -> None:
    a_digest(slug="weekly")
    problem(caller("see_desk").post("/sign-ups", GIVEN), 403, "not_allowed")
