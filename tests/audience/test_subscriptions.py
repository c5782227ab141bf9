"""Joining, choosing, leaving: what is stored, and what proves it."""

from __future__ import annotations

import pytest

from publisher.audience import addresses, subscriptions, tokens
from publisher.audience.choices import Choice
from publisher.audience.models import Consent, Selection, Subscriber
from publisher.core.errors import UserError
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db


def test_equal_choices_share_one_selection() -> None:
    digest = a_digest()
    one = a_subscriber(digest, kinds=["story", "video"], topics=[3, 1])
    two = a_subscriber(digest, kinds=["video", "story"], topics=[1, 3, 3])
    assert one.selection_id == two.selection_id
    assert Selection.objects.count() == 1


def test_the_same_address_written_differently_is_one_subscriber() -> None:
    digest = a_digest()
    a_subscriber(digest, "Lin@Example.NET")
    a_subscriber(digest, "lin@example.net ")
    assert Subscriber.objects.count() == 1


def test_leaving_twice_changes_nothing_the_second_time_and_proves_the_first() -> None:
    subscription = a_subscriber(a_digest())
    leaving = {"how": "one-click", "now": NOON}
    assert subscriptions.leave(subscription.subscriber_id, subscription.digest_id, **leaving)
    assert not subscriptions.leave(subscription.subscriber_id, subscription.digest_id, **leaving)
    assert Consent.objects.filter(action="withdrawn", how="one-click").count() == 1


def test_who_left_cannot_be_given_a_new_choice_by_an_old_link() -> None:
    subscription = a_subscriber(a_digest())
    subscriptions.leave(subscription.subscriber_id, subscription.digest_id, how="page", now=NOON)
    chosen = subscriptions.choose(
        subscription.subscriber_id, subscription.digest_id, Choice.of(language="zh"), now=NOON
    )
    assert chosen is None


def test_a_token_is_good_for_its_purpose_only() -> None:
    token = tokens.write(tokens.Purpose.WEB_VERSION, 46656, 7)
    assert tokens.read(tokens.Purpose.WEB_VERSION, token) == tokens.Link(46656, 7)
    assert tokens.read(tokens.Purpose.UNSUBSCRIBE, token) is None
    assert tokens.read(tokens.Purpose.WEB_VERSION, token + "x") is None
    assert tokens.read(tokens.Purpose.WEB_VERSION, "") is None


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "@example.net", "a@", "a@b", "a b@example.net", "a@exa_mple.net", "a..b@example.net",
     "x" * 65 + "@example.net", "a@" + "d" * 64 + ".net", "a\r\nBcc: b@example.net", "a@example..net"],
)  # fmt: skip
def test_an_impossible_address_is_refused_with_a_reason(address: str) -> None:
    with pytest.raises(UserError) as refused:
        addresses.checked(address)
    assert refused.value.message


def test_international_addresses_are_compared_by_their_ascii_domain() -> None:
    assert addresses.key("读者@例子.广告") == "读者@xn--fsqu00a.xn--4rr70v"
    assert addresses.checked("读者@例子.广告") == "读者@例子.广告"
