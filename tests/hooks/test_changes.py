"""Which changes are told: each once, whoever changed it and by whatever statement; nothing is written while nobody listens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction

from publisher.audience import subscriptions
from publisher.audience.models import Subscriber
from publisher.core import clock
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.models import Delivery
from publisher.delivery.settle import ACCEPTED, Settlement, Try, settle_all
from publisher.digests.models import Edition
from publisher.hooks import endpoints, kinds
from publisher.hooks.models import Change, Message, Wanted
from publisher.social.models import Post
from tests.builders import NOON, a_channel, a_digest, a_sending_edition, a_subscriber
from tests.desk.builders import a_post, a_post_delivery, an_edition
from tests.hooks.steps import Receiver, an_admin, an_endpoint, send

pytestmark = pytest.mark.django_db


def _send_edition(edition: Edition) -> None:
    """Claim and settle as the sender does, by its statements."""
    fence, now = next_fence(), clock.now()
    claim = claim_mail(edition.pk, fence=fence, now=now, limit=100, lease=timedelta(minutes=5))
    tried = Try("host:1", now, 1.0, 250)
    settle_all([Settlement.of(mail.id, fence, ACCEPTED, tried) for mail in claim.mails])


def test_while_nobody_listens_the_outbox_stays_empty() -> None:
    _send_edition(a_sending_edition(mails=3))
    a_post(state="draft")
    Post.objects.update(state="cancelled")
    assert not Change.objects.exists()
    assert not Wanted.objects.exists()


def test_mails_that_are_sent_by_bulk_statements_are_told_each_once(receiver: Receiver) -> None:
    an_endpoint(receiver, "delivery.*")
    edition = a_sending_edition(mails=3)
    _send_edition(edition)
    send()
    assert receiver.told == {"delivery.queued": 3, "delivery.sending": 3, "delivery.sent": 3}
    told = next(event for event in receiver.events if event["type"].endswith(".sent"))
    row = Delivery.objects.get(pk=told["data"]["id"])
    assert told["data"] == {
        "id": row.pk,
        "old_state": "sending",
        "new_state": "sent",
        "edition_id": edition.pk,
        "post_id": None,
        "subscriber_id": row.subscriber_id,
        "channel_id": None,
        "digest_id": edition.digest_id,
        "purpose": "reader",
        "url": f"{settings.BASE_URL}/api/v1/deliveries/{row.pk}",
    }
    assert not Change.objects.exists()


def test_raw_sql_over_many_rows_is_told_too(receiver: Receiver) -> None:
    edition = a_sending_edition(mails=3)
    an_endpoint(receiver, "delivery.cancelled")
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO delivery_delivery (edition_id, address, state, due_at, created_at, attempts, fence, held,
                 idempotency_key, remote_id, remote_url, enhanced, reason)
               SELECT %s, 'reader' || n || '@example.net', 'queued', now(), now(), 0, 0, false, '', '', '', '', ''
               FROM generate_series(1, 500) n""",
            [edition.pk],
        )
        cursor.execute("UPDATE delivery_delivery SET state = 'cancelled' WHERE edition_id = %s", [edition.pk])
    send()
    assert receiver.told == {"delivery.cancelled": 503}
    assert len({event["data"]["id"] for event in receiver.events}) == 503
    assert len({event["id"] for event in receiver.events}) == 503


def test_posts_editions_readers_and_subscriptions_are_told(receiver: Receiver) -> None:
    an_endpoint(receiver)
    post = a_post()
    Post.objects.filter(pk=post.pk).update(state="approved")
    edition = an_edition(items=[])
    Edition.objects.filter(pk=edition.pk).update(state="cancelled")
    digest = a_digest()
    subscription = a_subscriber(digest, "ilse@example.net")
    subscriptions.leave(subscription.subscriber_id, digest.pk, how="test", now=NOON)
    Subscriber.objects.get(pk=subscription.subscriber_id).delete()
    send()
    assert receiver.told["post.draft"] == receiver.told["post.approved"] == 1
    assert receiver.told["edition.waiting"] == receiver.told["edition.cancelled"] == 1
    assert receiver.told["subscriber.active"] == receiver.told["subscriber.deleted"] == 1
    assert receiver.told["subscription.active"] == receiver.told["subscription.ended"] == 1
    by_type = {event["type"].removeprefix("org.publisher."): event for event in receiver.events}
    assert by_type["post.approved"]["data"]["channel_id"] == post.channel_id
    assert by_type["edition.cancelled"]["data"]["old_state"] == "waiting"
    assert by_type["post.draft"]["data"]["old_state"] is None
    assert by_type["subscription.active"]["data"]["url"].endswith(
        f"/subscribers/{subscription.subscriber_id}"
    )
    assert "ilse" not in str(receiver.events)


