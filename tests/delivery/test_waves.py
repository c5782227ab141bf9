"""An edition that goes by local time: one set of rows, each due when its reader's clock shows the time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from publisher.audience.models import Subscriber
from publisher.delivery import tally
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.closing import finish_editions
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.delivery.progress import waves_of
from publisher.digests import editions
from publisher.digests.assembling import drop_item
from publisher.digests.due import create_due
from publisher.digests.models import Digest, Edition
from tests.builders import a_digest, a_subscriber, an_item
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db

BEGINS = datetime(2026, 5, 31, 17, 0, tzinfo=UTC)  # an hour before it is eight on Monday in Kiritimati
HOME = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)  # Shanghai
ZONES = {
    "kiritimati@example.net": ("Pacific/Kiritimati", datetime(2026, 5, 31, 18, 0, tzinfo=UTC)),
    "shanghai@example.net": ("Asia/Shanghai", HOME),
    "kathmandu@example.net": ("Asia/Kathmandu", datetime(2026, 6, 1, 2, 15, tzinfo=UTC)),
    "berlin@example.net": ("Europe/Berlin", datetime(2026, 6, 1, 6, 0, tzinfo=UTC)),
    "honolulu@example.net": ("Pacific/Honolulu", datetime(2026, 6, 1, 18, 0, tzinfo=UTC)),
    "small-letters@example.net": ("europe/berlin", datetime(2026, 6, 1, 6, 0, tzinfo=UTC)),
    "none@example.net": ("", HOME),
    "wrong@example.net": ("Nowhere/At_All", HOME),
    "hostile@example.net": ("'; DROP TABLE", HOME),
}


def a_digest_by_local_time(**given: object) -> Digest:
    digest = a_digest(local_time=True, **given)
    for address, (zone, _due) in ZONES.items():
        subscriber = a_subscriber(digest, address).subscriber
        Subscriber.objects.filter(pk=subscriber.pk).update(zone=zone)
    an_item(at=BEGINS - timedelta(days=1), title="Rain at last")
    return digest


def assembled(digest: Digest, *, now: datetime = BEGINS) -> Edition:
    (edition_id,) = create_due(now=now)
    assert digest.editions.get().pk == edition_id
    return assemble(edition_id, now=now)


def dues() -> dict[str, datetime]:
    return dict(Delivery.objects.values_list("address", "due_at"))


def claimed(edition: Edition, now: datetime) -> set[str]:
    claim = claim_mail(edition.pk, fence=next_fence(), now=now, limit=50, lease=timedelta(minutes=5))
    Delivery.objects.filter(state="sending").update(state="sent")
    return {mail.address for mail in claim.mails}


def test_each_is_due_at_eight_by_their_own_clock_and_with_the_digest_where_the_zone_is_unknown() -> None:
    edition = assembled(a_digest_by_local_time())
    assert (edition.state, edition.local_day, edition.local_at) == ("sending", date(2026, 6, 1), time(8))
    assert dues() == {address: due for address, (_zone, due) in ZONES.items()}


def test_what_it_holds_is_fixed_when_the_first_wave_begins() -> None:
    digest = a_digest_by_local_time()
    an_item(at=BEGINS + timedelta(minutes=1), title="Too late")
    edition = assembled(digest)
    assert (edition.window_to, edition.due_at) == (BEGINS, HOME)
    assert edition.edition_items.get().item.title == "Rain at last"


def test_only_those_whose_time_has_come_are_claimed_and_it_ends_with_the_last() -> None:
    edition = assembled(a_digest_by_local_time())
    assert claimed(edition, BEGINS) == set()
    assert claimed(edition, BEGINS + timedelta(hours=1)) == {"kiritimati@example.net"}
    assert claimed(edition, HOME) == {
        "shanghai@example.net",
        "none@example.net",
        "wrong@example.net",
        "hostile@example.net",
    }
    assert finish_editions(now=HOME) == []
    assert "honolulu@example.net" in claimed(edition, HOME + timedelta(days=1))
    assert finish_editions(now=HOME + timedelta(days=1)) == [edition.pk]


def test_a_zone_whose_time_has_passed_when_it_is_approved_gets_it_at_once() -> None:
    edition = assembled(a_digest_by_local_time(needs_approval=True))
    assert edition.state == "waiting"
    editions.approve(edition.pk, user=an_editor(), now=HOME + timedelta(hours=3))
    assert claimed(edition, HOME + timedelta(hours=3)) == {
        address for address, (_zone, due) in ZONES.items() if due <= HOME + timedelta(hours=3)
    }


def test_begun_hours_late_it_goes_at_once_where_the_time_has_passed_and_waits_elsewhere() -> None:
    edition = assembled(a_digest_by_local_time(), now=HOME)
    assert edition.state == "sending"
    assert "kiritimati@example.net" in claimed(edition, HOME)
    assert dues()["berlin@example.net"] > HOME


def test_more_than_twelve_hours_after_the_first_reader_s_time_it_waits_for_a_person() -> None:
    edition = assembled(a_digest_by_local_time(), now=BEGINS + timedelta(hours=12, minutes=1))
    assert (edition.state, edition.problem) == (
        "waiting",
        "Its time passed long ago; look at it before it is sent.",
    )


def test_who_moves_to_another_zone_meanwhile_gets_this_one_as_it_was_planned() -> None:
    digest = a_digest_by_local_time()
    items = [an_item(at=BEGINS - timedelta(hours=2)), an_item(at=BEGINS - timedelta(hours=3))]
    edition = assembled(digest)
    Subscriber.objects.filter(email="berlin@example.net").update(zone="Pacific/Kiritimati")
    drop_item(items[0].pk)
    assemble(edition.pk, now=BEGINS + timedelta(minutes=5))
    assert dues() == {address: due for address, (_zone, due) in ZONES.items()}


def test_who_joins_before_it_is_assembled_again_gets_it_in_their_wave() -> None:
    digest = a_digest_by_local_time()
    gone = an_item(at=BEGINS - timedelta(hours=2))
    edition = assembled(digest)
    new = a_subscriber(digest, "delhi@example.net").subscriber
    Subscriber.objects.filter(pk=new.pk).update(zone="Asia/Kolkata")
    drop_item(gone.pk)
    assemble(edition.pk, now=BEGINS + timedelta(minutes=5))
    assert dues()["delhi@example.net"] == datetime(2026, 6, 1, 2, 30, tzinfo=UTC)
    assert sum(wave.total for wave in waves_of(edition)) == len(ZONES) + 1


def test_an_edition_made_by_hand_goes_to_all_at_once() -> None:
    from publisher.digests.due import create_now

    digest = a_digest_by_local_time()
    now = BEGINS - timedelta(hours=3)
    edition = create_now(digest, window_from=now - timedelta(days=7), now=now)
    assemble(edition.pk, now=now)
    assert set(dues().values()) == {now}


def test_waves_say_how_many_have_left() -> None:
    edition = assembled(a_digest_by_local_time())
    claimed(edition, BEGINS + timedelta(hours=1))
    Delivery.objects.filter(address="shanghai@example.net").update(state="failed")
    Delivery.objects.filter(address="none@example.net").update(state="sent")
    seen = [(wave.clocks, wave.left, wave.total) for wave in waves_of(edition)]
    assert seen == [
        ("UTC+14", 1, 1),
        ("UTC+8", 1, 4),
        ("UTC+5:45", 0, 1),
        ("UTC+2", 0, 2),
        ("UTC−10", 0, 1),
    ]
    tally.fold()
    assert [(wave.clocks, wave.left, wave.total) for wave in waves_of(edition)] == seen


def test_a_mail_that_is_held_back_or_tried_again_later_stays_in_its_wave() -> None:
    edition = assembled(a_digest_by_local_time())
    Delivery.objects.filter(address="kiritimati@example.net").update(due_at=HOME + timedelta(days=2))
    assert [(wave.clocks, wave.total) for wave in waves_of(edition)][:2] == [("UTC+14", 1), ("UTC+8", 4)]


def test_an_edition_that_does_not_go_by_local_time_has_no_waves() -> None:
    digest = a_digest()
    a_subscriber(digest)
    an_item(at=HOME - timedelta(days=1))
    (edition_id,) = create_due(now=HOME)
    edition = assemble(edition_id, now=HOME)
    assert waves_of(edition) == []
    assert Delivery.objects.get().wave_at is None
