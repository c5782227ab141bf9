"""An answer costs: it is counted in its channel's month, and refused with the sums where the month has no room for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from publisher.core.errors import UserError
from publisher.delivery import budget
from publisher.delivery.amending import asking
from publisher.delivery.amending.asking import Refused
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.models import Amendment
from publisher.social.models import Channel, Post
from publisher.social.networks.x.network import X
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.amending_steps import LATER, ask, decide, outcomes, revised, stands, tick
from tests.desk.builders import a_post, a_post_delivery
from tests.fakes.x import SECRETS, fake_x
from tests.social.steps import an_editor, fresh

LINK, PLAIN = Decimal("0.20"), Decimal("0.015")
WORDS = "Correction without an address."


def a_tweet(**given: Any) -> Post:
    """A post that is on X, for nothing: what its answers cost is the question."""
    settings = {"threads": True, **given.pop("settings", {})}
    channel = a_channel("x", credentials=SECRETS, settings=settings, schedule=a_schedule(), **given)
    post = a_post(channel=channel, state="sent", sent_at=NOON)
    a_post_delivery(post, state="sent", sent_at=NOON, remote_id="7")
    revised(post)
    return fresh(post)


def answering(post: Post, text: str = "") -> dict[str, Any]:
    decision = decide(post, Choice.REPLY)
    return {f"p{post.pk}": replace(decision, reply=text or decision.reply)}


def spent(post: Post, *, days: int = 0) -> tuple[Decimal, Decimal]:
    month = budget.month(
        Channel.objects.select_related("schedule").get(pk=post.channel_id),
        X,
        now=LATER + timedelta(days=days),
    )
    return month.spent, month.queued


@pytest.mark.django_db
def test_an_answer_with_a_link_costs_as_a_post_with_a_link_does() -> None:
    first, second = a_tweet(), a_tweet()
    ask(first, **answering(first))
    ask(second, **answering(second, WORDS))
    assert [row.price for row in Amendment.objects.order_by("pk")] == [LINK, PLAIN]
    assert (spent(first), spent(second)) == ((0, LINK), (0, PLAIN))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "spent_now", "queued"),
    [
        ({"state": "queued"}, 0, LINK),
        ({"state": "sending"}, LINK, 0),
        ({"state": "unknown"}, LINK, 0),
        ({"state": "done", "settled_at": LATER}, LINK, 0),
        ({"state": "done", "settled_at": LATER - timedelta(days=40)}, 0, 0),
        ({"state": "failed", "settled_at": LATER}, 0, 0),
        ({"state": "cancelled", "settled_at": LATER}, 0, 0),
    ],
)
def test_what_may_be_published_counts_and_what_was_not_does_not(
    given: dict[str, Any], spent_now: Decimal, queued: Decimal
) -> None:
    post = a_tweet()
    ask(post, **answering(post))
    Amendment.objects.update(**given)
    assert spent(post) == (spent_now, queued)


@pytest.mark.django_db
def test_an_answer_that_waited_into_the_next_month_counts_there() -> None:
    post = a_tweet()
    ask(post, **answering(post))
    assert spent(post, days=40) == (0, LINK)
    Amendment.objects.update(state="done", settled_at=LATER + timedelta(days=40))
    assert spent(post, days=40) == (LINK, 0)


@pytest.mark.django_db
def test_over_the_budget_an_answer_is_refused_with_the_sums_and_taken_once_there_is_room() -> None:
    post = a_tweet(month_budget=Decimal("0.25"))
    other = a_post(channel=fresh(post).channel, state="sent")
    a_post_delivery(other, state="sent", price=Decimal("0.10"), sent_at=LATER)
    assert stands(post).proposed is Choice.LATER, "what would be refused is not proposed"
    with pytest.raises(Refused) as refused:
        ask(post, **answering(post))
    assert refused.value.errors[post.pk].message == (
        "The month's budget of $0.25 is used up: $0.10 is spent, and this answer costs $0.20. "
        "Raise the channel's budget, or ask again from 1 July 2026 on."
    )
    assert not Amendment.objects.exists()
    ask(post, **answering(post, WORDS))
    assert outcomes(post) == [("reply", "queued")]


@pytest.mark.django_db
def test_an_answer_that_failed_is_not_counted_and_is_asked_about_when_it_is_tried_again() -> None:
    with fake_x() as server:
        post = a_tweet(month_budget=LINK, settings={"api_url": server.url, "timeout_seconds": 2})
        ask(post, **answering(post))
        tick()
        row = Amendment.objects.get()
        assert (row.state, spent(post)) == ("failed", (0, 0)), "there is no post 7 to answer"
        other = a_post(channel=fresh(post).channel, state="sent")
        sent = a_post_delivery(other, state="sent", price=PLAIN, sent_at=LATER)
        with pytest.raises(UserError, match=r"\$0.015 is spent, and this answer costs \$0.20"):
            asking.again(row.pk, user=an_editor(), now=LATER)
        assert outcomes(post) == [("reply", "failed")]
        type(sent).objects.filter(pk=sent.pk).delete()
        asking.again(row.pk, user=an_editor(), now=LATER)
        assert outcomes(post) == [("reply", "queued")]


@pytest.mark.django_db
def test_what_answers_cost_leaves_no_room_for_posts() -> None:
    post = a_tweet(month_budget=LINK)
    ask(post, **answering(post))
    channel = Channel.objects.select_related("schedule").get(pk=post.channel_id)
    another = a_post(channel=channel)
    assert "$0.20 waiting to leave" in budget.problem(another, channel, X, [PLAIN], now=LATER)


@pytest.mark.django_db
def test_editing_and_deleting_cost_nothing() -> None:
    post = a_tweet(month_budget=Decimal(0))
    ask(post, **{f"p{post.pk}": decide(post, Choice.DELETE)})
    assert [row.price for row in Amendment.objects.all()] == [None]


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_do_not_overspend() -> None:
    first = a_tweet(month_budget=LINK)
    channel = first.channel
    second = a_post(channel=channel, state="sent", sent_at=NOON)
    a_post_delivery(second, state="sent", sent_at=NOON, remote_id="8")
    revised(second)
    given = {post.pk: answering(post) for post in (first, second)}
    an_editor()

    def press(post: Post) -> bool:
        try:
            return bool(ask(post, **given[post.pk]))
        except Refused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, [first, second])) == [False, True]
    assert Amendment.objects.count() == 1
