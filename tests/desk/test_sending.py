"""The desk while all sending stands still: a banner on every page, and buttons for those who may use them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import reverse

from publisher.core import clock
from publisher.core.models import AuditEntry, Standstill
from publisher.delivery import outage
from publisher.people.permissions import AUTHOR
from tests.builders import NOON, a_channel, a_digest, a_sending_edition, hours_that_begin_later
from tests.desk.builders import a_post
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db

PAGE = reverse("desk:sending")


@pytest.fixture
def stands() -> Standstill:
    return Standstill.objects.create(kind="stopped", reason="A <wrong> picture", by="mira", since=NOON)


@pytest.fixture
def author_desk(db: None) -> Client:
    """Somebody who may stop, and may not let go on."""
    client = Client()
    client.force_login(a_person("lin", AUTHOR))
    return client


@pytest.mark.parametrize("page", ["home", "items", "posts", "editions", "channels", "deliveries", "sending"])
def test_every_page_says_that_nothing_leaves_and_why(desk: Client, page: str) -> None:
    address = reverse(f"desk:{page}")
    assert "Nothing leaves" not in desk.get(address).content.decode()
    Standstill.objects.create(kind="stopped", reason="A <wrong> picture", by="mira", since=NOON)
    said = desk.get(address).content.decode()
    assert "Nothing leaves: all sending stands still" in said
    assert "A &lt;wrong&gt; picture" in said


def test_the_login_does_not_tell_strangers(stands: Standstill) -> None:
    assert "picture" not in Client().get(reverse("desk:login")).content.decode()


def test_the_page_shows_what_would_leave_and_what_waits(desk: Client, stands: Standstill) -> None:
    edition = a_sending_edition(a_digest(enabled=False), mails=3)
    a_post(state="scheduled", slot_at=NOON, channel=a_channel(name="Mastodon"))
    said = " ".join(desk.get(PAGE).content.decode().split())
    assert f"{edition}" in said
    assert "3 mails" in said
    assert "1 too late" in said


def test_the_page_says_which_mails_wait_for_their_hours(desk: Client) -> None:
    a_sending_edition(a_digest(**hours_that_begin_later()), mails=1)
    assert desk.get(PAGE).content.decode().count("It waits for its hours") == 1


def test_who_may_not_sees_no_button_and_is_refused(author_desk: Client, stands: Standstill) -> None:
    assert "Let sending go on" not in author_desk.get(PAGE).content.decode()
    response = author_desk.post(reverse("desk:sending-go"), {"since": stands.since.isoformat()})
    assert response.status_code == 403
    assert "Your account may not" in response.content.decode()
    assert Standstill.objects.exists()


def test_stopping_and_going_on_are_two_permissions(desk: Client, author_desk: Client) -> None:
    assert "Stop all sending" in author_desk.get(PAGE).content.decode()
    author_desk.post(reverse("desk:sending-stop"), {"reason": "A wrong picture"})
    stands = Standstill.objects.get()
    assert (stands.by, stands.reason) == ("lin", "A wrong picture")
    assert (
        author_desk.post(reverse("desk:sending-go"), {"since": stands.since.isoformat()}).status_code == 403
    )
    desk.post(reverse("desk:sending-go"), {"since": stands.since.isoformat()})
    assert not Standstill.objects.exists()
    trail = AuditEntry.objects.order_by("pk").values_list("action", "actor_name")
    assert list(trail) == [("sending.stopped", "lin"), ("sending.went_on", "mira")]
    history = desk.get(PAGE).content.decode()
    assert "stopped all sending" in history
    assert "let all sending go on" in history


@pytest.mark.parametrize(
    "since", ["", "yesterday", "2026-06-01T12:00:00", "2026-13-01T12:00:00Z", "2026-06-01T11:00:00Z"]
)
def test_only_the_standstill_that_the_person_saw_ends(
    admin_desk: Client, stands: Standstill, since: str
) -> None:
    response = admin_desk.post(reverse("desk:sending-go"), {"since": since}, follow=True)
    assert response.status_code == 200
    assert Standstill.objects.exists()


def test_a_stop_without_a_reason_is_not_carried_out(admin_desk: Client) -> None:
    response = admin_desk.post(reverse("desk:sending-stop"), {"reason": "  "}, follow=True)
    assert "Say why sending stops." in response.content.decode()
    assert not Standstill.objects.exists()


@pytest.fixture
def down(inbox: redis.Redis) -> None:
    """The mail server refuses our login."""
    outage.begin("At the login: 535 5.7.8 <bad>", lasting=True, now=clock.now())


def test_an_edition_that_waits_for_the_mail_server_says_why_and_offers_to_try(
    desk: Client, author_desk: Client, down: None
) -> None:
    edition = a_sending_edition(a_digest(enabled=False), mails=1)
    for page in (PAGE, f"/desk/editions/{edition.pk}", f"/desk/editions/{edition.pk}/progress"):
        said = author_desk.get(page).content.decode()
        assert "Mail cannot leave" in said
        assert "535 5.7.8 &lt;bad&gt; It is tried again at" in " ".join(
            said.replace("</p>", "").replace("<p>", "").split()
        )
        assert "PUBLISHER_MAIL" in said
        assert "Try the mail server now" not in said
    said = desk.get(f"/desk/editions/{edition.pk}").content.decode()
    assert "Try the mail server now" in said


def test_who_may_let_sending_go_on_may_have_the_server_tried_and_it_is_written_down(
    desk: Client, author_desk: Client, down: None
) -> None:
    assert author_desk.post(reverse("desk:sending-try")).status_code == 403
    assert outage.look().rests
    edition = a_sending_edition(a_digest(enabled=False), mails=1)
    response = desk.post(reverse("desk:sending-try"), {"edition": edition.pk})
    assert response.url == f"/desk/editions/{edition.pk}"  # type: ignore[attr-defined]  # of a redirect
    assert not outage.look().rests
    known = outage.current()
    assert known is not None
    assert known.until < clock.now() + timedelta(seconds=1)
    entry = AuditEntry.objects.get(action="mail_server.try")
    assert (entry.actor_name, entry.after["by"]) == ("mira", "mira")
    assert "had the mail server tried at once" in desk.get(PAGE).content.decode()


def test_a_try_during_a_standstill_is_told_as_one_that_waits(admin_desk: Client, down: None) -> None:
    admin_desk.post(reverse("desk:sending-stop"), {"reason": "A wrong picture"})
    said = admin_desk.post(reverse("desk:sending-try"), follow=True).content.decode()
    assert "the mail server is not tried now" in said
    assert "It is tried as soon as sending goes on" in said
    assert "The mail server is tried now" not in said


def test_where_nothing_failed_there_is_nothing_to_try(
    admin_desk: Client, inbox: redis.Redis, settings: Any
) -> None:
    settings.MAIL = "smtp://127.0.0.1:25"
    said = admin_desk.post(reverse("desk:sending-try"), follow=True).content.decode()
    assert "the last try went well" in said
    assert not AuditEntry.objects.filter(action="mail_server.try").exists()
