"""What posts cost, and that a month's budget is never overspent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from django.db import connection
from hypothesis import strategies as st

from publisher.core.errors import Rejected
from publisher.delivery import budget
from publisher.delivery.budget import Month, money, month_of
from publisher.delivery.leaving import enqueue_due
from publisher.delivery.models import Delivery
from publisher.social import approval
from publisher.social.models import Channel, Post
from publisher.social.networks.base import Account, Part
from publisher.social.networks.x.network import X
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel, a_schedule
from tests.desk.builders import a_post, a_post_delivery
from tests.social.steps import EVERY_MINUTE, a_draft, an_editor, approved, fresh

LINK = Decimal("0.20")
PLAIN = Decimal("0.015")


def a_paid_channel(**given: Any) -> Channel:
    schedule = a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0, zone=given.pop("zone", "UTC"))
    return a_channel("x", schedule=schedule, **given)


def scheduled(channel: Channel, count: int = 1) -> list[Post]:
    posts = [approved(a_draft(channel)) for _ in range(count)]
    assert give_slots(channel.pk, now=NOON) == count
    return posts


def month_now(channel: Channel, now: datetime = NOON) -> Month:
    return budget.month(Channel.objects.get(pk=channel.pk), X, now=now)


@pytest.mark.parametrize(
    ("text", "given", "price"),
    [
        ("Words alone.", {}, PLAIN),
        ("Words. https://e.example.org/1", {}, LINK),
        ("Words and example.org without a scheme", {}, LINK),
        ("One.\r\nTwo", {}, PLAIN),
        ("a." * 500, {}, LINK),
        ("Words.", {"price": 0.01}, Decimal("0.01")),
        ("https://example.org", {"price_with_link": "0.25"}, Decimal("0.25")),
        ("https://example.org", {"price_with_link": 0}, Decimal(0)),
    ],
)
def test_a_post_with_a_link_costs_more(text: str, given: dict[str, Any], price: Decimal) -> None:
    assert X.price(Part(text), Account(1, "a", {}, given)) == price


@pytest.mark.parametrize("given", ["cheap", -1, True, "NaN", "Infinity", 5000, [1]])
def test_a_price_that_is_no_amount_is_refused(given: object) -> None:
    with pytest.raises(Rejected, match="`price`"):
        X.price(Part("Words."), Account(1, "a", {}, {"price": given}))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0.2", "USD", "$0.20"),
        ("0.0150", "USD", "$0.015"),
        ("1234", "EUR", "€1,234.00"),
        ("0", "CHF", "0.00 CHF"),
        ("100", "USD", "$100.00"),
    ],
)
def test_money_has_two_decimals_or_more(amount: str, currency: str, text: str) -> None:
    assert money(Decimal(amount), currency) == text


@hypothesis.given(
    st.integers(600_000_000, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Apia", "Africa/Cairo"]).map(
        ZoneInfo
    ),
)
def test_every_moment_lies_in_one_month_of_its_zone(now: datetime, zone: ZoneInfo) -> None:
    begins, ends = month_of(now, zone)
    assert begins.astimezone(UTC) <= now < ends.astimezone(UTC)
    assert (begins.day, begins.hour, ends.day, ends.hour) == (1, 0, 1, 0)
    assert month_of(ends.astimezone(UTC), zone)[0] == ends


@pytest.mark.django_db
def test_a_post_within_the_budget_leaves_and_its_price_is_stored() -> None:
    channel = a_paid_channel(month_budget=LINK)
    (post,) = scheduled(channel)
    assert enqueue_due(now=NOON) == 1
    assert Delivery.objects.get(post=post).price == LINK
    assert month_now(channel) == Month(
        Decimal(0), LINK, LINK, "USD", datetime(2026, 7, 1, tzinfo=ZoneInfo("UTC"))
    )


@pytest.mark.django_db
def test_the_post_that_would_exceed_it_is_held_with_the_sums() -> None:
    channel = a_paid_channel(month_budget=Decimal("0.50"))
    posts = scheduled(channel, 3)
    Delivery.objects.filter(post=posts[0]).update(state="sent")
    assert enqueue_due(now=NOON + timedelta(minutes=5)) == 2
    held = fresh(posts[2])
    assert (held.state, held.slot_at) == ("held", None)
    assert held.problem == (
        "The month's budget of $0.50 is used up: $0.00 is spent and $0.40 waiting to leave, and this post costs $0.20. "
        "Raise the channel's budget, or approve the post from 1 July 2026 on."
    )
    assert not Delivery.objects.filter(post=held).exists()


@pytest.mark.django_db
def test_a_held_post_leaves_once_the_budget_is_raised_or_the_month_is_over() -> None:
    channel = a_paid_channel(month_budget=Decimal("0.10"))
    (post,) = scheduled(channel)
    assert enqueue_due(now=NOON) == 0
    Channel.objects.filter(pk=channel.pk).update(month_budget=LINK)
    approval.approve(post.pk, user=an_editor(), version=fresh(post).version, now=NOON)
    assert give_slots(channel.pk, now=NOON) == 1
    assert enqueue_due(now=NOON + timedelta(minutes=1)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "spent", "queued"),
    [
        *((state, "0.2", "0") for state in ("sent", "delivered", "sending", "unknown")),
        ("queued", "0", "0.2"),
        *((state, "0", "0") for state in ("failed", "cancelled", "expired")),
    ],
)
def test_what_may_have_been_published_counts_and_what_was_not_does_not(
    state: str, spent: str, queued: str
) -> None:
    channel = a_paid_channel()
    a_post_delivery(a_post(channel=channel), state=state, price=LINK)
    now_is = month_now(channel)
    assert (now_is.spent, now_is.queued, now_is.budget) == (Decimal(spent), Decimal(queued), None)


@pytest.mark.django_db
def test_a_month_is_one_of_the_channels_zone_and_counts_when_a_post_left() -> None:
    channel = a_paid_channel(zone="Asia/Shanghai")
    begins = datetime(2026, 5, 31, 16, tzinfo=UTC)
    second = timedelta(seconds=1)
    a_post_delivery(a_post(channel=channel), state="sent", price=LINK, at=begins - second, sent_at=begins)
    a_post_delivery(
        a_post(channel=channel), state="sent", price=1, at=begins - second, sent_at=begins - second
    )
    assert month_now(channel, begins).spent == LINK
    assert month_now(channel, begins - second).spent == 1 + LINK
    assert month_now(channel, begins + timedelta(days=30)).spent == 0


@pytest.mark.django_db
def test_each_message_of_a_thread_costs() -> None:
    channel = a_paid_channel(month_budget=Decimal("0.22"), settings={"threads": True})
    post = a_draft(channel)
    texts = ["First. https://office.example.org/1", "Second.", "Third."]
    edited = approval.edit(post.pk, user=an_editor(), version=post.version, texts=texts, now=NOON)
    approved(edited)
    give_slots(channel.pk, now=NOON)
    assert enqueue_due(now=NOON) == 0
    assert "this post costs $0.23" in fresh(post).problem
    Channel.objects.filter(pk=channel.pk).update(month_budget=Decimal("0.23"))
    approved(post)
    give_slots(channel.pk, now=NOON)
    assert enqueue_due(now=NOON) == 1
    prices = Delivery.objects.filter(post=post).order_by("part").values_list("price", flat=True)
    assert list(prices) == [LINK, PLAIN, PLAIN]


@pytest.mark.django_db
def test_what_left_of_a_thread_is_not_counted_twice_when_the_rest_is_approved_again() -> None:
    channel = a_paid_channel(month_budget=Decimal("0.215"), settings={"threads": True})
    post = a_post(
        channel=channel, parts=[{"text": "First. https://e.org/1"}, {"text": "Second."}], state="failed"
    )
    a_post_delivery(post, 0, state="sent", price=LINK, sent_at=NOON)
    a_post_delivery(post, 1, state="failed", price=PLAIN)
    approved(post)
    give_slots(channel.pk, now=NOON)
    assert enqueue_due(now=NOON) == 1
    assert month_now(channel).taken == LINK + PLAIN


@pytest.mark.django_db
def test_other_channels_and_free_networks_are_not_asked() -> None:
    a_post_delivery(a_post(channel=a_paid_channel()), state="sent", price=LINK)
    channel = a_paid_channel(month_budget=LINK)
    scheduled(channel)
    free = a_channel("telegram", schedule=channel.schedule, month_budget=Decimal(0), settings={"chat": "@a"})
    post = approved(a_draft(free))
    give_slots(free.pk, now=NOON)
    assert enqueue_due(now=NOON) == 2
    assert Delivery.objects.get(post=post).price is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_not_overspend() -> None:
    channel = a_paid_channel(month_budget=Decimal("0.50"))
    scheduled(channel, 6)

    def worker(_: int) -> int:
        try:
            return enqueue_due(now=NOON + timedelta(minutes=10))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(worker, range(4))) == 2
    assert sum(Delivery.objects.values_list("price", flat=True)) == Decimal("0.40")
    assert Post.objects.filter(state="held").count() == 4
