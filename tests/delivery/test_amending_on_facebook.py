"""Correcting a post on a Facebook page: the text is exchanged, an answer is a comment, and deleting takes both away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from publisher.delivery.amending import asking
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.amending.standing import answer_part
from publisher.delivery.models import Amendment
from publisher.social.models import Channel
from tests.builders import a_channel, a_schedule
from tests.delivery.amending_steps import (
    LATER,
    a_sent_post,
    ask,
    decide,
    outcomes,
    revised,
    stands,
    tick,
    until_done,
)
from tests.delivery.post_steps import HOUR, delivery_of
from tests.fakes import facebook
from tests.fakes.facebook import FakeFacebook
from tests.fakes.switches import Fault, serving
from tests.social.steps import EVERY_MINUTE, an_editor, fresh, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(settings: Any) -> Iterator[FakeFacebook]:
    fake = FakeFacebook()
    with serving(fake):
        settings.FETCH_ALLOW = frozenset({f"127.0.0.1:{fake.port}"})
        yield fake


@pytest.fixture
def channel(fake: FakeFacebook) -> Channel:
    account = facebook.account_at(fake.url)
    return a_channel(
        "facebook",
        credentials=dict(account.credentials),
        settings=dict(account.settings),
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
    )


def test_a_post_is_edited_then_answered_by_a_comment_then_deleted_with_it(
    fake: FakeFacebook, channel: Channel
) -> None:
    post = a_sent_post(channel)
    revised(post)
    assert stands(post).proposed is Choice.EDIT
    ask(post)
    tick()
    assert (fake.texts, outcomes(post)) == ([text_of(post)], [("edit", "done")])

    revised(post, "The harvests of the whole valley are back")
    part = answer_part(fresh(post), "Correction.")
    assert (part.number, part.of) == (1, 2)
    ask(post, now=LATER, **{f"p{post.pk}": decide(post, Choice.REPLY)})
    tick()
    answer = Amendment.objects.get(deed="reply")
    comment = fake.posts[answer.remote_id]
    assert (comment.parent, comment.message) == (delivery_of(post).remote_id, answer.text)

    ask(post, **{f"p{post.pk}": decide(post, Choice.DELETE)})
    until_done()
    assert outcomes(post) == [("edit", "done"), ("reply", "done"), ("delete", "done"), ("delete", "done")]
    assert (fake.texts, fresh(post).withdrawn_at is not None) == ([], True)


def test_a_comment_whose_answer_was_lost_is_not_sent_again_and_a_person_tells(
    fake: FakeFacebook, channel: Channel
) -> None:
    post = a_sent_post(channel)
    revised(post)
    ask(post, **{f"p{post.pk}": decide(post, Choice.REPLY)})
    fake.faults.append(Fault.DROP_AFTER)
    tick()
    for hours in range(1, 30):
        tick(LATER + hours * HOUR)
    row = Amendment.objects.get()
    assert (row.state, len(fake.posts)) == ("unknown", 2)
    assert "Comments are not searched" in row.reason
    asking.confirm(row.pk, user=an_editor(), was_done=True, url="", now=LATER + 30 * HOUR)
    tick(LATER + 31 * HOUR)
    assert (outcomes(post), len(fake.posts)) == ([("reply", "done")], 2)
