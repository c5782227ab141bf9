"""Unclear mail is explained by what made it unclear, and by what its digest does with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from publisher.backup.aftermath import tell
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.consequences import of_resolving
from publisher.delivery.journal import Journal, begin
from publisher.delivery.mail_doubts import confirm, confirm_edition
from publisher.delivery.models import Delivery
from publisher.delivery.sweep import sweep
from publisher.delivery.unclear import Cause, Group, groups_of, sentences
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest, a_sending_edition
from tests.delivery.test_mail import an_assembled_edition, sent_by
from tests.desk.builders import a_mail
from tests.fakes.smtp_sink import SmtpSink, at

pytestmark = pytest.mark.django_db

LEASE = timedelta(minutes=1)
AFTER = NOON + timedelta(minutes=2)


def only_group(edition: Edition) -> Group:
    [group] = groups_of(Edition.objects.select_related("digest").get(pk=edition.pk))
    return group


def killed(edition: Edition, *, mails: int = 1, notes: bool = True) -> None:
    """A worker dies that had claimed so many; with its notes, or without."""
    fence = next_fence()
    if notes:
        assert begin(fence)
        Journal().begun(fence)
    claim_mail(edition.pk, fence=fence, now=NOON, limit=mails, lease=LEASE)


def test_a_lost_answer_is_told_with_what_was_seen(inbox: redis.Redis) -> None:
    edition = an_assembled_edition(a_digest(on_unknown="hold"), readers=1)
    with SmtpSink(rules=[at("DOT", deed="close", times=1)]) as sink:
        sent_by(sink, edition)
    group = only_group(edition)
    assert group.cause is Cause.ANSWER
    assert "no clear answer of the mail server came back" in group.why
    assert "The whole message was sent and no answer came" in group.why
    assert group.fate.said == "It waits for a person: its digest holds what is unclear (on_unknown: hold)."


@pytest.mark.parametrize(
    ("policy", "by_itself", "said"),
    [("hold", False, "its digest holds what is unclear"), ("resend", True, "It is sent again by itself")],
)
def test_a_killed_worker_is_told_with_what_its_digest_does(
    inbox: redis.Redis, policy: str, by_itself: bool, said: str
) -> None:
    edition = a_sending_edition(a_digest(on_unknown=policy), mails=1)
    killed(edition)
    sweep(now=AFTER, most=0)  # so that what would be sent again is still unclear
    group = only_group(edition)
    assert group.cause is Cause.WORKER
    assert "died, or was stopped or cut off for longer than its lease" in group.why
    assert group.fate.by_itself is by_itself
    assert said in group.fate.said
    assert "answer" not in group.why


def test_lost_notes_are_told_and_nothing_is_said_to_be_sent_again(inbox: redis.Redis) -> None:
    edition = a_sending_edition(a_digest(on_unknown="resend"), mails=3)
    killed(edition, mails=3, notes=False)
    sweep(now=AFTER, most=8)
    group = only_group(edition)
    assert (group.cause, group.mails, group.fate.by_itself) == (Cause.NOTES, 3, False)
    assert "whatever its digest says" in group.fate.said
    assert sentences([group])[0].startswith("3 mails: The worker that was sending it died, and its notes")


def test_after_a_restore_the_restore_is_the_reason_whatever_was_before(inbox: redis.Redis) -> None:
    edition = a_sending_edition(a_digest(on_unknown="resend"), mails=2)
    killed(edition)
    Delivery.objects.filter(state="queued").update(state="unknown", reason="The whole message was sent.")
    tell(NOON, by="ada@host", now=AFTER)
    group = only_group(edition)
    assert (group.cause, group.mails, group.fate.by_itself) == (Cause.RESTORE, 2, False)
    assert "answer" not in group.why
    assert "after a restore nothing that may have left is sent again by itself" in group.fate.said
    reasons = Delivery.objects.values_list("reason", flat=True)
    assert (
        sum(reason.startswith("The whole message was sent. The database was restored") for reason in reasons)
        == 1
    )


def test_a_mail_that_was_tried_as_often_as_a_mail_is_waits_for_a_person(inbox: redis.Redis) -> None:
    edition = a_sending_edition(a_digest(on_unknown="resend"), mails=2)
    Delivery.objects.update(state="unknown", reason="No answer.", attempts=8)
    Delivery.objects.filter(pk=Delivery.objects.order_by("pk")[0].pk).update(attempts=1)
    groups = groups_of(Edition.objects.select_related("digest").get(pk=edition.pk))
    assert {group.fate.by_itself for group in groups} == {True, False}
    assert any("it was tried 8 times" in group.fate.said for group in groups)


def test_of_a_cancelled_edition_nothing_is_said_to_be_sent_again(inbox: redis.Redis) -> None:
    edition = a_sending_edition(a_digest(on_unknown="resend"), mails=1)
    Delivery.objects.update(state="unknown", reason="No answer.")
    Edition.objects.update(state="cancelled")
    assert "nothing of it is sent any more" in only_group(edition).fate.said


def test_an_unclear_test_is_no_matter_of_its_edition_and_a_copy_for_the_office_is() -> None:
    edition = a_sending_edition(mails=0)
    for purpose in ("test", "seed"):
        a_mail(edition, state="unknown", reason="No answer.", purpose=purpose)
    assert [group.mails for group in groups_of(edition)] == [1]
    assert of_resolving(edition, arrived=True).counted == 1
    assert confirm_edition(edition.pk, user="ada", arrived=True, now=AFTER) == 1
    test = Delivery.objects.get(purpose="test")
    assert test.state == "unknown"
    confirm(test.pk, user="ada", arrived=True, now=AFTER)
    assert Delivery.objects.filter(state="sent").count() == 2
