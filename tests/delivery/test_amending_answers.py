"""An answer that we published can be deleted again, alone or with its post."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery.amending import asking
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.amending.standing import needing
from publisher.delivery.models import Amendment
from publisher.social.models import Post
from publisher.social.networks.sandbox.server import Server
from tests.delivery.amending_steps import (
    LATER,
    a_sent_post,
    ask,
    decide,
    outcomes,
    retracted,
    revised,
    stands,
    tick,
    until_done,
)
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import fault_proxy
from tests.fakes.sandbox import timeline
from tests.social.steps import a_sandbox_channel, an_editor, fresh, text_of

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def answered(network: Server) -> Post:
    """A post that was answered because its item had changed."""
    post = a_sent_post(a_sandbox_channel(network))
    revised(post)
    ask(post, **{f"p{post.pk}": decide(post, Choice.REPLY)})
    tick()
    assert len(timeline(network)) == 2
    return fresh(post)


def the_answer() -> Amendment:
    return Amendment.objects.get(deed="reply")


def test_an_answer_is_deleted_its_post_stays_and_asks_again(network: Server, answered: Post) -> None:
    assert needing(answered.item) == 0
    asking.delete_answer(the_answer().pk, user=an_editor(), now=LATER)
    tick()
    assert timeline(network) == [text_of(answered)]
    assert outcomes(answered) == [("reply", "done"), ("delete", "done")]
    assert the_answer().withdrawn_at is not None
    assert (fresh(answered).withdrawn_at, needing(answered.item)) == (None, 1)
    entry = AuditEntry.objects.filter(action="post.correction_asked").latest("pk")
    assert (entry.actor_name, entry.after["answer"]) == ("ilse", the_answer().text)
    with pytest.raises(UserError, match="no such answer"):
        asking.delete_answer(the_answer().pk, user=an_editor(), now=LATER)


def test_a_post_that_is_deleted_takes_the_answers_below_it_along(network: Server, answered: Post) -> None:
    retracted(answered, at=LATER + MINUTE)
    assert [each.pk for each in stands(answered).answers] == [the_answer().pk]
    ask(answered, now=LATER + 2 * MINUTE)
    deleted = [(row.deed, row.answer_id) for row in Amendment.objects.exclude(deed="reply")]
    assert deleted == [("delete", the_answer().pk), ("delete", None)]
    until_done(start=LATER + 2 * MINUTE)
    assert timeline(network) == []
    assert (fresh(answered).withdrawn_at is not None, needing(fresh(answered).item)) == (True, 0)


def test_a_deletion_of_an_answer_whose_reply_is_lost_is_repeated_and_ends_once(network: Server) -> None:
    with fault_proxy(network.url) as proxy:
        post = a_sent_post(a_sandbox_channel(settings={"url": proxy.url, "timeout_seconds": 0.5}))
        revised(post)
        ask(post, **{f"p{post.pk}": decide(post, Choice.REPLY)})
        tick()
        asking.delete_answer(the_answer().pk, user=an_editor(), now=LATER)
        proxy.arm(faults.DROP_REPLY, method="DELETE")
        tick()
        assert outcomes(post)[-1] == ("delete", "unknown")
        until_done()
    assert (outcomes(post)[-1], timeline(network)) == (("delete", "done"), [text_of(post)])


def test_a_deletion_that_failed_is_tried_again_also_when_its_post_is_gone(
    network: Server, answered: Post
) -> None:
    ask(answered, **{f"p{answered.pk}": decide(answered, Choice.DELETE)})
    until_done()
    row = Amendment.objects.get(answer=the_answer())
    Amendment.objects.filter(pk=row.pk).update(state="failed", settled_at=LATER)
    Amendment.objects.filter(pk=the_answer().pk).update(withdrawn_at=None)
    asking.again(row.pk, user=an_editor(), now=LATER)
    tick()
    assert outcomes(answered) == [("reply", "done"), ("delete", "done"), ("delete", "done")]
    assert the_answer().withdrawn_at is not None


def test_an_answer_whose_id_nobody_knows_is_deleted_by_hand(answered: Post) -> None:
    Amendment.objects.update(remote_id="")
    with pytest.raises(UserError, match="by hand"):
        asking.delete_answer(the_answer().pk, user=an_editor(), now=LATER)
    ask(answered, **{f"p{answered.pk}": decide(answered, Choice.DELETE)})
    assert outcomes(answered) == [("reply", "done"), ("delete", "queued")]


def test_while_a_correction_is_under_way_no_answer_is_deleted(answered: Post) -> None:
    ask(answered, **{f"p{answered.pk}": decide(answered, Choice.EDIT)})
    with pytest.raises(UserError, match="under way"):
        asking.delete_answer(the_answer().pk, user=an_editor(), now=LATER)
