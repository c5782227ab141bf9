"""The desk while all sending stands still: a banner on every page, and buttons for those who may use them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from publisher.core.models import AuditEntry, Standstill
from tests.builders import NOON, a_channel, a_digest, a_sending_edition, hours_that_begin_later
from tests.desk.builders import a_post

pytestmark = pytest.mark.django_db

PAGE = reverse("desk:sending")


@pytest.fixture
def stands() -> Standstill:
    return Standstill.objects.create(kind="stopped", reason="A <wrong> picture", by="mira", since=NOON)


def allowed(editor: User, *names: str) -> None:
    editor.user_permissions.set(Permission.objects.filter(codename__in=names))


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


def test_who_may_not_sees_no_button_and_is_refused(desk: Client, stands: Standstill) -> None:
    assert "Let sending go on" not in desk.get(PAGE).content.decode()
    response = desk.post(reverse("desk:sending-go"), {"since": stands.since.isoformat()})
    assert response.status_code == 400
    assert "Your account may not" in response.content.decode()
    assert Standstill.objects.exists()


def test_stopping_and_going_on_are_two_permissions(desk: Client, editor: User) -> None:
    allowed(editor, "add_standstill")
    assert "Stop all sending" in desk.get(PAGE).content.decode()
    desk.post(reverse("desk:sending-stop"), {"reason": "A wrong picture"})
    stands = Standstill.objects.get()
    assert (stands.by, stands.reason) == ("mira", "A wrong picture")
    assert desk.post(reverse("desk:sending-go"), {"since": stands.since.isoformat()}).status_code == 400
    allowed(editor, "delete_standstill")
    desk.post(reverse("desk:sending-go"), {"since": stands.since.isoformat()})
    assert not Standstill.objects.exists()
    trail = AuditEntry.objects.order_by("pk").values_list("action", "actor_name")
    assert list(trail) == [("sending.stopped", "mira"), ("sending.went_on", "mira")]
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
