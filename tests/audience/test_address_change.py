"""Another address: both mailboxes say yes, and whoever asks learns nothing about the new one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.audience import address_change, suppressed, tokens
from publisher.audience.address_change import Answer, Seen, Stage
from publisher.audience.erased import is_erased, remember
from publisher.audience.models import (
    AddressChange,
    Consent,
    ReaderLetter,
    Subscriber,
    Subscription,
    Suppression,
)
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.models import Delivery
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OLD, NEW = "lin@example.net", "lin.new@example.org"


@pytest.fixture
def lin() -> Subscription:
    return a_subscriber(a_digest(), OLD)


def ask(lin: Subscription, email: str = NEW, *, days: float = 0) -> Answer:
    return address_change.ask(
        lin.subscriber_id, email, language="en", digest_id=lin.digest_id, now=NOON + days * DAY
    )


def links() -> tuple[str, str]:
    """To the old mailbox and to the new one."""
    change = AddressChange.objects.latest("pk")
    return address_change.token(change, new=False), address_change.token(change, new=True)


def confirm(link: str, *, days: float = 0) -> Seen:
    seen = address_change.confirm(link, now=NOON + days * DAY)
    assert seen
    return seen


def address_of(lin: Subscription) -> str:
    lin.subscriber.refresh_from_db()
    return lin.subscriber.email


def test_both_are_written_to_and_the_address_changes_with_the_second_yes(lin: Subscription) -> None:
    assert ask(lin) is Answer.WRITTEN
    assert set(ReaderLetter.objects.values_list("kind", "to")) == {("change_old", OLD), ("change_new", NEW)}
    old, new = links()
    assert confirm(new).stage is Stage.WAITING
    assert address_of(lin) == OLD
    assert confirm(old).stage is Stage.CHANGED
    assert address_of(lin) == NEW
    assert (confirm(new).stage, confirm(old).stage) == (Stage.CHANGED, Stage.CHANGED)
    assert Consent.objects.filter(how=address_change.HOW).count() == 1


def test_a_mailbox_can_say_no_and_then_it_is_over(lin: Subscription) -> None:
    ask(lin)
    old, new = links()
    confirm(new)
    said = address_change.withdraw(old, now=NOON)
    assert said
    assert said.stage is Stage.OVER
    assert confirm(old).stage is Stage.OVER
    assert address_of(lin) == OLD


def test_after_seven_days_it_is_over(lin: Subscription) -> None:
    ask(lin)
    old, new = links()
    confirm(new)
    assert confirm(old, days=7).stage is Stage.OVER
    assert address_of(lin) == OLD


def test_looking_changes_nothing(lin: Subscription) -> None:
    ask(lin)
    for link in links():
        seen = address_change.look(link, now=NOON)
        assert seen
        assert seen.stage is Stage.OPEN


def test_the_link_to_one_mailbox_says_nothing_for_the_other(lin: Subscription) -> None:
    ask(lin)
    old, _new = links()
    confirm(old)
    confirm(old)
    assert address_of(lin) == OLD
    assert address_change.confirm(old[:-1] + ("A" if old[-1] != "A" else "B"), now=NOON) is None


def test_an_address_that_is_known_is_answered_alike_and_refused_to_its_owner_alone(lin: Subscription) -> None:
    other = a_subscriber(a_digest(), NEW)
    assert ask(lin) is Answer.WRITTEN
    old, new = links()
    assert confirm(old).stage is Stage.WAITING
    assert confirm(new).stage is Stage.TAKEN
    assert confirm(old).stage is Stage.OVER, "who has the old mailbox is told nothing"
    assert (address_of(lin), address_of(other)) == (OLD, NEW)


def test_asking_again_for_the_same_writes_no_second_time_and_for_another_takes_its_place(
    lin: Subscription,
) -> None:
    ask(lin)
    first = links()
    assert ask(lin, NEW.upper()) is Answer.WRITTEN
    assert ReaderLetter.objects.count() == 2
    ask(lin, "third@example.org")
    assert confirm(first[1]).stage is Stage.OVER
    assert confirm(links()[1]).stage is Stage.WAITING


def test_a_day_later_asking_again_writes_to_the_mailbox_that_has_not_answered(lin: Subscription) -> None:
    ask(lin)
    confirm(links()[0])
    assert ask(lin, days=0.9) is Answer.WRITTEN
    assert ReaderLetter.objects.count() == 2
    assert ask(lin, days=1.1) is Answer.WRITTEN
    assert ask(lin, days=1.2) is Answer.WRITTEN
    assert list(ReaderLetter.objects.order_by("pk").values_list("kind", flat=True)[2:]) == ["change_new"]
    confirm(links()[1], days=1.3)
    assert address_of(lin) == NEW


def test_three_a_day_are_enough(lin: Subscription) -> None:
    answers = [ask(lin, f"lin{n}@example.org") for n in range(4)]
    assert answers == [Answer.WRITTEN] * 3 + [Answer.TOO_OFTEN]
    assert ask(lin, "lin9@example.org", days=1.01) is Answer.WRITTEN


@pytest.mark.parametrize(
    ("email", "answer"),
    [
        ("nonsense", Answer.NO_ADDRESS),
        ("", Answer.NO_ADDRESS),
        (OLD.upper(), Answer.SAME),
        ("postmaster@example.org", Answer.NO_READER),
        ("x@mailinator.com", Answer.NO_READER),
    ],
)
def test_what_cannot_be_is_answered_and_nobody_is_written_to(
    lin: Subscription, email: str, answer: Answer
) -> None:
    assert ask(lin, email) is answer
    assert not ReaderLetter.objects.exists()


@pytest.mark.parametrize(
    ("reason", "carried"), [("complained", True), ("refused", True), ("bounced", False), ("soft", False)]
)
def test_a_suppression_of_the_mailbox_stays_with_it_and_one_of_the_person_goes_along(
    lin: Subscription, reason: str, carried: bool
) -> None:
    ask(lin)
    old, new = links()
    confirm(old)
    Suppression.objects.create(email_key=OLD, reason=reason, at=NOON)
    confirm(new)
    assert address_of(lin) == NEW
    assert (suppressed.standing(NEW, now=NOON) is not None) is carried


@pytest.mark.parametrize(
    "there", [{"reason": "soft", "until": NOON + 9 * DAY}, {"reason": "complained", "until": NOON - DAY}]
)
def test_the_person_s_complaint_takes_the_place_of_what_is_weaker_or_over_at_the_new_mailbox(
    lin: Subscription, there: dict[str, object]
) -> None:
    ask(lin)
    old, new = links()
    confirm(old)
    Suppression.objects.create(email_key=OLD, reason="complained", evidence="Report 7", at=NOON)
    Suppression.objects.create(email_key=NEW, at=NOON - 30 * DAY, **there)
    confirm(new)
    standing = suppressed.standing(NEW, now=NOON + 99 * DAY)
    assert standing
    assert (standing.reason, standing.evidence, standing.until) == ("complained", "Report 7", None)


def test_an_erased_owner_of_the_new_mailbox_comes_back_by_their_own_yes(lin: Subscription) -> None:
    remember([NEW], now=NOON)
    ask(lin)
    for link in links():
        confirm(link)
    assert not is_erased(NEW)


def test_what_is_queued_goes_to_the_old_address_unless_one_of_the_two_is_suppressed() -> None:
    edition = a_sending_edition(mails=3)
    rows = list(Subscriber.objects.order_by("pk"))
    for n, row in enumerate(rows):
        Subscriber.objects.filter(pk=row.pk).update(
            email=f"new{n}@example.org", email_key=f"new{n}@example.org"
        )
    Suppression.objects.create(email_key="new1@example.org", reason="bounced", at=NOON)
    Suppression.objects.create(email_key=rows[2].email_key, reason="bounced", at=NOON)
    claim = claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=timedelta(minutes=1))
    assert [mail.address for mail in claim.mails] == [rows[0].email]
    assert Delivery.objects.filter(state="suppressed").count() == 2


def test_the_links_die_with_the_subscriber(lin: Subscription) -> None:
    ask(lin)
    both = links()
    lin.subscriber.delete()
    assert [address_change.confirm(link, now=NOON) for link in both] == [None, None]
    preferences = tokens.write(tokens.Purpose.PREFERENCES, 1, 1)
    assert address_change.look(preferences, now=NOON) is None
