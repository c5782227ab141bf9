"""What a restored database is told: nothing that may have left is sent again by itself, no number is given out twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.db import connection

from publisher.audience import letters
from publisher.audience.models import ReaderLetter
from publisher.backup.aftermath import NAMES_AHEAD, first_number, tell
from publisher.core import clock, standstill
from publisher.core.models import AuditEntry, Restoration, Standstill
from publisher.delivery import journal
from publisher.delivery.amending import doing
from publisher.delivery.amending.doubts import resolve
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.closing import finish_editions
from publisher.delivery.doubts import reconcile_unknown
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Amendment, Attempt, Delivery
from publisher.delivery.outlook import outlook
from publisher.delivery.settle import Outcome, Settlement, Try
from publisher.delivery.states import State
from publisher.delivery.stopping import go_on
from publisher.delivery.sweep import sweep
from publisher.digests import editions
from publisher.digests.due import create_due
from publisher.digests.models import Edition
from publisher.feedback import mailboxes
from publisher.feedback.models import Mailbox
from publisher.people import invitations
from publisher.people.models import Letter
from publisher.people.permissions import EDITOR, VIEWER
from publisher.social import health
from publisher.social.models import Notice, Post
from tests.builders import NOON, a_channel, a_digest, a_sending_edition, a_subscriber, an_item
from tests.delivery import post_steps
from tests.desk.builders import a_handed_post, a_mailbox, a_post, a_post_delivery
from tests.desk.builders import an_edition as a_waiting_edition
from tests.fakes.sandbox import sandbox, timeline
from tests.social.steps import SLOT, a_sandbox_channel, a_scheduled_post

pytestmark = pytest.mark.usefixtures("world")

MADE = NOON - timedelta(hours=1)
LEASE = timedelta(minutes=5)


def told(now: datetime = NOON) -> None:
    tell(MADE, by="ada@host", now=now)


def claimed(edition: Edition, limit: int = 2) -> int:
    """A claim that was going on as the backup was made; its fence."""
    claim = claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=limit, lease=LEASE)
    assert len(claim.mails) == limit
    return claim.fence


@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_mails_in_flight_are_held_for_a_person_whatever_the_digest_would_do(
    inbox: redis.Redis, policy: str
) -> None:
    edition = a_sending_edition(a_digest(on_unknown=policy), mails=3)
    claimed(edition)
    told()
    sweep(now=NOON + timedelta(days=1), most=8)
    rows = Delivery.objects.order_by("id").values_list("state", "held", "attempts")
    assert list(rows) == [("unknown", True, 1), ("unknown", True, 1), ("queued", False, 0)]
    assert (
        Attempt.objects.filter(
            outcome="unknown", text__contains="restored from a backup of 1 June 2026"
        ).count()
        == 2
    )


def test_mails_that_were_unclear_already_are_held_too_and_keep_their_reason(inbox: redis.Redis) -> None:
    a_sending_edition(a_digest(on_unknown="resend"), mails=1)
    Delivery.objects.update(state="unknown", reason="The connection broke.")
    told()
    sweep(now=NOON + timedelta(days=1), most=8)
    assert list(Delivery.objects.values_list("state", "held", "reason")) == [
        (
            "unknown",
            True,
            "The connection broke. The database was restored from a backup of 1 June 2026, 11:00:00 UTC.",
        )
    ]


def test_every_unfinished_edition_stands_paused_with_the_reason_and_a_finished_one_is_left_alone() -> None:
    sending, waiting = a_sending_edition(), a_waiting_edition()
    paused = a_waiting_edition(state="paused", problem="A wrong picture.")
    sent = a_waiting_edition(state="sent")
    told()
    states = dict(Edition.objects.values_list("pk", "state"))
    assert [states[each.pk] for each in (sending, waiting, paused, sent)] == [
        "paused",
        "paused",
        "paused",
        "sent",
    ]
    problems = dict(Edition.objects.values_list("pk", "problem"))
    assert problems[paused.pk].startswith(
        "A wrong picture. It was paused already before the restore of 1 June"
    )
    assert problems[sending.pk].startswith(
        "Paused by the restore of 1 June 2026, 12:00:00 UTC, which ada@host ran. The database was restored from a backup of"
    )
    assert "Resume it, and readers who got it after the backup get it again" in problems[sending.pk]
    assert AuditEntry.objects.filter(action="edition.pause", actor_name="ada@host").count() == 3
    assert problems[sent.pk] == ""


def test_an_edition_that_was_through_but_for_its_end_is_ended_and_not_paused() -> None:
    edition = a_sending_edition()
    Delivery.objects.update(state="sent")
    told()
    assert finish_editions(now=NOON) == [edition.pk]


@pytest.mark.parametrize("state", ["assembling", "blocked"])
def test_an_edition_that_was_being_assembled_stops_before_it_goes_out(
    state: str, django_user_model: Any
) -> None:
    edition = a_waiting_edition(
        state=state, assembled_at=None, after_assembly="sending", number=None, items=[]
    )
    an_item(at=MADE)
    Edition.objects.filter(pk=edition.pk).update(window_to=NOON)
    told()
    if state == "blocked":
        editions.resume(edition.pk, user=django_user_model.objects.create_user("ada"), now=NOON)
    assert assemble(edition.pk, now=NOON).state == "paused"


def test_an_edition_that_fell_due_after_the_backup_is_begun_for_a_person_only() -> None:
    digest = a_digest()  # due on Monday, 1 June, 00:00 UTC
    an_item(at=NOON - timedelta(hours=20))
    tell(NOON - timedelta(hours=13), by="ada@host", now=NOON - timedelta(hours=11))
    edition = Edition.objects.get(digest=digest)
    assert assemble(edition.pk, now=NOON).state == "paused"
    go_on(user=None, by="ada@host", now=NOON)
    assert create_due(now=NOON) == []


def test_the_items_of_an_edition_that_readers_have_already_are_not_repeated_when_it_is_cancelled(
    django_user_model: Any,
) -> None:
    edition = a_waiting_edition()
    told()
    cancelled = editions.cancel(edition.pk, user=django_user_model.objects.create_user("ada"), now=NOON)
    assert (cancelled.state, cancelled.withdrawn) == ("cancelled", False)


def test_a_part_that_was_going_out_is_looked_up_and_so_are_those_behind_it() -> None:
    post = a_post(state="sending", slot_at=MADE)
    a_post_delivery(post, 0, state="sent", sent_at=MADE)
    a_post_delivery(post, 1, state="sending", lease_until=NOON, fence=7)
    a_post_delivery(post, 2)
    told()
    rows = Delivery.objects.filter(post=post).order_by("part")
    assert [row.state for row in rows] == ["sent", "unknown", "unknown"]
    assert {row.due_at for row in rows if row.state == "unknown"} == {NOON}
    post.refresh_from_db()
    assert post.state == "unknown"


@pytest.mark.parametrize("published", [True, False])
def test_the_network_says_of_a_part_that_waited_whether_it_left_and_if_not_it_waits_on(
    tmp_path: Path, published: bool
) -> None:
    with sandbox(tmp_path / "sandbox") as network:
        channel = a_sandbox_channel(network, tolerance_minutes=24 * 60)
        post = a_scheduled_post(channel)
        post_steps.enqueue_due(now=SLOT)
        part = post_steps.delivery_of(post)
        if published:
            post_steps.send_due(now=SLOT)
        Delivery.objects.update(state="queued", attempts=0, fence=0, remote_id="")  # as the backup has it
        Post.objects.update(state="sending")
        told(SLOT + timedelta(minutes=1))
        assert outlook(now=SLOT).posts[0].unclear == 1
        later = SLOT + timedelta(hours=1)
        assert reconcile_unknown(now=later) == 1
        assert post_steps.send_due(now=later) == 0
        part.refresh_from_db()
        assert part.state == ("sent" if published else "queued")
        assert len(timeline(network)) == published


@pytest.mark.parametrize(
    ("state", "slot", "then"),
    [
        ("scheduled", NOON - timedelta(minutes=1), "expired"),
        ("approved", None, "expired"),
        ("scheduled", NOON + timedelta(minutes=1), "scheduled"),
        ("draft", None, "draft"),
    ],
)
def test_a_post_that_may_have_been_published_since_waits_for_a_person(
    state: str, slot: datetime | None, then: str
) -> None:
    post = a_post(state=state, slot_at=slot)
    told()
    post.refresh_from_db()
    assert post.state == then
    assert ("Look at the channel" in post.problem) == (then == "expired")


def test_a_post_that_was_with_a_person_says_that_it_may_be_posted_already() -> None:
    post = a_handed_post()
    told()
    post.refresh_from_db()
    assert (post.state, Delivery.objects.get(post=post).state) == ("handed", "handed")
    assert "Somebody may have posted this after that" in post.problem


def test_all_sending_stands_still_with_the_reason_and_the_trail_says_who_restored() -> None:
    told()
    stands = Standstill.objects.get()
    assert (stands.kind, stands.since, stands.by) == ("restored", NOON, "ada@host")
    assert stands.reason == "The database was restored from a backup of 1 June 2026, 11:00:00 UTC."
    assert list(Restoration.objects.values_list("made_at", "restored_at")) == [(MADE, NOON)]
    assert AuditEntry.objects.get(action="database.restored").after["by"] == "ada@host"


def test_a_standstill_of_the_backup_is_not_forgotten() -> None:
    standstill.begin(Standstill.Kind.STOPPED, reason="A wrong picture", by="mira", now=MADE)
    told()
    assert Standstill.objects.get().reason.endswith("It stood still already: A wrong picture")


def test_numbers_go_on_far_ahead_and_two_restores_never_give_out_the_same() -> None:
    before = a_sending_edition(mails=1)
    fence = next_fence()
    first = {}
    for now in (NOON, NOON + timedelta(seconds=1)):
        told(now)
        standstill.end()
        new = a_sending_edition(mails=1)
        delivery = Delivery.objects.latest("id")
        first[now] = min(new.pk, delivery.pk, delivery.subscriber_id or 0, new.digest_id, next_fence())
        assert first[now] > first_number(now)
    assert first[NOON + timedelta(seconds=1)] - first[NOON] >= 100_000
    assert before.pk < fence + 10**9 < first[NOON]


def test_an_edition_gets_no_name_that_another_got_after_the_backup() -> None:
    digest = a_digest(last_number=8)
    kept = a_sending_edition(digest)
    name = kept.short_name
    told()
    digest.refresh_from_db()
    kept.refresh_from_db()
    assert (kept.short_name, digest.last_number) == (name, 8 + NAMES_AHEAD)


def test_numbers_go_on_ahead_even_if_the_clock_is_wrong() -> None:
    a_sending_edition(mails=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('delivery_fence', 9000000000000)")
    told(datetime.fromtimestamp(0, tz=NOON.tzinfo))
    assert next_fence() == 9_001_000_000_001


def test_what_a_worker_noted_about_a_claim_after_the_backup_changes_nothing(inbox: redis.Redis) -> None:
    """The restored database would give out the fence of that claim again."""
    edition = a_sending_edition(mails=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value + 1 FROM delivery_fence")
        (lost,) = cursor.fetchone()
    journal.begin(lost)
    notes = journal.Journal()
    sent = Settlement.of(Delivery.objects.get().pk, lost, Outcome(State.SENT), Try("w", MADE, 1.0))
    notes.note(sent)
    notes.close()
    told()
    standstill.end()
    Edition.objects.update(state="sending")
    assert claimed(edition, limit=1) != lost
    sweep(now=NOON + timedelta(days=1), most=8)
    assert Delivery.objects.get().state in ("queued", "unknown")


def test_the_clock_of_today_gives_numbers_that_fit() -> None:
    assert 10**12 < first_number(clock.now()) < 2**53
    assert Post._meta.pk.get_internal_type() == "BigAutoField"


def test_letters_that_may_have_left_are_not_sent_again() -> None:
    invitations.invite("ilse@example.org", EDITOR, actor="ops@host", by_mail=True, now=MADE)
    reader = a_subscriber(a_digest()).subscriber
    letters.queue(ReaderLetter.Kind.WELCOME, to=reader.email, language="en", subscriber=reader, now=MADE)
    told()
    for letter in (Letter.objects.get(), ReaderLetter.objects.get()):
        assert (letter.state, "cannot be known" in letter.reason) == ("unknown", True)


@pytest.mark.parametrize("state", ["queued", "sending", "sent"])
def test_invitations_that_may_have_left_are_not_mailed_again(state: str) -> None:
    invitations.invite("ilse@example.org", VIEWER, actor=None, by_mail=True, now=NOON)
    Letter.objects.update(state=state)
    told()
    letter = Letter.objects.get()
    assert letter.state == ("sent" if state == "sent" else "unknown")
    assert ("cannot be known" in letter.reason) == (state != "sent")


def test_notices_to_staff_that_may_have_left_are_not_sent_again() -> None:
    channel = a_channel("sandbox", owner="comms@office.example.org")
    health.went_down(channel.pk, reason="The token was revoked.", now=NOON - timedelta(hours=14))
    tell(NOON - timedelta(hours=13), by="ada@host", now=NOON - timedelta(hours=11))
    notice = Notice.objects.get()
    assert (notice.state, "cannot be known" in notice.reason) == ("unknown", True)


@pytest.mark.parametrize("state", ["queued", "sending", "unknown"])
def test_corrections_of_posts_wait_for_a_person_lest_an_old_text_takes_a_newer_ones_place(state: str) -> None:
    row = a_post_delivery(a_post(state="sent"), state="sent", remote_id="7")
    amendment = Amendment.objects.create(
        delivery=row, deed="edit", revision=1, idempotency_key="k", state=state, due_at=NOON, created_at=NOON
    )
    told()
    assert (doing.call_off_outdated(now=NOON), resolve(now=NOON), list(doing.due(now=NOON))) == (0, 0, [])
    amendment.refresh_from_db()
    assert (amendment.state, amendment.held) == ("unknown", True)
    assert "restored from a backup" in amendment.reason


def test_mailboxes_are_paused_lest_a_copy_takes_the_mail_of_the_service_that_goes_on() -> None:
    a_mailbox()
    told()
    box = Mailbox.objects.get()
    assert not box.active
    assert "backup" in box.said
    mailboxes.switch(box.pk, on=True, user=User.objects.create_user("ada"))
    assert Mailbox.objects.get().said == ""
