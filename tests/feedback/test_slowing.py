"""A provider that asks for less mail in a report of delay rests, as if it had said so while mail was sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from publisher.delivery.models import Delivery
from publisher.delivery.pacing.rests import Rests
from publisher.feedback.models import Report
from publisher.feedback.reading import read
from publisher.feedback.slowing import slow
from publisher.feedback.taking import take
from tests.feedback.mailing import CORPUS, NOW, Signs, a_sent_mail

pytestmark = pytest.mark.django_db
FRESH = b"Last-Attempt-Date: Mon, 01 Jun 2026 09:20:00 +0000\nDiagnostic-Code: "


@pytest.fixture(autouse=True)
def empty(inbox: redis.Redis) -> redis.Redis:
    return inbox


@pytest.fixture
def mail() -> Delivery:
    return a_sent_mail("ilse@gmail.com")


def delayed(mail: Delivery, name: str = "gmail-rate-delayed") -> bytes:
    raw = Signs.of_delivery(mail).into((CORPUS / f"{name}.eml").read_bytes())
    return raw.replace(b"Diagnostic-Code: ", FRESH)


def rests(provider: str) -> bool:
    state = Rests().states(NOW).get(provider)
    return state is not None and state.rests(NOW)


def test_a_fresh_wish_for_less_mail_lets_the_provider_rest(
    mail: Delivery, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django's fixture
        report = take(delayed(mail), source="test", now=NOW)
    assert report.outcome == "nothing"
    assert rests("gmail.com")
    mail.refresh_from_db()
    assert mail.state == "sent"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(lambda mail: delayed(mail, "postfix-greylisted-delayed"), id="greylisting"),
        pytest.param(lambda mail: delayed(mail, "gmail-delay"), id="not reached"),
    ],
)
def test_other_delays_slow_nobody(raw: object, mail: Delivery) -> None:
    data = raw(mail)  # type: ignore[operator]  # a function, as given above
    assert not slow(take(data, source="test", now=NOW), read(data), now=NOW)
    assert not rests("gmail.com")


def test_what_was_said_hours_ago_slows_nobody(mail: Delivery) -> None:
    data, later = delayed(mail), NOW + timedelta(hours=3)
    assert not slow(take(data, source="test", now=later), read(data), now=later)


def test_one_delivery_slows_its_provider_once(mail: Delivery) -> None:
    """Whoever has one mail of ours cannot keep a provider at rest with it."""
    data = delayed(mail)
    again = b"X-Mark: 1\n" + data
    assert slow(take(data, source="test", now=NOW), read(data), now=NOW)
    assert not slow(take(again, source="test", now=NOW), read(again), now=NOW)


def test_without_a_sign_nobody_is_slowed(mail: Delivery, django_capture_on_commit_callbacks: object) -> None:
    raw = Signs.forged(mail).into((CORPUS / "gmail-rate-delayed.eml").read_bytes())
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django's fixture
        take(raw.replace(b"Diagnostic-Code: ", FRESH), source="test", now=NOW)
    assert not rests("gmail.com")
    assert Report.objects.get().outcome == "unmatched"