def test_an_update_that_changes_no_state_is_no_change(receiver: Receiver) -> None:
    post = a_post()
    an_endpoint(receiver)
    Post.objects.filter(pk=post.pk).update(version=7)
    Post.objects.filter(pk=post.pk).update(state="draft")
    assert not Change.objects.exists()


def test_what_is_rolled_back_is_never_told(receiver: Receiver) -> None:
    post = a_post()
    an_endpoint(receiver)
    with transaction.atomic():
        Post.objects.filter(pk=post.pk).update(state="approved")
        transaction.set_rollback(True)
    assert send() == {}


def test_only_the_states_that_somebody_wants_are_written_down(receiver: Receiver) -> None:
    an_endpoint(receiver, "delivery.failed", "post.*")
    _send_edition(a_sending_edition(mails=2))
    assert not Change.objects.exists()
    a_post()
    assert [change.kind for change in Change.objects.all()] == ["post"]


def test_a_filter_lets_through_what_is_about_its_channels_and_digests(receiver: Receiver) -> None:
    channel, other, digest = a_channel(), a_channel(), a_digest()
    an_endpoint(receiver, "*", channel_ids=[channel.pk], digest_ids=[digest.pk])
    a_post(channel=other)
    mine = a_post(channel=channel)
    a_post_delivery(mine)
    a_sending_edition(digest, mails=1)
    a_sending_edition(mails=1)
    send()
    assert receiver.told == {
        "post.draft": 1,
        "delivery.queued": 2,
        "edition.sending": 1,
        "subscription.active": 1,
    }


def test_an_endpoint_that_is_off_gets_nothing_of_what_happened_meanwhile(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver)
    endpoints.switch(endpoint.pk, on=False, user=an_admin(), now=clock.now())
    assert not Wanted.objects.exists()
    a_post()
    endpoints.switch(endpoint.pk, on=True, user=an_admin(), now=clock.now())
    send()
    assert receiver.told == {}


def test_two_endpoints_get_the_same_event_under_the_same_id(receiver: Receiver) -> None:
    an_endpoint(receiver, "post.draft")
    an_endpoint(receiver, "post.*")
    a_post()
    send()
    assert receiver.told == {"post.draft": 2}
    assert len({key for key, _body in receiver.taken}) == 1


def test_deliveries_come_in_batches_of_a_hundred_where_the_endpoint_takes_them(receiver: Receiver) -> None:
    edition = a_sending_edition(mails=0)
    an_endpoint(receiver, "delivery.*", "post.*", batched=True)
    Delivery.objects.bulk_create(
        Delivery(edition=edition, address=f"r{n}@example.net", due_at=NOON, created_at=NOON)
        for n in range(230)
    )
    Delivery.objects.update(state="cancelled")
    a_post()
    send()
    assert receiver.told == {"delivery.queued": 230, "delivery.cancelled": 230, "post.draft": 1}
    sizes = sorted(len(body) if isinstance(body, list) else 0 for _key, body in receiver.taken)
    assert sizes == [0, 30, 30, 100, 100, 100, 100]
    types = {request.headers["content-type"].partition(";")[0] for request in receiver.requests}
    assert types == {"application/cloudevents+json", "application/cloudevents-batch+json"}
    assert Message.objects.filter(state="sent").count() == 7


def test_every_pattern_that_stands_in_the_table_can_be_wanted() -> None:
    assert set(kinds.names()) <= set(kinds.patterns())
    assert kinds.without_doubles(["post.sent", "post.*", "delivery.sent"]) == ["post.*", "delivery.sent"]
    assert kinds.without_doubles(["post.sent", "*"]) == ["*"]
    assert kinds.wanted(["post.*", "edition.sent"]) == {("post", "*"), ("edition", "sent")}
    assert kinds.wanted(["*"]) == {(kind, "*") for kind in kinds.KINDS}
    assert all(name in kinds.patterns_for(name) for name in kinds.names())
