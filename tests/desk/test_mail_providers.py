"""The page of what mail providers tell: addresses, secrets that are shown once, what was refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from publisher.core import clock
from publisher.core.crypto import opened
from publisher.core.models import AuditEntry
from publisher.feedback.models import ProviderDoor
from publisher.feedback.webhooks import calls, doors, proofs
from publisher.people.permissions import ADMIN
from tests.desk.conftest import PASSWORD, a_person
from tests.feedback.providing import TOPIC, WHSEC

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Client:
    """An admin who has just signed in, as making secrets wants it."""
    a_person("ada", ADMIN)
    browser = Client()
    browser.post(reverse("desk:login"), {"username": "ada", "password": PASSWORD})
    return browser


def page(browser: Client, name: str = "mail-providers", *args: int, query: str = "") -> str:
    answer = browser.get(reverse(f"desk:{name}", args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_password_is_made_shown_once_and_kept_encrypted(desk: Client) -> None:
    assert "No provider tells anything yet" in page(desk)
    assert "signs nothing" in page(desk, "mail-provider-new", query="?provider=postmark")
    answer = desk.post(reverse("desk:mail-provider-new"), {"provider": "postmark"}).content.decode()
    door = ProviderDoor.objects.get()
    (secret,) = opened(door.secrets)
    assert f"//publisher:{secret}@" in answer
    assert secret not in page(desk)
    assert doors.path_of("postmark", door.path) in page(desk)
    assert secret not in str(list(AuditEntry.objects.values_list("before", "after")))


def test_a_secret_that_was_entered_is_never_shown(desk: Client) -> None:
    answer = desk.post(
        reverse("desk:mail-provider-new"), {"provider": "resend", "secret": WHSEC}, follow=True
    )
    assert "enter the address there" in answer.content.decode()
    assert WHSEC not in answer.content.decode()
    assert opened(ProviderDoor.objects.get().secrets) == [WHSEC]


def test_what_cannot_be_a_secret_is_refused_with_its_reason(desk: Client) -> None:
    answer = desk.post(reverse("desk:mail-provider-new"), {"provider": "ses", "secret": "my topic"})
    assert answer.status_code == 422
    assert "no topic of Amazon SNS" in answer.content.decode()
    assert not ProviderDoor.objects.exists()


def test_a_new_secret_leaves_the_former_one_good_for_a_while(desk: Client) -> None:
    door, first = doors.make("postmark", secret="", user=None, now=clock.now())
    answer = desk.post(reverse("desk:mail-provider-secret", args=[door.pk])).content.decode()
    assert "good for three days more" in answer
    door.refresh_from_db()
    assert first in doors.secrets_of(door, clock.now())
    assert "Former secret good until" in page(desk)


def test_the_page_says_what_came_last_and_what_was_refused_and_why(desk: Client) -> None:
    door, _secret = doors.make("ses", secret=TOPIC, user=None, now=clock.now())
    calls.refuse(door, proofs.FORGED, 1234, now=clock.now())
    ProviderDoor.objects.update(event="bounce", event_at=clock.now(), taken=41)
    text = page(desk)
    for said in ("Amazon SES", "Bounce, ", "41", "Is the secret here the one there?"):
        assert said in text


def test_it_is_removed_after_a_question(desk: Client) -> None:
    door, _secret = doors.make("postmark", secret="", user=None, now=clock.now())
    where = reverse("desk:mail-provider-remove", args=[door.pk])
    assert "Remove the address for Postmark?" in desk.post(where).content.decode()
    assert ProviderDoor.objects.exists()
    desk.post(where, {"sure": "yes"})
    assert not ProviderDoor.objects.exists()


def test_the_page_of_mail_servers_asks_to_set_up_the_provider_that_mail_leaves_by(
    desk: Client, settings: Any
) -> None:
    settings.MAIL = "postmark://token@"
    assert "Mail leaves by Postmark, which tells nothing here yet" in page(desk, "mail")
    doors.make("postmark", secret="", user=None, now=clock.now())
    assert "tells nothing here yet" not in page(desk, "mail")
    settings.MAIL = "smtp://mail.example.org"
    assert "Over SMTP nothing is to be set up" not in page(desk, "mail")
