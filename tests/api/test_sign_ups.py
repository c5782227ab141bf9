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
from tests.api.steps import Caller, a_secret, caller, data, problem
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


class Site(Caller):
    """The server of a site, with a key that may hand in sign-ups and nothing else."""

    where = ""

    def sign_up(self, **changed: Any) -> Any:
        return self.post(self.where, {**GIVEN, **changed})


@pytest.fixture(params=["/subscribers", "/sign-ups"])
def site(db: None, request: pytest.FixtureRequest) -> Site:
    a_digest(slug="weekly")
    found = Site(a_secret("sign_up"))
    found.where = request.param
    return found


def test_it_is_written_down_with_the_sites_own_text_page_and_client(site: Site) -> None:
    water = a_topic("water")
    data(site.sign_up(topics=["water"], region="cn", name="Ilse"), 202)
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


def test_the_answer_is_the_same_for_every_address(site: Site) -> None:
    a_subscriber(a_digest(slug="other"), "known@example.net")
    Suppression.objects.create(email_key="no@example.net", reason="bounced", at=NOON)
    answers = {site.sign_up(email=f"{name}@example.net").content for name in ("new", "known", "no")}
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
def test_what_cannot_be_is_refused(site: Site, changed: dict[str, Any], said: str) -> None:
    Digest.objects.update(family="news")
    a_digest(slug="daily", family="news", rhythm="daily")
    body = problem(site.sign_up(**changed), 422, "refused")
    assert said in body["detail"]
    assert not SignUp.objects.exists()


def test_what_is_refused_is_counted_all_the_same(site: Site) -> None:
    site.sign_up(email="noreply@example.net")
    assert SignUpCount.objects.get().what == "machine"


def test_the_limits_hold_for_sites_too_but_no_proof_of_work_is_asked(site: Site, settings: Any) -> None:
    settings.SIGN_UP_LIMITS = parse_rates("client=2/h, proof=1/h")
    answers = [site.sign_up(email=f"r{n}@example.net") for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    problem(answers[2], 429, "too_fast")
    assert site.sign_up(client="").status_code == 202


def test_when_nobody_can_count_it_is_to_be_sent_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "client", lambda: redis.Redis(port=1, socket_connect_timeout=1))
    problem(site.sign_up(), 503, "cannot_count")


@pytest.mark.parametrize("where", ["/subscribers", "/sign-ups"])
def test_a_key_without_the_scope_may_not(db: None, where: str) -> None:
    a_digest(slug="weekly")
    problem(caller("see_desk").post(where, GIVEN), 403, "not_allowed")


@pytest.mark.parametrize("where", ["/subscribers", "/sign-ups"])
def test_who_manages_the_audience_may_hand_in_sign_ups_too(db: None, where: str) -> None:
    a_digest(slug="weekly")
    program = caller("manage_audience")
    data(program.post(where, GIVEN), 202)
    assert data(program.get("/me"))["may"] == ["manage_audience", "sign_up"]


PROVED = {"email": "ilse@example.net", "digest": "weekly", "how": "Open day, 1 June 2026"}


def test_with_the_proof_of_an_earlier_consent_nobody_is_asked(db: None) -> None:
    a_digest(slug="weekly")
    row = data(caller("manage_audience").post("/subscribers", PROVED), 201)
    assert row["subscriptions"][0]["state"] == "active"
    assert not SignUp.objects.exists()
    assert not ReaderLetter.objects.exists()


def test_a_sites_key_subscribes_nobody_who_is_not_asked(db: None) -> None:
    a_digest(slug="weekly")
    said = problem(caller("sign_up").post("/subscribers", PROVED), 403, "not_allowed")
    assert "manage_audience" in said["detail"]
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("how", ["", None, 7])
def test_a_proof_that_was_lost_on_the_way_makes_no_sign_up(db: None, how: Any) -> None:
    a_digest(slug="weekly")
    said = problem(caller().post("/subscribers", {**GIVEN, "how": how}), 422, "invalid")
    assert "how" in {field["name"] for field in said["fields"]}
    assert not SignUp.objects.exists()


def test_a_body_that_fits_neither_is_told_by_its_own_fields(db: None) -> None:
    said = problem(caller().post("/subscribers", {**GIVEN, "text": "", "digest": "weekly"}), 422, "invalid")
    assert {field["name"] for field in said["fields"]} == {"text", "digest"}


def test_the_same_sign_up_with_one_idempotency_key_is_answered_alike(site: Site) -> None:
    answers = [site.post(site.where, GIVEN, Idempotency_Key="form-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert SignUp.objects.count() == 1
