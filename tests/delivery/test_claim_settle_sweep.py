"""Claim, settle and sweep: who holds a message, who may say what became of it, and what a crash leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from publisher.audience import subscriptions
from publisher.audience.models import Suppression
from publisher.core.errors import Unknown
from publisher.delivery import journal, tally
from publisher.delivery.claim import Claim, claim_mail, next_fence, release, renew
from publisher.delivery.closing import finish_editions
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.settle import Outcome, Try, outcome_of, settle
from publisher.delivery.states import State
from publisher.delivery.sweep import sweep
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest, a_sending_edition
from tests.processes import until

pytestmark = pytest.mark.django_db

LEASE = timedelta(minutes=5)
AFTER_LEASE = NOON + LEASE + timedelta(seconds=1)
TRY = Try(
    worker="here:1", started_at=NOON, duration_ms=0.0, code=250, enhanced="2.0.0", text="queued as 4711"
)


def claim(edition: Edition, limit: int = 10, *, now: datetime = NOON) -> Claim:
    """As a sender claims, and a lane begins: the journal is begun first."""
    fence = next_fence()
    journal.begin(fence)
    journal.Journal().begun(fence)
    until(lambda: journal.read([fence])[fence].begun, what="the note")
    return claim_mail(edition.pk, fence=fence, now=now, limit=limit, lease=LEASE)


def states(edition: Edition) -> list[str]:
    return list(Delivery.objects.filter(edition=edition).order_by("id").values_list("state", flat=True))


def test_claimed_rows_are_sending_with_a_lease_before_anything_is_sent() -> None:
    edition = a_sending_edition()
    claimed = claim(edition, limit=2)
    assert [mail.name for mail in claimed.mails] == ["Ilse", "Ilse"]
    assert states(edition) == ["sending", "sending", "queued"]
    assert Delivery.objects.filter(fence=claimed.fence, lease_until=NOON + LEASE).count() == 2


def test_what_one_has_claimed_another_does_not_get() -> None:
    edition = a_sending_edition(mails=3)
    one, two = claim(edition, limit=2), claim(edition, limit=2)
    assert {mail.id for mail in one.mails}.isdisjoint({mail.id for mail in two.mails})
    assert two.fence > one.fence
    assert claim(edition).mails == ()


def test_who_has_left_or_is_suppressed_since_assembly_gets_nothing() -> None:
    edition = a_sending_edition(mails=3)
    left, suppressed, stays = Delivery.objects.filter(edition=edition).order_by("id")
    subscriptions.leave(left.subscriber_id or 0, edition.digest_id, how="page", now=NOON)
    Suppression.objects.create(email_key=suppressed.address, reason="bounced", at=NOON)
    assert [mail.id for mail in claim(edition).mails] == [stays.pk]
    assert states(edition) == ["cancelled", "suppressed", "sending"]
    suppressed.refresh_from_db()
    assert "bounced" in suppressed.reason


def test_a_suppression_holds_until_its_end_and_not_a_moment_longer() -> None:
    edition = a_sending_edition(mails=2)
    ended, stands = Delivery.objects.filter(edition=edition).order_by("id")
    Suppression.objects.create(
        email_key=ended.address, reason="soft", at=NOON - timedelta(days=90), until=NOON
    )
    Suppression.objects.create(
        email_key=stands.address, reason="soft", at=NOON, until=NOON + timedelta(microseconds=1)
    )
    assert [mail.id for mail in claim(edition).mails] == [ended.pk]
    assert states(edition) == ["sending", "suppressed"]


def test_a_claim_goes_on_past_a_whole_batch_of_people_who_left() -> None:
    edition = a_sending_edition(mails=4)
    for delivery in Delivery.objects.filter(edition=edition).order_by("id")[:3]:
        subscriptions.leave(delivery.subscriber_id or 0, edition.digest_id, how="page", now=NOON)
    assert len(claim(edition, limit=2).mails) == 1


def test_a_paused_edition_gives_nothing() -> None:
    edition = a_sending_edition()
    Edition.objects.filter(pk=edition.pk).update(state="paused")
    assert claim(edition).mails == ()
    assert states(edition) == ["queued"] * 3


def test_what_is_due_later_is_not_claimed_now() -> None:
    edition = a_sending_edition()
    Delivery.objects.filter(edition=edition).update(due_at=NOON + timedelta(hours=1))
    assert claim(edition).mails == ()


def test_settling_writes_the_state_and_the_attempt() -> None:
    edition = a_sending_edition(mails=1)
    claimed = claim(edition)
    assert settle(claimed.mails[0].id, claimed.fence, Outcome(State.SENT), TRY)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.sent_at, delivery.code, delivery.lease_until) == (
        "sent",
        NOON,
        250,
        None,
    )
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.code, attempt.enhanced, attempt.text) == (
        "sent",
        250,
        "2.0.0",
        "queued as 4711",
    )


def test_a_stale_holder_cannot_overwrite_what_its_successor_did() -> None:
    edition = a_sending_edition(mails=1)
    stale = claim(edition)
    sweep(now=AFTER_LEASE, most=8)
    fresh = claim(edition, now=AFTER_LEASE + timedelta(minutes=5))
    assert not settle(stale.mails[0].id, stale.fence, Outcome(State.FAILED, "550"), TRY)
    assert states(edition) == ["sending"]
    assert settle(fresh.mails[0].id, fresh.fence, Outcome(State.SENT), TRY)
    assert list(Attempt.objects.order_by("id").values_list("outcome", flat=True)) == [
        "unknown",
        "failed",
        "sent",
    ]


def test_an_answer_that_comes_late_but_before_the_next_claim_still_counts() -> None:
    edition = a_sending_edition(a_digest(on_unknown="resend"), mails=1)
    claimed = claim(edition)
    sweep(now=AFTER_LEASE, most=8)
    assert states(edition) == ["queued"]
    assert settle(claimed.mails[0].id, claimed.fence, Outcome(State.SENT), TRY)
    assert states(edition) == ["sent"]
    later = AFTER_LEASE + timedelta(minutes=5)
    assert not claim(edition, now=later).mails


def test_what_is_unclear_of_a_cancelled_edition_stays_unclear() -> None:
    edition = a_sending_edition(a_digest(on_unknown="resend"), mails=1)
    claim(edition)
    Edition.objects.filter(pk=edition.pk).update(state="cancelled")
    sweep(now=AFTER_LEASE, most=8)
    assert states(edition) == ["unknown"]


def test_the_try_of_a_dead_worker_is_noted() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=3)
    claim(edition)
    sweep(now=AFTER_LEASE, most=8)
    noted = Attempt.objects.get()
    assert (noted.outcome, noted.worker, noted.delivery.state) == ("unknown", "", "unknown")
    assert noted.started_at + timedelta(milliseconds=noted.duration_ms) == NOON + LEASE


def test_a_worker_that_comes_back_with_the_answer_resolves_its_own_unknown() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=1)
    claimed = claim(edition)
    sweep(now=AFTER_LEASE, most=8)
    assert states(edition) == ["unknown"]
    assert settle(claimed.mails[0].id, claimed.fence, Outcome(State.SENT), TRY)
    assert states(edition) == ["sent"]


def test_after_a_crash_only_the_message_in_flight_is_unknown_and_the_rest_were_never_begun() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=5)
    claimed = claim(edition)
    settle(claimed.mails[0].id, claimed.fence, Outcome(State.SENT), TRY)
    assert sweep(now=AFTER_LEASE, most=8) == {State.UNKNOWN: 1, State.QUEUED: 3}
    assert states(edition) == ["sent", "unknown", "queued", "queued", "queued"]
    assert set(Delivery.objects.filter(state="queued").values_list("attempts", flat=True)) == {0}


def test_a_lease_that_still_runs_is_left_alone() -> None:
    edition = a_sending_edition(mails=1)
    claim(edition)
    assert sweep(now=NOON + LEASE / 2, most=8) == {}
    assert states(edition) == ["sending"]


def test_a_renewed_lease_outlives_the_first() -> None:
    edition = a_sending_edition(mails=2)
    claimed = claim(edition)
    assert renew(claimed.fence, now=NOON + LEASE / 2, lease=LEASE) == 2
    assert sweep(now=AFTER_LEASE, most=8) == {}
    assert renew(claimed.fence, now=NOON + 3 * LEASE, lease=LEASE) == 0


def test_what_is_released_counts_as_never_tried() -> None:
    edition = a_sending_edition(mails=2)
    claimed = claim(edition)
    assert release(claimed.fence) == 2
    assert set(Delivery.objects.values_list("state", "attempts", "lease_until")) == {("queued", 0, None)}


@pytest.mark.parametrize(("policy", "state"), [("resend", "queued"), ("hold", "unknown")])
def test_an_unclear_answer_is_resent_or_held_as_the_digest_says(policy: str, state: str) -> None:
    edition = a_sending_edition(a_digest(on_unknown=policy), mails=1)
    claimed = claim(edition)
    unclear = outcome_of(Unknown("no answer after the dot"), attempts=1, most=8, now=NOON)
    settle(claimed.mails[0].id, claimed.fence, unclear, TRY)
    sweep(now=NOON, most=8)
    assert states(edition) == [state]


def test_a_message_that_stays_unclear_is_not_resent_for_ever() -> None:
    edition = a_sending_edition(mails=1)
    Delivery.objects.update(attempts=7)
    claimed = claim(edition)
    settle(claimed.mails[0].id, claimed.fence, Outcome(State.UNKNOWN, "no answer"), TRY)
    sweep(now=NOON, most=8)
    assert states(edition) == ["unknown"]


def test_an_edition_is_finished_only_when_nothing_of_it_is_open() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=2)
    one, two = claim(edition).mails
    fence = Delivery.objects.get(pk=one.id).fence
    settle(one.id, fence, Outcome(State.SENT), TRY)
    settle(two.id, fence, Outcome(State.UNKNOWN, "no answer"), TRY)
    assert finish_editions(now=NOON) == []
    settle(two.id, fence, Outcome(State.SENT), TRY)
    assert finish_editions(now=NOON) == [edition.pk]


def test_the_tally_is_exact_through_every_change_and_folding() -> None:
    edition = a_sending_edition(mails=4)
    claimed = claim(edition, limit=3)
    settle(claimed.mails[0].id, claimed.fence, Outcome(State.SENT), TRY)
    counted = {state: states(edition).count(state) for state in set(states(edition))}
    assert tally.by_state(edition_id=edition.pk) == counted == {"sent": 1, "sending": 2, "queued": 1}
    tally.fold()
    assert tally.by_state() == counted
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM delivery_tally")
        assert cursor.fetchone() == (3,)
