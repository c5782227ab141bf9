"""What a dead worker leaves: its notes are believed, the message in flight is unclear, the rest was never begun."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.redis import client
from publisher.delivery import journal, mail_doubts
from publisher.delivery.claim import Claim, claim_mail, next_fence
from publisher.delivery.journal import Journal, Notes
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.settle import ACCEPTED, Outcome, Settlement, Try, settle
from publisher.delivery.states import State
from publisher.delivery.sweep import sweep, verdict
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest, a_sending_edition
from tests.processes import until

pytestmark = pytest.mark.django_db

LEASE = timedelta(minutes=5)
LATER = NOON + LEASE + timedelta(seconds=1)


def a_dead_claim(edition: Edition, *, noted: int, flight: int = 1) -> Claim:
    """A claim of five whose worker died after it had noted `noted` acceptances."""
    fence = next_fence()
    journal.begin(fence, flight=flight)
    claim = claim_mail(edition.pk, fence=fence, now=NOON, limit=5, lease=LEASE)
    writer = Journal()
    writer.begun(fence)
    for mail in claim.mails[:noted]:
        writer.note(accepted(mail.id, fence))
    until(lambda: len(journal.read([fence])[fence].settlements) == noted, what="the notes")
    writer.close()
    return claim


def accepted(delivery_id: int, fence: int) -> Settlement:
    return Settlement.of(
        delivery_id, fence, ACCEPTED, Try("gone:1", NOON, 2.0, 250, "2.0.0", "queued as 1", "id@here")
    )


def states(edition: Edition) -> list[str]:
    return list(Delivery.objects.filter(edition=edition).order_by("id").values_list("state", flat=True))


def test_what_a_dead_worker_noted_is_settled_and_only_the_next_is_unclear() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=5)
    a_dead_claim(edition, noted=2)
    assert sweep(now=LATER, most=8) == {State.SENT: 2, State.UNKNOWN: 1, State.QUEUED: 2}
    assert states(edition) == ["sent", "sent", "unknown", "queued", "queued"]
    sent = Delivery.objects.filter(state="sent").first()
    assert sent is not None
    assert (sent.code, sent.remote_id, sent.sent_at) == (250, "id@here", NOON + timedelta(milliseconds=2))
    assert Attempt.objects.filter(worker="gone:1", outcome="sent").count() == 2


def test_a_claim_that_no_lane_has_begun_is_not_in_doubt() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=5)
    fence = next_fence()
    journal.begin(fence)
    claim_mail(edition.pk, fence=fence, now=NOON, limit=5, lease=LEASE)
    assert sweep(now=LATER, most=8) == {State.QUEUED: 5}


def test_a_note_that_the_database_refuses_holds_up_no_other_claim() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=10)
    broken = a_dead_claim(edition, noted=1)
    client().rpush(
        f"publisher:claim:{broken.fence}",
        accepted(broken.mails[1].id, broken.fence).line.replace("2.0.0", "2" * 50),
    )
    a_dead_claim(edition, noted=2)
    assert sweep(now=LATER, most=8) == {State.SENT: 2, State.UNKNOWN: 6, State.QUEUED: 2}


def test_a_second_sweep_finds_nothing_more() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=5)
    claim = a_dead_claim(edition, noted=2)
    sweep(now=LATER, most=8)
    assert sweep(now=LATER, most=8) == {}
    assert Attempt.objects.count() == 3
    assert client().exists(f"publisher:claim:{claim.fence}") == 0


def test_a_whole_batch_of_a_provider_is_unclear() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=5)
    a_dead_claim(edition, noted=1, flight=3)
    assert sweep(now=LATER, most=8) == {State.SENT: 1, State.UNKNOWN: 3, State.QUEUED: 1}


def test_when_redis_was_emptied_a_person_decides_and_nothing_is_sent_again_by_itself() -> None:
    edition = a_sending_edition(a_digest(on_unknown="resend"), mails=5)
    a_dead_claim(edition, noted=2)
    client().flushall()
    assert sweep(now=LATER, most=8) == {State.UNKNOWN: 5}
    sweep(now=LATER + timedelta(days=1), most=8)
    assert states(edition) == ["unknown"] * 5
    assert "notes in Redis are lost" in Delivery.objects.all()[0].reason
    mail_doubts.confirm_edition(edition.pk, user=None, arrived=False, now=LATER)
    assert states(edition) == ["queued"] * 5


def test_when_redis_was_emptied_what_was_noted_afterwards_still_counts() -> None:
    edition = a_sending_edition(a_digest(on_unknown="resend"), mails=5)
    claim = a_dead_claim(edition, noted=2)
    client().flushall()
    writer = Journal()
    writer.note(accepted(claim.mails[2].id, claim.fence))
    until(lambda: len(journal.read([claim.fence])[claim.fence].settlements) == 1, what="the note")
    writer.close()
    assert sweep(now=LATER, most=8) == {State.SENT: 1, State.UNKNOWN: 4}


def test_a_claim_of_one_needs_no_notes() -> None:
    edition = a_sending_edition(a_digest(on_unknown="resend"), mails=1)
    claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=1, lease=LEASE)
    assert sweep(now=LATER, most=8) == {State.UNKNOWN: 1}
    assert states(edition) == ["queued"]


def test_while_redis_is_away_nothing_of_several_mails_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = a_sending_edition(mails=5)
    a_dead_claim(edition, noted=2)

    def away(*_: object) -> Any:
        raise redis.ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(journal, "read", away)
        assert sweep(now=LATER, most=8) == {}
    assert states(edition) == ["sending"] * 5
    assert sweep(now=LATER, most=8)[State.SENT] == 2


def test_a_noted_refusal_is_settled_as_such() -> None:
    edition = a_sending_edition(mails=1)
    fence = next_fence()
    journal.begin(fence)
    claim = claim_mail(edition.pk, fence=fence, now=NOON, limit=1, lease=LEASE)
    writer = Journal()
    refused = Outcome(State.FAILED, "At RCPT TO: 550 5.1.1 no such user")
    writer.note(
        Settlement.of(claim.mails[0].id, fence, refused, Try("gone:1", NOON, 1.0, 550, "5.1.1", "no"))
    )
    until(lambda: bool(journal.read([fence])[fence].settlements), what="the note")
    writer.close()
    assert sweep(now=LATER, most=8) == {State.FAILED: 1}
    assert Delivery.objects.get().reason == "At RCPT TO: 550 5.1.1 no such user"


def test_what_its_worker_has_settled_meanwhile_is_not_noted_twice() -> None:
    edition = a_sending_edition(a_digest(on_unknown="hold"), mails=5)
    claim = a_dead_claim(edition, noted=2)
    first = claim.mails[0]
    settle(first.id, claim.fence, ACCEPTED, Try("gone:1", NOON, 2.0, 250))
    assert sweep(now=LATER, most=8) == {State.SENT: 1, State.UNKNOWN: 1, State.QUEUED: 2}
    assert Attempt.objects.filter(delivery=first.id).count() == 1


@given(st.integers(0, 30), st.integers(1, 10), st.booleans())
def test_every_row_gets_one_verdict_and_never_more_than_the_flight_is_unclear(
    rows: int, flight: int, complete: bool
) -> None:
    said = verdict(range(rows), Notes(complete=complete, flight=flight))
    assert verdict(range(rows), Notes(complete=True, flight=flight, begun=False)).queued == range(rows)
    assert Counter([*said.unknown, *said.held, *said.queued]) == Counter(range(rows))
    assert len(said.unknown) <= flight
    if rows > 1 and not complete:
        assert len(said.held) == rows
