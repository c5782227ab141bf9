"""Trying again what failed, and sending a mail once more to a reader who asks: never twice by accident."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta

import pytest

from publisher.audience import tokens
from publisher.audience.models import Subscription, Suppression
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery import resending, retrying, tally
from publisher.delivery.closing import finish_editions
from publisher.delivery.models import Delivery
from publisher.digests.models import Edition, Variant
from publisher.social.models import Channel, Post
from tests.builders import NOON
from tests.delivery.test_mail import an_assembled_edition, sent_by
from tests.desk.builders import a_pause, a_post, a_post_delivery, an_attempt
from tests.fakes.smtp_sink import SmtpSink
from tests.review.steps import cleared, tagged
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)


def a_sent_edition(readers: int = 1) -> Edition:
    """Sent to its readers, and ended."""
    edition = an_assembled_edition(readers=readers)
    with SmtpSink() as sink:
        sent_by(sink, edition)
    finish_editions(now=NOON)
    edition.refresh_from_db()
    assert edition.state == "sent"
    return edition


def failed(edition: Edition, **given: object) -> Delivery:
    row = edition.delivery_set.earliest("pk")
    values = {"state": "failed", "code": 550, "enhanced": "5.1.1", "settled_at": NOON, **given}
    Delivery.objects.filter(pk=row.pk).update(**values)
    return Delivery.objects.get(pk=row.pk)


def test_a_failed_mail_leaves_again_though_its_edition_had_ended_and_the_edition_ends_again() -> None:
    edition = a_sent_edition()
    row = failed(edition)
    retrying.retry(row.pk, user=an_editor(), fence=row.fence, now=LATER)
    edition.refresh_from_db()
    assert (edition.state, edition.finished_at) == ("sending", None)
    with SmtpSink() as sink:
        sent_by(sink, edition, now=LATER)
    finish_editions(now=LATER)
    edition.refresh_from_db()
    row.refresh_from_db()
    assert (len(sink.messages), row.state, edition.state) == (1, "sent", "sent")
    assert AuditEntry.objects.get(action="delivery.retried").object_id == str(row.pk)


def test_two_who_press_at_once_have_it_tried_again_once() -> None:
    row = failed(a_sent_edition())
    retrying.retry(row.pk, user=an_editor(), fence=row.fence, now=LATER)
    with pytest.raises(UserError, match="did not fail"):
        retrying.retry(row.pk, user=an_editor("otto"), fence=row.fence, now=LATER)
    Delivery.objects.filter(pk=row.pk).update(state="failed", fence=row.fence + 1)
    with pytest.raises(UserError, match="Somebody had it tried again"):
        retrying.retry(row.pk, user=an_editor("otto"), fence=row.fence, now=LATER)


@pytest.mark.parametrize("state", ["sent", "unknown", "queued", "bounced", "suppressed"])
def test_what_may_have_been_accepted_is_never_tried_again(state: str) -> None:
    row = failed(a_sent_edition(), state=state)
    with pytest.raises(UserError, match="did not fail"):
        retrying.retry(row.pk, user=an_editor(), fence=row.fence, now=LATER)
    assert retrying.found([row.pk]).count == 0


def test_a_reader_who_left_or_is_suppressed_is_told_about_before_anything_is_queued() -> None:
    row = failed(a_sent_edition())
    assert row.subscriber is not None
    key = row.subscriber.email_key
    Suppression.objects.create(email_key=key, reason="bounced", at=NOON)
    with pytest.raises(UserError, match="suppression list"):
        retrying.retry(row.pk, user=an_editor(), fence=row.fence, now=LATER)
    Suppression.objects.all().delete()
    Subscription.objects.update(state="ended")
    with pytest.raises(UserError, match="does not receive"):
        retrying.retry(row.pk, user=an_editor(), fence=row.fence, now=LATER)


@pytest.mark.parametrize("state", ["cancelled", "empty"])
def test_nothing_of_an_edition_that_is_over_is_tried_again(state: str) -> None:
    edition = a_sent_edition()
    row = failed(edition)
    Edition.objects.filter(pk=edition.pk).update(state=state)
    with pytest.raises(UserError, match="nothing of it is sent"):
        retrying.retry(row.pk, user=an_editor(), fence=row.fence, now=LATER)
    assert (retrying.found([row.pk]).count, retrying.found([row.pk]).over) == (0, 1)


def test_all_failed_mails_are_tried_again_but_those_that_failed_once_more_since_the_question() -> None:
    edition = a_sent_edition(readers=3)
    ids = list(edition.delivery_set.values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).update(state="failed", code=451, enhanced="4.3.0", settled_at=NOON)
    Delivery.objects.filter(pk=ids[0]).update(settled_at=LATER, code=550)
    found = retrying.found(ids)
    assert (found.count, found.answers) == (3, ((451, "4.3.0", 2), (550, "4.3.0", 1)))
    count = retrying.retry_all(found, user=an_editor(), seen_at=NOON, now=LATER)
    assert (count, Delivery.objects.filter(state="queued").count()) == (2, 2)
    assert AuditEntry.objects.get(action="edition.retried").after == {"mails": 2}
    with pytest.raises(UserError, match="None of them"):
        retrying.retry_all(found, user=an_editor(), seen_at=NOON, now=LATER)


@pytest.mark.parametrize("state", ["draft", "approved", "scheduled", "cancelled", "expired"])
def test_a_failed_message_is_not_tried_again_once_somebody_decided_about_its_post(state: str) -> None:
    """What failed is the text of before. It would leave in place of the one that was approved since, and before its slot."""
    post = a_post(state=state, slot_at=NOON + timedelta(days=1), text="Mended.")
    row = a_post_delivery(post, state="failed", prepared={"text": "Wrong."}, fence=4)
    with pytest.raises(UserError, match="not sent as it was"):
        retrying.retry(row.pk, user=an_editor(), fence=4, now=LATER)
    row.refresh_from_db()
    post.refresh_from_db()
    assert (row.state, post.state) == ("failed", state)


def test_a_failed_message_is_not_tried_again_when_its_channel_asks_for_approvals_since() -> None:
    post = a_post(state="failed", slot_at=NOON)
    row = a_post_delivery(post, state="failed", prepared={"text": "x"}, fence=4)
    Channel.objects.filter(pk=post.channel_id).update(approvals=1)
    with pytest.raises(UserError, match="0 of 1 approval"):
        retrying.retry(row.pk, user=an_editor(), fence=4, now=NOON)


def test_a_failed_message_of_a_post_is_tried_again_with_its_key_while_its_slot_is_not_long_past() -> None:
    post = a_post(state="failed", slot_at=NOON)
    row = a_post_delivery(post, state="failed", idempotency_key="k", prepared={"text": "x"}, fence=4)
    retrying.retry(row.pk, user=an_editor(), fence=4, now=NOON + timedelta(minutes=1))
    row.refresh_from_db()
    post.refresh_from_db()
    assert (row.state, row.idempotency_key, row.prepared, post.state) == (
        "queued",
        "k",
        {"text": "x"},
        "sending",
    )
    Delivery.objects.filter(pk=row.pk).update(state="failed")
    Post.objects.filter(pk=post.pk).update(state="failed")
    with pytest.raises(UserError, match="slot was missed") as refused:
        retrying.retry(row.pk, user=an_editor(), fence=4, now=NOON + timedelta(days=2))
    assert "Approve the post again" in refused.value.hint


def test_a_reader_who_asks_gets_the_mail_once_more_with_links_of_their_own() -> None:
    edition = a_sent_edition()
    first = edition.delivery_set.get()
    copy = resending.resend(first.pk, user=an_editor(), copies=0, now=LATER)
    with SmtpSink() as sink:
        sent_by(sink, edition, now=LATER)
    message = email.message_from_bytes(sink.messages[0].data, policy=email.policy.default)
    token = message["List-Unsubscribe"].strip("<>").rpartition("/u/")[2]
    assert tokens.read(tokens.Purpose.UNSUBSCRIBE, token) == tokens.Link(
        first.subscriber_id or 0, edition.digest_id
    )
    assert "[Test]" not in message["Subject"]
    assert "Reader Nº 0" in str(message["To"])
    copy.refresh_from_db()
    edition.refresh_from_db()
    assert (copy.state, copy.purpose, copy.copy_of_id, edition.state) == ("sent", "resend", first.pk, "sent")
    assert tally.by_state(edition_id=edition.pk) == {"sent": 1}, "it counts as no recipient"
    assert AuditEntry.objects.get(action="delivery.sent_again").after == {"delivery": copy.pk}


def test_two_presses_send_one_copy_and_a_third_on_purpose_sends_another() -> None:
    first = a_sent_edition().delivery_set.get()
    resending.resend(first.pk, user=an_editor(), copies=0, now=LATER)
    with pytest.raises(UserError, match="Somebody sent it again"):
        resending.resend(first.pk, user=an_editor("otto"), copies=0, now=LATER)
    resending.resend(first.pk, user=an_editor(), copies=1, now=LATER)
    assert first.copies.count() == 2


def test_a_copy_goes_to_the_address_of_today_and_not_to_who_leaves_before_it_is_sent() -> None:
    edition = a_sent_edition()
    first = edition.delivery_set.get()
    assert first.subscriber is not None
    first.subscriber.email = "new@example.net"
    first.subscriber.save()
    copy = resending.resend(first.pk, user=an_editor(), copies=0, now=LATER)
    assert copy.address == "new@example.net"
    Subscription.objects.update(state="ended")
    with SmtpSink() as sink:
        sent_by(sink, edition, now=LATER)
    copy.refresh_from_db()
    assert (len(sink.messages), copy.state) == (0, "cancelled")


def test_a_copy_waits_behind_a_pause_that_comes_after_it() -> None:
    edition = a_sent_edition()
    copy = resending.resend(edition.delivery_set.get().pk, user=an_editor(), copies=0, now=LATER)
    held = edition.edition_items.get()
    topic_pause = a_pause(scope="topic", topic_id=7, name="t")
    held.topics = [7]
    held.save()
    with SmtpSink() as sink:
        sent_by(sink, edition, now=LATER)
        assert (len(sink.messages), Delivery.objects.get(pk=copy.pk).state) == (0, "queued")
        topic_pause.delete()
        sent_by(sink, edition, now=LATER)
    assert len(sink.messages) == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda row: Delivery.objects.filter(pk=row.pk).update(state="failed"), "only what has left"),
        (lambda row: Delivery.objects.filter(pk=row.pk).update(state="complained"), "only what has left"),
        (
            lambda row: Variant.objects.filter(pk=row.variant_id).update(retired=True),
            "corrected or taken back",
        ),
        (lambda row: Edition.objects.filter(pk=row.edition_id).update(state="cancelled"), "over"),
        (lambda row: Delivery.objects.filter(pk=row.pk).update(purpose="seed"), "to a reader"),
        (lambda row: Delivery.objects.filter(pk=row.pk).update(subscriber=None), "deleted"),
    ],
    ids=["failed", "complained", "corrected", "cancelled", "seed", "deleted"],
)
def test_what_may_not_be_sent_again_says_why(spoil: object, said: str) -> None:
    row = a_sent_edition().delivery_set.get()
    spoil(row)  # type: ignore[operator]  # one of the above
    with pytest.raises(UserError, match=said):
        resending.resend(row.pk, user=an_editor(), copies=0, now=LATER)
    assert not Delivery.objects.filter(purpose="resend").exists()


def test_a_copy_waits_while_the_edition_holds_what_waits_for_a_clearance() -> None:
    edition = a_sent_edition()
    first = edition.delivery_set.get()
    copy = resending.resend(first.pk, user=an_editor(), copies=0, now=LATER)
    item = edition.edition_items.get().item
    tag = tagged(item)
    with pytest.raises(UserError, match="waits for a clearance"):
        resending.resend(first.pk, user=an_editor(), copies=1, now=LATER)
    with SmtpSink() as sink:
        sent_by(sink, edition, now=LATER)
        assert (len(sink.messages), Delivery.objects.get(pk=copy.pk).state) == (0, "queued")
        cleared(item, tag)
        sent_by(sink, edition, now=LATER)
    assert len(sink.messages) == 1


def test_what_was_cancelled_after_the_question_is_not_tried_again() -> None:
    edition = a_sent_edition()
    row = failed(edition)
    found = retrying.found([row.pk])
    Edition.objects.filter(pk=edition.pk).update(state="cancelled")
    with pytest.raises(UserError, match="waits for another try"):
        retrying.retry_all(found, user=an_editor(), seen_at=LATER, now=LATER)
    row.refresh_from_db()
    assert row.state == "failed"


def test_who_may_have_got_it_by_an_earlier_try_is_told_of_before() -> None:
    edition = a_sent_edition()
    row = failed(edition)
    assert "nobody gets it twice" in retrying.said(retrying.found([row.pk]))[0]
    an_attempt(row, outcome="unknown", code=None, enhanced="", text="")
    found = retrying.found([row.pk])
    assert (found.count, found.doubtful) == (1, 1)
    facts = " ".join(retrying.said(found))
    assert "an earlier try was unclear" in facts
    assert "nobody gets it twice" not in facts
