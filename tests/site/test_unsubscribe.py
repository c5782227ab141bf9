"""Leaving by the link or the header of a mail (RFC 8058): one press, no cookie, no redirect, as often as one likes."""

from __future__ import annotations

import pytest
from django.test import Client

from publisher.audience import subscriptions, tokens
from publisher.audience.models import Consent, Subscription
from publisher.digests.models import Digest
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def browser() -> Client:
    """One that refuses every form without its token, as the real one would."""
    return Client(enforce_csrf_checks=True)


def address_of(subscription: Subscription, purpose: tokens.Purpose = tokens.Purpose.UNSUBSCRIBE) -> str:
    return f"/u/{tokens.write(purpose, subscription.subscriber_id, subscription.digest_id)}"


def state_of(subscription: Subscription) -> str:
    subscription.refresh_from_db()
    return subscription.state


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_changes_nothing(browser: Client, method: str) -> None:
    subscription = a_subscriber(a_digest())
    response = getattr(browser, method)(address_of(subscription))
    assert (response.status_code, state_of(subscription)) == (200, "active")


def test_the_page_asks_once_and_has_one_button(browser: Client) -> None:
    text = browser.get(address_of(a_subscriber(a_digest()))).content.decode()
    assert "Stop receiving “The week in Almaria”?" in text
    assert text.count("<button") == 1
    assert "<input" not in text


def test_pressing_the_button_is_enough(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    response = browser.post(address_of(subscription))
    assert (response.status_code, state_of(subscription)) == (200, "ended")
    assert "You are unsubscribed" in response.content.decode()
    assert Consent.objects.latest("pk").how == "unsubscribe page"


def test_a_mail_program_unsubscribes_by_itself_without_cookie_or_redirect(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    response = browser.post(address_of(subscription), ONE_CLICK)
    assert (response.status_code, state_of(subscription)) == (200, "ended")
    assert not response.cookies
    proof = Consent.objects.latest("pk")
    assert (proof.action, proof.how) == ("withdrawn", "one-click header")


def test_a_mail_program_may_send_its_form_in_parts(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    browser.post(address_of(subscription), ONE_CLICK, format="multipart")
    assert state_of(subscription) == "ended"


def test_doing_it_again_says_the_same_and_changes_nothing(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    first, second = (browser.post(address_of(subscription)) for _ in range(2))
    assert first.content == second.content
    assert Consent.objects.filter(action="withdrawn").count() == 1


def test_it_ends_this_digest_and_no_other(browser: Client) -> None:
    weekly, other = a_digest(), a_digest()
    subscription = a_subscriber(weekly, "lin@example.net")
    kept = a_subscriber(other, "lin@example.net")
    browser.post(address_of(subscription))
    assert (state_of(subscription), state_of(kept)) == ("ended", "active")


def test_a_reader_of_chinese_is_asked_in_chinese(browser: Client) -> None:
    text = browser.get(address_of(a_subscriber(a_digest(), language="zh-Hans"))).content.decode()
    assert '<html lang="zh-Hans" dir="ltr">' in text
    assert "不再接收《阿尔马里亚一周》？" in text


@pytest.mark.parametrize("token", ["x", "1.1~forged", "%00", "~", "1.1", "a" * 3000])
def test_a_link_that_is_not_ours_is_answered_calmly(browser: Client, token: str) -> None:
    for response in (browser.get(f"/u/{token}"), browser.post(f"/u/{token}", ONE_CLICK)):
        assert response.status_code == 404
        assert "This link is not complete" in response.content.decode()


def test_a_link_for_another_purpose_does_not_unsubscribe(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    address = address_of(subscription, tokens.Purpose.WEB_VERSION)
    assert browser.post(address, ONE_CLICK).status_code == 404
    assert state_of(subscription) == "active"


def test_a_link_of_somebody_who_is_gone_says_that_it_is_done(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    address = address_of(subscription)
    subscription.subscriber.delete()
    Digest.objects.all().delete()
    assert browser.post(address, ONE_CLICK).status_code == 200


def test_a_link_works_after_leaving_and_joining_again(browser: Client) -> None:
    digest = a_digest()
    subscription = a_subscriber(digest, "lin@example.net")
    subscriptions.leave(subscription.subscriber_id, digest.pk, how="test", now=NOON)
    again = a_subscriber(digest, "lin@example.net")
    browser.post(address_of(again))
    assert state_of(again) == "ended"


def test_public_pages_are_neither_kept_nor_found_nor_told_to_others(browser: Client) -> None:
    response = browser.get(address_of(a_subscriber(a_digest())))
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Referrer-Policy"] == "no-referrer"


def test_the_link_of_a_test_or_copy_opens_the_page_and_ends_no_subscription(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    link = f"/u/{tokens.write(tokens.Purpose.UNSUBSCRIBE, tokens.NOBODY, subscription.digest_id)}"
    assert browser.get(link).status_code == 200
    assert browser.post(link, ONE_CLICK).status_code == 200
    assert state_of(subscription) == "active"
