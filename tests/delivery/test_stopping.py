"""All sending stands still: nothing is claimed, nothing is begun, and nothing floods out when it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from publisher.core import standstill
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry, Restoration, Standstill
from publisher.delivery import posts, stopping
from publisher.delivery.claim import claim_mail, may_go_on, next_fence
from publisher.delivery.leaving import enqueue_due
from publisher.delivery.models import Delivery
from publisher.delivery.outlook import outlook
from publisher.delivery.stopping import go_on, stop
from publisher.digests.due import create_due
from publisher.digests.models import Edition
from publisher.social.drafting import draft_item
from publisher.social.models import Post
from tests.builders import NOON, a_channel, a_digest, a_sending_edition, an_item
from tests.desk.builders import a_post, a_post_delivery

pytestmark = pytest.mark.django_db

LEASE = timedelta(minutes=5)
LATER = NOON + timedelta(hours=3)


def stopped(**given: object) -> Standstill:
    values = {"user": None, "by": "ada@host", "reason": "A wrong picture", "now": NOON} | given
    return stop(**values)  # type: ignore[arg-type]  # as the caller gave them


def claimed(edition: Edition) -> int:
    return len(claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=LEASE).mails)


def test_no_mail_is_claimed_while_sending_stands_still_and_all_is_when_it_goes_on() -> None:
    edition = a_sending_edition(mails=3)
    stopped()
    assert claimed(edition) == 0
    assert set(Delivery.objects.values_list("state", "attempts")) == {("queued", 0)}
    go_on(user=None, by="ada@host", now=LATER)
    assert claimed(edition) == 3


def test_what_a_sender_has_claimed_already_is_no_longer_to_be_sent() -> None:
    edition = a_sending_edition()
    assert may_go_on([edition.pk], now=NOON) == {edition.pk}
    stopped()
    assert may_go_on([edition.pk], now=NOON) == set()


def test_no_post_is_claimed_while_sending_stands_still() -> None:
    post = a_post(state=Post.State.SENDING, slot_at=NOON)
    part = a_post_delivery(post)
    stopped()
    assert posts.heads(now=NOON) == []
    assert not posts.send(part.pk, now=NOON)
    go_on(user=None, by="ada@host", now=NOON)
    assert posts.heads(now=NOON) == [part.pk]


def test_a_post_waits_through_a_short_standstill_and_expires_in_a_long_one() -> None:
    post = a_post(state=Post.State.SCHEDULED, slot_at=NOON, channel=a_channel(tolerance_minutes=60))
    stopped()
    enqueue_due(now=NOON + timedelta(minutes=30))
    post.refresh_from_db()
    assert (post.state, post.deliveries.count()) == ("scheduled", 0)
    enqueue_due(now=NOON + timedelta(minutes=61))
    post.refresh_from_db()
    assert (post.state, post.deliveries.count()) == ("expired", 0)


def test_an_edition_that_falls_due_meanwhile_is_begun_afterwards_or_asks_when_it_is_long_past() -> None:
    a_digest(slug="weekly")  # due on Monday, 1 June, 00:00 UTC
    stopped()
    assert create_due(now=NOON) == []
    (ahead,) = outlook(now=NOON).editions
    assert (ahead.digest.slug, ahead.asks) == ("weekly", False)
    go_on(user=None, by="ada@host", now=NOON + timedelta(hours=12))
    create_due(now=NOON + timedelta(hours=12))
    assert Edition.objects.get().after_assembly == "waiting"


@pytest.mark.parametrize(("hours", "state"), [(3, "sending"), (13, "paused")])
def test_an_edition_that_was_going_out_goes_on_unless_its_time_is_long_past(hours: int, state: str) -> None:
    edition = a_sending_edition()
    stopped()
    then = NOON + timedelta(hours=hours)
    assert [each.asks for each in outlook(now=then, stood_since=NOON).mails] == [state == "paused"]
    old = go_on(user=None, by="ada@host", now=then).paused
    edition.refresh_from_db()
    assert edition.state == state
    assert (old == [edition]) == (edition.problem == stopping.GREW_OLD) == (state == "paused")


def test_an_old_edition_goes_on_after_a_short_standstill() -> None:
    edition = a_sending_edition()
    Edition.objects.update(due_at=NOON - timedelta(days=2))
    stopped()
    assert go_on(user=None, by="ada@host", now=LATER).paused == []
    edition.refresh_from_db()
    assert edition.state == "sending"


def test_it_is_not_stopped_twice_and_the_first_reason_stays() -> None:
    stopped(reason="The first")
    with pytest.raises(UserError, match="stands still already"):
        stopped(reason="The second")
    assert Standstill.objects.get().reason == "The first"


def test_a_reason_is_needed() -> None:
    with pytest.raises(UserError, match="Say why"):
        stopped(reason=" \n ")
    assert not standstill.is_on()


def test_a_standstill_that_nobody_saw_is_not_ended() -> None:
    stopped()
    with pytest.raises(UserError, match="stopped again"):
        go_on(user=None, by="ada@host", now=LATER, since=NOON - timedelta(hours=1))
    assert standstill.is_on()
    go_on(user=None, by="ada@host", now=LATER, since=NOON)
    with pytest.raises(UserError, match="any more"):
        go_on(user=None, by="ada@host", now=LATER)


def test_the_audit_trail_says_who_stopped_it_and_who_let_it_go_on() -> None:
    ada = User.objects.create_user("ada")
    stopped(user=ada, by="ada")
    go_on(user=None, by="root@host", now=LATER)
    rows = AuditEntry.objects.order_by("id").values_list("action", "actor_name", "after__by")
    assert list(rows) == [("sending.stopped", "ada", "ada"), ("sending.went_on", "root@host", "root@host")]


def test_the_outlook_counts_mails_by_edition_and_posts_by_channel() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=4)
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(state="unknown")  # type: ignore[union-attr]  # there are four
    paused = a_sending_edition(mails=2)
    Edition.objects.filter(pk=paused.pk).update(state="paused")
    channel = a_channel(tolerance_minutes=60)
    a_post(channel=channel, state="scheduled", slot_at=NOON - timedelta(hours=2))
    a_post(channel=channel, state="scheduled", slot_at=NOON)
    a_post(channel=channel, state="scheduled", slot_at=NOON + timedelta(hours=1))
    a_post_delivery(a_post(channel=channel, state="sending", slot_at=NOON - timedelta(minutes=5)))
    ahead = outlook(now=NOON)
    assert [(each.edition.pk, each.queued, each.unclear, each.asks) for each in ahead.mails] == [
        (edition.pk, 3, 1, False),
        (paused.pk, 2, 0, True),
    ]
    assert [(each.channel, each.leave, each.waiting, each.too_late) for each in ahead.posts] == [
        (channel, 1, 1, 1)
    ]
    assert "minutes between posts" in str(ahead.posts[0].hold)


def test_after_a_restore_no_channel_approves_by_itself_what_may_be_published_already() -> None:
    a_channel(auto_approve=True)
    Restoration.objects.create(made_at=NOON - timedelta(hours=1), restored_at=NOON)
    old, new = an_item(at=NOON - timedelta(minutes=30)), an_item(at=NOON + timedelta(minutes=1))
    for item in (old, new):
        draft_item(item.pk, now=LATER)
    assert Post.objects.get(item=old).state == "draft"
    assert "may have been published" in Post.objects.get(item=old).problem
    assert Post.objects.get(item=new).state == "approved"
