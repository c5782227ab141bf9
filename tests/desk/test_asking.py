"""Before anything that nobody can take back the desk says in numbers what will happen, and asks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from publisher.core import clock
from publisher.core.models import AuditEntry, Standstill
from publisher.delivery.models import Delivery
from publisher.digests.models import Edition
from tests.builders import a_digest, a_subscriber, hours_that_begin_later
from tests.desk.builders import a_mail, a_post, a_post_delivery, an_edition

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_mail_server(settings: Any) -> None:
    settings.MAIL = "smtp://127.0.0.1:25"


def press(client: Client, address: str, **given: object) -> str:
    response = client.post(address, given, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def press_on(client: Client, edition: Edition, action: str, **more: object) -> str:
    address = f"/desk/editions/{edition.pk}/{action}"
    return press(client, address, state=edition.state, assembled=edition.version, **more)


def second_form(page: str) -> dict[str, str]:
    """What the page that asks would send: its form has no other fields."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def mails(edition: Edition, **states: int) -> Edition:
    for state, count in states.items():
        for _ in range(count):
            a_mail(edition, state=state)
    return edition


def state_of(edition: Edition) -> str:
    return Edition.objects.get(pk=edition.pk).state


def test_approving_says_to_how_many_readers_and_changes_nothing_until_the_second_press(desk: Client) -> None:
    edition = mails(an_edition(), queued=3, suppressed=2)
    page = press_on(desk, edition, "approve")
    assert f"Send {edition} to 3 readers now?" in page
    assert "2 readers more are on the suppression list and get nothing." in page
    assert (state_of(edition), AuditEntry.objects.count()) == ("waiting", 0)
    assert "Approved." in press(desk, f"/desk/editions/{edition.pk}/approve", **second_form(page))
    assert state_of(edition) == "sending"


def test_it_does_not_say_now_when_something_holds_mail_up(desk: Client, settings: Any) -> None:
    edition = mails(an_edition(a_digest(**hours_that_begin_later())), queued=3)
    page = press_on(desk, edition, "approve")
    assert f"Send {edition} to 3 readers?" in page
    assert "It waits for its hours" in page
    settings.MAIL = ""
    Standstill.objects.create(kind="stopped", reason="A wrong picture", by="mira", since=clock.now())
    page = press_on(desk, mails(an_edition(), queued=1), "approve")
    assert "All sending stands still: nothing leaves until somebody lets it go on." in page
    assert "No mail leaves while PUBLISHER_MAIL is empty." in page


def test_of_an_edition_by_local_time_it_says_how_many_go_at_once_and_when_the_last(desk: Client) -> None:
    now = clock.now()
    last = (now + timedelta(hours=5)).replace(second=0, microsecond=0)
    edition = an_edition(local_day=now.date(), local_at=time(8, 0))
    a_mail(edition, wave_at=now - timedelta(hours=1))
    a_mail(edition, wave_at=last)
    a_mail(edition, wave_at=last, state="suppressed")
    page = press_on(desk, edition, "approve")
    assert f"Send {edition} to 2 readers?" in page
    assert f"1 mail at once, the others in 1 wave, the last on {last:%-d %B, %H:%M} (UTC)." in page


def test_cancelling_says_what_is_not_sent_what_has_left_and_what_may_still(desk: Client) -> None:
    edition = mails(an_edition(state="sending"), queued=4, sent=2, bounced=1, sending=1, unknown=1)
    page = press_on(desk, edition, "cancel")
    assert f"Cancel {edition} for good? 4 mails will not be sent." in page
    assert "3 mails of it have left already." in page
    assert "1 mail is being handed over just now and may still leave." in page
    assert "1 unclear mail may have arrived" in page
    assert "its items belong to the digest&#39;s next edition" not in page
    assert state_of(edition) == "sending"
    assert "Cancelled." in press(desk, f"/desk/editions/{edition.pk}/cancel", **second_form(page))
    assert state_of(edition) == "cancelled"


def test_cancelling_before_anything_left_says_where_its_items_go(desk: Client) -> None:
    page = press_on(desk, mails(an_edition(), queued=1), "cancel")
    assert "Nothing of it has left, so its items belong to the digest&#39;s next edition." in page


def test_resuming_asks_with_what_is_left(desk: Client) -> None:
    edition = mails(an_edition(state="paused"), queued=1, sent=2)
    page = press_on(desk, edition, "resume")
    assert f"Send {edition} to 1 reader now?" in page
    assert "2 mails of it have left already." in page


@pytest.mark.parametrize(("after", "asks"), [("sending", True), ("waiting", False)])
def test_trying_a_blocked_edition_again_asks_only_if_it_then_goes_out_by_itself(
    desk: Client, after: str, asks: bool
) -> None:
    edition = an_edition(state="blocked", after_assembly=after)
    a_subscriber(edition.digest)
    page = press_on(desk, edition, "resume")
    assert ("1 person subscribes to" in page, state_of(edition)) == (
        (True, "blocked") if asks else (False, "assembling")
    )


