"""Leaving by the link or the header of a mail (RFC 8058): one press, no cookie, no redirect, as often as one likes."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded; charset=ISO-8859-1", "List-Unsubscribe=One-Click"),
        ("application/x-www-form-urlencoded; charset=us-ascii", "List-Unsubscribe=One-Click"),
        ("application/x-www-form-urlencoded; charset=nonsense", "List-Unsubscribe=One-Click"),
        ("multipart/form-data", "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", "cut off"),
        ("text/plain", "List-Unsubscribe=One-Click"),
        ("application/json", '{"List-Unsubscribe": "One-Click"}'),
        ("application/x-www-form-urlencoded", "List-Unsubscribe=one-click"),
        ("application/x-www-form-urlencoded", "%ff%fe=%00"),
        ("application/x-www-form-urlencoded", "&".join(f"f{n}=1" for n in range(5000))),
        ("", ""),
    ],
)
def test_a_press_counts_however_its_form_is_written(browser: Client, kind: str, body: str) -> None:
    subscription = a_subscriber(a_digest())
    answer = browser.generic("POST", address_of(subscription), body, content_type=kind)
    assert (answer.status_code, state_of(subscription)) == (200, "ended")
    assert not answer.cookies


def test_doing_it_again_says_the_same_and_changes_nothing(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    first, second = (browser.post(address_of(subscription)) for _ in range(2))
    assert first.content == second.content
    assert Consent.objects.filter(action="withdrawn").count() == 1


def test_who_has_several_may_leave_all_at_once(browser: Client) -> None:
    subscription, other = (a_subscriber(a_digest(), "lin@example.net") for _ in range(2))
    text = browser.get(address_of(subscription)).content.decode()
    assert text.count("<button") == 2
    first, second = (browser.post(address_of(subscription), {"all": "yes"}) for _ in range(2))
    assert (first.status_code, first.content) == (200, second.content)
    assert "no more newsletters from us" in first.content.decode()
    assert (state_of(subscription), state_of(other)) == ("ended", "ended")


def test_the_answer_to_a_mail_program_is_short_and_the_same_each_time(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    first, second = (browser.post(address_of(subscription), ONE_CLICK) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(first.content) < 100
    assert first["Cache-Control"] == "no-store"


def test_a_mail_program_s_click_is_one_transaction_of_a_few_statements(
    browser: Client, django_assert_max_num_queries: Any
) -> None:
    subscription = a_subscriber(a_digest())
    with django_assert_max_num_queries(7):  # two of them begin and end a savepoint in this test
        browser.post(address_of(subscription), ONE_CLICK)
    with django_assert_max_num_queries(
        5
    ):  # one of them looks whether staff had ended it for many, and may undo that
        browser.post(address_of(subscription), ONE_CLICK)


def test_a_digest_that_is_gone_is_left_calmly(browser: Client) -> None:
    subscription = a_subscriber(a_digest())
    Digest.objects.all().delete()
    assert "Stop receiving this newsletter?" in browser.get(address_of(subscription)).content.decode()
    assert "no more mail of this newsletter" in browser.post(address_of(subscription)).content.decode()
    assert state_of(subscription) == "ended"


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
