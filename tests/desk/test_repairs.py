"""What staff do when a network went wrong."""

from __future__ import annotations

import pytest
from django.test import Client

from publisher.core.models import AuditEntry
from publisher.delivery.models import Delivery
from publisher.digests.models import Digest, Edition
from publisher.social.models import Channel, Post
from tests.builders import a_channel
from tests.desk.builders import a_mail, a_post, a_post_delivery, an_edition
from tests.fakes.measured_only import cannot_send

pytestmark = pytest.mark.django_db


def an_unclear_delivery() -> Delivery:
    return a_post_delivery(a_post(state="unknown"), state="unknown", reason="No answer came.")


def test_a_paused_channel_goes_on_when_a_person_says_that_it_is_repaired(desk: Client) -> None:
    channel = a_channel(paused_reason="The token was revoked.")
    page = desk.get("/desk/channels").content.decode()
    assert "The token was revoked." in page
    assert f"/desk/channels/{channel.pk}/resume" in page
    page = desk.post(f"/desk/channels/{channel.pk}/resume", follow=True).content.decode()
    assert f"{channel.name} goes on." in page
    assert Channel.objects.get(pk=channel.pk).paused_reason == ""
    assert AuditEntry.objects.filter(action="channel.resumed").exists()


def test_a_channel_that_cannot_send_says_so_instead(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cannot_send(monkeypatch, "x")
    channel = a_channel("x", paused_reason="Staff said so.")
    page = desk.post(f"/desk/channels/{channel.pk}/resume", follow=True).content.decode()
    assert "cannot send to X yet" in page
    assert Channel.objects.get(pk=channel.pk).paused_reason


def test_a_person_says_that_an_unclear_post_is_there(desk: Client) -> None:
    row = an_unclear_delivery()
    assert "Is it there?" in desk.get(f"/desk/deliveries/{row.pk}").content.decode()
    given = {"was_published": "yes", "url": "https://sandbox.example.org/1"}
    page = desk.post(f"/desk/deliveries/{row.pk}/confirm", given, follow=True).content.decode()
    assert "Is it there?" not in page
    row.refresh_from_db()
    assert (row.state, row.remote_url) == ("sent", "https://sandbox.example.org/1")
    assert Post.objects.get(deliveries=row).state == "sent"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Choose whether it is there"),
        ({"was_published": "yes", "url": "javascript:alert(1)"}, "must begin with https"),
    ],
)
def test_a_form_that_says_nothing_clear_changes_nothing(
    desk: Client, given: dict[str, str], told: str
) -> None:
    row = an_unclear_delivery()
    page = desk.post(f"/desk/deliveries/{row.pk}/confirm", given, follow=True).content.decode()
    assert told in page
    row.refresh_from_db()
    assert row.state == "unknown"


def an_unclear_mail(edition: Edition) -> Delivery:
    row = a_mail(edition)
    Delivery.objects.filter(pk=row.pk).update(state="unknown")
    row.refresh_from_db()
    return row


@pytest.mark.parametrize(("said", "state"), [("yes", "sent"), ("no", "queued")])
def test_a_person_says_what_became_of_an_unclear_mail(desk: Client, said: str, state: str) -> None:
    row, other = (an_unclear_mail(edition) for edition in [an_edition()] * 2)
    assert "Did it arrive?" in desk.get(f"/desk/deliveries/{row.pk}").content.decode()
    page = desk.post(
        f"/desk/deliveries/{row.pk}/confirm", {"was_published": said, "sure": "yes"}, follow=True
    ).content.decode()
    assert "Did it arrive?" not in page
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.state, other.state) == (state, "unknown")
    assert [attempt.outcome for attempt in row.tries.all()] == [state]
    assert AuditEntry.objects.get(action="edition.confirmed").after["delivery"] == row.pk


@pytest.mark.parametrize(("said", "state"), [("yes", "sent"), ("no", "queued")])
def test_a_person_decides_about_all_unclear_mails_of_an_edition_at_once(
    desk: Client, said: str, state: str
) -> None:
    edition = an_edition()
    rows = [an_unclear_mail(edition) for _ in range(3)]
    left = a_mail(edition)
    elsewhere = an_unclear_mail(an_edition())
    assert "3 mails are unclear" in desk.get(f"/desk/editions/{edition.pk}").content.decode()
    page = desk.post(
        f"/desk/editions/{edition.pk}/confirm",
        {"was_published": said, "sure": "yes", "counted": "3"},
        follow=True,
    ).content.decode()
    assert "Noted: 3 unclear mails" in page
    assert "mails are unclear" not in page
    assert set(Delivery.objects.filter(pk__in=[row.pk for row in rows]).values_list("state", flat=True)) == {
        state
    }
    assert Delivery.objects.get(pk=left.pk).state == left.state
    assert Delivery.objects.get(pk=elsewhere.pk).state == "unknown"
    again = desk.post(f"/desk/editions/{edition.pk}/confirm", {"was_published": said}, follow=True)
    assert "Nothing is unclear here any more." in again.content.decode()


WORKER, RESTORE = "The worker that was sending it died.", "The database was restored from a backup of x."


@pytest.mark.parametrize(
    ("policy", "state", "written", "told"),
    [
        ("hold", "sending", {"reason": WORKER}, "holds what is unclear"),
        ("resend", "sending", {"reason": WORKER}, "by itself as soon as its mail may leave"),
        ("resend", "paused", {"reason": RESTORE, "held": True}, "after a restore"),
        ("resend", "paused", {"reason": "No answer came."}, "by itself when its edition goes on"),
    ],
)
def test_an_unclear_mail_is_explained_by_its_reason_and_its_digest(
    desk: Client, policy: str, state: str, written: dict[str, str | bool], told: str
) -> None:
    edition = an_edition(state=state)
    Digest.objects.update(on_unknown=policy)
    row = an_unclear_mail(edition)
    Delivery.objects.filter(pk=row.pk).update(**written)
    for page in (f"/desk/editions/{edition.pk}", f"/desk/deliveries/{row.pk}"):
        said = desk.get(page).content.decode()
        assert told in said
        assert ("It is sent again by itself" in said) is told.startswith("by itself")
        assert "The connection broke" not in said
