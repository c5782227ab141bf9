"""Their data, and erasing them: only by a link that went to the reader's own address, for one of the two, for a day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from publisher.audience import address_change, rights, tokens
from publisher.audience.models import AddressChange, ReaderLetter, Subscriber, Subscription, Suppression
from publisher.audience.rights import Answer, Stage
from publisher.audience.tokens import Purpose
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ADDRESS = "lin@example.net"
DATA, ERASE = ReaderLetter.Kind.DATA, ReaderLetter.Kind.ERASE


@pytest.fixture
def lin(db: None) -> Subscription:
    return a_subscriber(a_digest(), ADDRESS)


def ask(
    lin: Subscription, kind: ReaderLetter.Kind = DATA, *, later: timedelta = timedelta(0)
) -> rights.Answer:
    return rights.ask(lin.subscriber_id, kind, language="en", digest_id=lin.digest_id, now=NOON + later)


def sent(lin: Subscription, kind: ReaderLetter.Kind = DATA) -> str:
    """The link of a letter that has left at noon."""
    ask(lin, kind)
    ReaderLetter.objects.update(state="sent", settled_at=NOON)
    return rights.token(ReaderLetter.objects.latest("pk"))


def stage(kind: ReaderLetter.Kind, link: str, *, later: timedelta = timedelta(0)) -> Stage | None:
    seen = rights.look(kind, link, now=NOON + later)
    return seen.stage if seen else None


@pytest.mark.parametrize("kind", [DATA, ERASE])
def test_asking_writes_to_the_reader_s_own_address_and_does_nothing_else(
    lin: Subscription, kind: ReaderLetter.Kind
) -> None:
    assert ask(lin, kind) is Answer.WRITTEN
    assert list(ReaderLetter.objects.values_list("kind", "to", "digest_id")) == [
        (kind, ADDRESS, lin.digest_id)
    ]
    assert Subscriber.objects.filter(email=ADDRESS).exists()


@pytest.mark.parametrize(("kind", "other"), [(DATA, ERASE), (ERASE, DATA)])
def test_the_link_of_one_deed_is_refused_for_the_other(
    lin: Subscription, kind: ReaderLetter.Kind, other: ReaderLetter.Kind
) -> None:
    link = sent(lin, kind)
    assert stage(kind, link) is Stage.OPEN
    assert stage(other, link) is None


def test_a_number_of_another_letter_opens_nothing(lin: Subscription) -> None:
    """A token signed for the deed, as by a fault of ours, still has to name a letter of this kind to this reader."""
    other = a_subscriber(a_digest(), "other@example.net")
    link = sent(lin, DATA)
    letter = ReaderLetter.objects.get()
    forged = tokens.write(Purpose.ERASE, lin.subscriber_id, letter.pk)
    swapped = tokens.write(Purpose.DATA, other.subscriber_id, letter.pk)
    assert (stage(ERASE, forged), stage(DATA, swapped), stage(DATA, link)) == (
        Stage.OVER,
        Stage.OVER,
        Stage.OPEN,
    )


@pytest.mark.parametrize("purpose", [each for each in Purpose if each not in rights.PURPOSES.values()])
def test_a_link_of_any_other_purpose_is_none(lin: Subscription, purpose: Purpose) -> None:
    sent(lin)
    link = tokens.write(purpose, lin.subscriber_id, ReaderLetter.objects.get().pk)
    assert (stage(DATA, link), stage(ERASE, link)) == (None, None)


def test_it_is_good_for_a_day_from_when_the_letter_left_and_not_a_moment_longer(lin: Subscription) -> None:
    ask(lin)
    ReaderLetter.objects.update(state="sent", settled_at=NOON + 5 * HOUR)  # the mail server was away
    link = rights.token(ReaderLetter.objects.get())
    assert stage(DATA, link, later=29 * HOUR - MINUTE) is Stage.OPEN
    assert stage(DATA, link, later=29 * HOUR) is Stage.OVER
    assert rights.HOURS == "24"


@pytest.mark.parametrize("state", ["queued", "failed", "cancelled"])
def test_the_link_of_a_letter_that_did_not_leave_opens_nothing(lin: Subscription, state: str) -> None:
    link = sent(lin)
    ReaderLetter.objects.update(state=state, settled_at=None if state == "queued" else NOON)
    assert stage(DATA, link) is Stage.OVER


def test_who_opens_it_before_we_know_that_it_arrived_is_let_in_and_not_for_ever(lin: Subscription) -> None:
    link = sent(lin)
    ReaderLetter.objects.update(state="sending", settled_at=None, lease_until=NOON + 10 * MINUTE)
    assert stage(DATA, link) is Stage.OPEN
    assert stage(DATA, link, later=25 * HOUR) is Stage.OVER
    ReaderLetter.objects.update(state="unknown", settled_at=NOON, lease_until=None)
    assert stage(DATA, link) is Stage.OPEN


@pytest.mark.parametrize("kind", [DATA, ERASE])
def test_it_dies_with_a_change_of_address(lin: Subscription, kind: ReaderLetter.Kind) -> None:
    link = sent(lin, kind)
    address_change.ask(
        lin.subscriber_id, "lin.new@example.org", language="en", digest_id=lin.digest_id, now=NOON
    )
    change = AddressChange.objects.get()
    for new in (False, True):
        address_change.confirm(address_change.token(change, new=new), now=NOON)
    assert Subscriber.objects.get().email == "lin.new@example.org"
    assert stage(kind, link) is Stage.OVER
    assert ask(lin, kind) is Answer.WRITTEN, "none went to the new address yet"


def test_it_dies_with_its_reader_and_with_its_letter(lin: Subscription) -> None:
    link = sent(lin)
    ReaderLetter.objects.all().delete()
    assert stage(DATA, link) is Stage.OVER
    lin.subscriber.delete()
    assert stage(DATA, link) is Stage.GONE
    assert ask(lin) is Answer.GONE


def test_pressing_again_writes_no_second_letter_for_a_quarter_of_an_hour(lin: Subscription) -> None:
    assert [ask(lin), ask(lin, later=14 * MINUTE)] == [Answer.WRITTEN, Answer.ALREADY]
    assert ReaderLetter.objects.count() == 1
    assert ask(lin, ERASE, later=MINUTE) is Answer.WRITTEN, "the other deed has letters of its own"
    assert ask(lin, later=16 * MINUTE) is Answer.WRITTEN


def test_three_letters_of_a_kind_a_day_are_the_most(lin: Subscription) -> None:
    answers = [ask(lin, later=n * HOUR) for n in range(6)]
    assert answers == [Answer.WRITTEN] * 3 + [Answer.ALREADY] * 3
    assert ask(lin, later=24 * HOUR + MINUTE) is Answer.WRITTEN


@pytest.mark.django_db(transaction=True)
def test_of_presses_in_one_moment_one_writes() -> None:
    lin = a_subscriber(a_digest(), ADDRESS)

    def press(_n: int) -> Answer:
        try:
            return ask(lin)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(press, range(4)))
    assert sorted(answers) == [Answer.ALREADY] * 3 + [Answer.WRITTEN]
    assert ReaderLetter.objects.count() == 1


@pytest.mark.parametrize("reason", Suppression.Reason.values)
def test_who_is_suppressed_or_bounces_is_not_written_to(lin: Subscription, reason: str) -> None:
    Suppression.objects.create(email_key=ADDRESS, reason=reason, at=NOON)
    assert ask(lin) is Answer.UNREACHABLE
    assert not ReaderLetter.objects.exists()


def test_whose_letter_was_refused_is_told_that_no_mail_reaches_them(lin: Subscription) -> None:
    ask(lin)
    ReaderLetter.objects.update(state="failed", settled_at=NOON)
    assert ask(lin, later=MINUTE) is Answer.UNREACHABLE