@pytest.mark.parametrize(("state", "action"), [("sending", "pause"), ("waiting", "again")])
def test_what_can_be_undone_is_done_at_once(desk: Client, state: str, action: str) -> None:
    edition = an_edition(state=state)
    press_on(desk, edition, action)
    assert state_of(edition) != state


def test_an_edition_that_was_assembled_again_before_the_second_press_is_not_sent(desk: Client) -> None:
    edition = mails(an_edition(), queued=1)
    page = press_on(desk, edition, "approve")
    Edition.objects.filter(pk=edition.pk).update(assembled_at=datetime(2026, 6, 2, tzinfo=UTC))
    answer = desk.post(f"/desk/editions/{edition.pk}/approve", second_form(page))
    assert (answer.status_code, state_of(edition)) == (409, "waiting")


@pytest.mark.parametrize(
    ("said", "question", "fact"),
    [
        ("no", "Send 2 unclear mails of {} again?", "Whoever got it gets it a second time."),
        ("yes", "Count 2 unclear mails of {} as sent?", "Whoever did not get it gets nothing"),
    ],
)
def test_deciding_about_all_unclear_mails_asks_with_their_number(
    desk: Client, said: str, question: str, fact: str
) -> None:
    edition = mails(an_edition(a_digest(), state="sending"), unknown=2)
    address = f"/desk/editions/{edition.pk}/confirm"
    page = press(desk, address, was_published=said)
    assert question.format(edition) in page
    assert fact in page
    assert Delivery.objects.filter(state="unknown").count() == 2
    assert "Noted: 2 unclear mails" in press(desk, address, **second_form(page))


def test_more_unclear_mails_than_the_person_read_of_are_asked_about_again(desk: Client) -> None:
    edition = mails(an_edition(state="sending"), unknown=2)
    address = f"/desk/editions/{edition.pk}/confirm"
    page = press(desk, address, was_published="no")
    mails(edition, unknown=1)
    assert "Send 3 unclear mails" in press(desk, address, **second_form(page))
    assert Delivery.objects.filter(state="unknown").count() == 3


def test_sending_one_unclear_mail_again_asks_and_counting_it_as_sent_does_not(desk: Client) -> None:
    edition = an_edition(state="sending")
    again, there = a_mail(edition, "ann@example.net", state="unknown"), a_mail(edition, state="unknown")
    address = f"/desk/deliveries/{again.pk}/confirm"
    page = press(desk, address, was_published="no")
    assert f"Send 1 mail of {edition} to ann@example.net again?" in page
    assert Delivery.objects.get(pk=again.pk).state == "unknown"
    press(desk, address, **second_form(page))
    assert Delivery.objects.get(pk=again.pk).state == "queued"
    press(desk, f"/desk/deliveries/{there.pk}/confirm", was_published="yes")
    assert Delivery.objects.get(pk=there.pk).state == "sent"


def test_publishing_an_unclear_post_again_asks(desk: Client) -> None:
    row = a_post_delivery(a_post(state="unknown"), state="unknown")
    page = press(desk, f"/desk/deliveries/{row.pk}/confirm", was_published="no", url="")
    assert f"Publish part 1 on {row.channel} again?" in page
    assert Delivery.objects.get(pk=row.pk).state == "unknown"


def test_it_does_not_say_now_when_the_whole_queue_is_tried_again_later(desk: Client) -> None:
    edition = an_edition(state="paused")
    later = clock.now() + timedelta(hours=1)
    for _ in range(2):
        a_mail(edition, at=later, reason="Waits: a.example asked for peace.")
    page = press_on(desk, edition, "resume")
    assert f"Send {edition} to 2 readers?" in page
    assert f"Waits: a.example asked for peace, until {clock.told(later)}." in page


@pytest.mark.parametrize(
    ("policy", "question", "fact"),
    [
        (
            "hold",
            "Let {} go on? No mail of it waits to be sent.",
            "2 unclear mails may have arrived; that is decided on the edition&#39;s page.",
        ),
        ("resend", "Send 2 unclear mails of {} again?", "2 unclear mails are sent again by themselves"),
    ],
)
def test_resuming_what_has_only_unclear_mail_says_what_becomes_of_that(
    desk: Client, policy: str, question: str, fact: str
) -> None:
    edition = mails(an_edition(a_digest(on_unknown=policy), state="paused"), sent=1, unknown=2)
    page = press_on(desk, edition, "resume")
    assert question.format(edition) in page
    assert fact in page


def test_what_would_be_refused_is_not_asked_about_first(desk: Client) -> None:
    edition = mails(an_edition(state="cancelled"), unknown=1)
    row = Delivery.objects.get()
    for address in (f"/desk/editions/{edition.pk}/confirm", f"/desk/deliveries/{row.pk}/confirm"):
        page = press(desk, address, was_published="no")
        assert "nothing of it is sent any more" in page
        assert "again?" not in page
    for page in (f"/desk/editions/{edition.pk}", f"/desk/deliveries/{row.pk}"):
        said = desk.get(page).content.decode()
        assert 'name="was_published" value="yes"' in said
        assert 'name="was_published" value="no"' not in said
