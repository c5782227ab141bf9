"""What leaves at this moment and what does not, with what holds it up and until when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from publisher.delivery import outage
from publisher.delivery.models import Delivery
from publisher.delivery.outlook import Mails, Outlook, outlook
from publisher.delivery.pacing.backoff import Answer
from publisher.delivery.pacing.limits import parse_rates
from publisher.delivery.pacing.pacer import Pacer
from publisher.delivery.pacing.rests import Rests
from publisher.digests.models import Edition
from tests.builders import NOON, a_channel, a_digest, a_schedule, a_sending_edition, an_item
from tests.desk.builders import a_mail, a_post, a_post_delivery, an_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox")]


@pytest.fixture(autouse=True)
def a_mail_server(settings: Any) -> None:
    settings.MAIL = "smtp://127.0.0.1:25"


def seen(now: datetime = NOON) -> Outlook:
    return outlook(now=now)


def the_mails(now: datetime = NOON) -> Mails:
    (mails,) = seen(now).mails
    return mails


def test_with_nothing_in_the_way_all_mails_leave() -> None:
    a_sending_edition(mails=3)
    (line,) = seen().leaving
    assert (line.what, line.hold, seen().held, the_mails().leave) == ("3 mails", None, [], 3)


def test_a_server_that_could_not_be_used_holds_all_mail_until_it_is_tried_again() -> None:
    a_sending_edition(mails=3)
    outage.begin("535 bad", lasting=True, now=NOON)
    hold = seen().mail_hold
    assert hold is not None
    assert hold.until is not None
    assert "could not be used" in str(hold)
    assert timedelta(seconds=25) < hold.until - NOON <= timedelta(seconds=30)
    assert (seen().leaving, the_mails().leave) == ([], 0)


def test_a_server_that_could_not_be_used_holds_all_mail_also_when_its_rest_is_over_and_it_was_not_tried() -> (
    None
):
    a_sending_edition(mails=3)
    outage.begin("refused", lasting=True, now=NOON)
    later = seen(NOON + timedelta(minutes=1))
    assert str(later.mail_hold) == (
        "The mail server could not be used at the last try, and is tried again with the next mail."
    )
    assert later.leaving == []


def test_a_server_that_asked_for_peace_holds_all_mail_until_its_rest_is_over() -> None:
    a_sending_edition(mails=3)
    Rests().after([("a.example", Answer(454, "", "Throttling failure: maximum sending rate"))], NOON)
    hold = seen().mail_hold
    assert hold is not None
    assert (hold.until, seen().leaving) == (NOON + timedelta(minutes=1), [])
    assert "asked for peace (“454 Throttling" in str(hold)
    assert str(hold).endswith("until 1 June, 12:01 (UTC).")


def test_an_allowance_that_is_used_up_holds_all_mail_and_looking_at_it_takes_none(settings: Any) -> None:
    settings.MAIL_RATE = parse_rates("10/h")
    a_sending_edition(mails=3)
    pacer = Pacer.of_settings()
    assert pacer.allow(9, now=NOON).count == 9
    for _ in range(3):
        assert seen().mail_hold is None
    assert pacer.allow(9, now=NOON).count == 1
    hold = seen().mail_hold
    assert hold is not None
    assert hold.until is not None
    assert "The mail server takes 10/h, which is used up" in str(hold)
    assert timedelta(minutes=55) < hold.until - NOON < timedelta(minutes=65)


def test_a_pace_holds_nothing_up(settings: Any) -> None:
    settings.MAIL_RATE = parse_rates("5/s")
    a_sending_edition(mails=3)
    Pacer.of_settings().allow(100, now=NOON)
    assert (seen().mail_hold, the_mails().leave) == (None, 3)


def test_outside_its_hours_an_edition_is_held_until_they_begin() -> None:
    a_sending_edition(a_digest(send_from=time(8), send_until=time(11)), mails=1)
    (line,) = seen().held
    assert str(line.hold) == (
        "It waits for its hours (08:00–11:00 Asia/Shanghai), until 2 June, 00:00 (UTC)."
    )
    assert seen().leaving == []


def in_waves(*waves: datetime) -> Edition:
    edition = an_edition(state="sending", local_day=NOON.date(), local_at=time(8), items=[])
    for wave in waves:
        a_mail(edition, at=wave, wave_at=wave)
    return edition


def test_of_waves_only_those_that_have_come_leave() -> None:
    berlin = datetime(2026, 6, 1, 6, tzinfo=UTC)
    in_waves(berlin - timedelta(hours=6), berlin, berlin + timedelta(hours=9))
    now = berlin - timedelta(hours=1)
    (leaves,), (held,) = seen(now).leaving, seen(now).held
    assert (leaves.what, held.what) == ("1 mail", "2 mails")
    assert str(held.hold) == "The next wave has not come, until 1 June, 06:00 (UTC)."


def test_before_its_next_wave_nothing_of_an_edition_leaves() -> None:
    berlin = datetime(2026, 6, 1, 6, tzinfo=UTC)
    in_waves(berlin)
    now = berlin - timedelta(hours=1)
    (held,) = seen(now).held
    assert (seen(now).leaving, held.what) == ([], "1 mail")
    assert str(held.hold) == "The next wave is that of UTC+2, until 1 June, 06:00 (UTC)."


def test_mails_that_are_all_tried_again_later_are_held_for_their_reason() -> None:
    a_sending_edition(mails=2)
    Delivery.objects.update(due_at=NOON + timedelta(minutes=20), reason="Waits: gmail.com takes 20/s.")
    (held,) = seen().held
    assert str(held.hold) == "Waits: gmail.com takes 20/s, until 1 June, 12:20 (UTC)."


def test_an_edition_that_is_assembled_and_then_goes_by_itself_asks_no_person() -> None:
    edition = a_sending_edition(mails=2)
    Edition.objects.filter(pk=edition.pk).update(state="assembling")
    (held,) = seen().held
    assert (str(held.hold), the_mails().asks) == ("It is being assembled.", False)
    Edition.objects.filter(pk=edition.pk).update(after_assembly="waiting")
    assert (seen().held, the_mails().asks) == ([], True)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"enabled": False}, "The channel is switched off."),
        ({"paused_reason": "The token was revoked."}, "The channel is stopped (The token was revoked)."),
        (
            {"blocked_until": NOON + timedelta(minutes=5)},
            "The network asked us to wait, until 1 June, 12:05 (UTC).",
        ),
    ],
)
def test_posts_of_a_channel_that_may_not_speak_are_held(given: dict[str, Any], why: str) -> None:
    a_post(state="scheduled", slot_at=NOON, channel=a_channel(**given))
    (held,) = seen().held
    assert (held.what, str(held.hold), seen().leaving) == ("1 post", why, [])


def test_of_posts_that_are_due_together_one_leaves_and_the_others_keep_the_gap() -> None:
    channel = a_channel(schedule=a_schedule(least_gap_minutes=45))
    for minutes in (0, 1):
        a_post(state="scheduled", slot_at=NOON - timedelta(minutes=minutes), channel=channel)
    (leaves,), (held,) = seen().leaving, seen().held
    assert (leaves.what, held.what) == ("1 post", "1 post")
    assert str(held.hold) == "The schedule keeps 45 minutes between posts."


def test_a_new_edition_that_its_digest_wants_approved_waits_for_a_person() -> None:
    a_digest(needs_approval=True)
    (new,) = seen().editions
    assert (new.asks, new.late, seen().leaving) == (True, False, [])


def test_what_cannot_ask_redis_is_told_without_it(no_redis: None, settings: Any) -> None:
    settings.MAIL_RATE = parse_rates("10/h")
    a_sending_edition(mails=1)
    assert len(seen().mails) == 1


@pytest.mark.parametrize(("policy", "asks"), [("hold", 2), ("resend", 0)])
def test_unclear_mail_waits_for_a_person_only_if_nothing_else_settles_it(policy: str, asks: int) -> None:
    edition = a_sending_edition(a_digest(on_unknown=policy), mails=1)
    for _ in range(2):
        a_mail(edition, state="unknown", reason="No answer.")
    assert the_mails().unclear == asks


def test_what_is_being_handed_over_is_unclear_only_while_all_sending_stands_still() -> None:
    edition = a_sending_edition(mails=1)
    a_mail(edition, state="sending")
    a_post_delivery(a_post(state="sending"), state="sending")
    assert (the_mails().unclear, seen().posts) == (0, [])
    stands = outlook(now=NOON, stood_since=NOON)
    assert ([each.unclear for each in stands.mails], [each.unclear for each in stands.posts]) == ([1], [1])


def test_a_post_whose_item_was_retracted_is_not_told_as_leaving() -> None:
    channel = a_channel()
    a_post(an_item(retracted_at=NOON), channel, state="scheduled", slot_at=NOON)
    assert seen().is_empty
    a_post(state="scheduled", slot_at=NOON - timedelta(minutes=1), channel=channel)
    (leaves,) = seen().leaving
    assert leaves.what == "1 post"
