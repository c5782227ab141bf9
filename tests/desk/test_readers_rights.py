"""A reader asks the office by mail: they are given what is known of them, or are erased; who did it is kept, and no address."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from publisher.audience.erased import is_erased
from publisher.audience.models import Subscriber
from publisher.core.models import AuditEntry
from publisher.people.permissions import VIEWER
from tests.builders import a_digest, a_subscriber
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db

ADDRESS = "ilse.marrow@example.net"


@pytest.fixture
def reader(db: None) -> Subscriber:
    return a_subscriber(a_digest(), ADDRESS).subscriber


def deed(name: str, reader: Subscriber) -> str:
    return reverse(f"desk:subscriber-{name}", args=[reader.pk])


def test_they_are_erased_by_a_second_word_and_the_trail_says_how_they_asked(
    desk: Client, reader: Subscriber
) -> None:
    page = desk.get(reverse("desk:subscriber", args=[reader.pk])).content.decode()
    assert "It cannot be undone." in page
    answer = desk.post(
        deed("erase", reader), {"erase": f"a mail of 3 May from {ADDRESS}", "sure": "yes"}, follow=True
    )
    assert answer.redirect_chain[0][0] == reverse("desk:subscribers")
    assert "Erased." in answer.content.decode()
    assert not Subscriber.objects.exists()
    assert is_erased(ADDRESS)
    entry = AuditEntry.objects.get(action="subscriber.erased")
    assert entry.actor_name
    assert entry.after == {"how": "a mail of 3 May from i…@example.net"}


@pytest.mark.parametrize("given", [{}, {"sure": "yes"}, {"erase": " ", "sure": "yes"}, {"erase": "by mail"}])
def test_without_a_reason_or_the_second_word_nobody_is(
    desk: Client, reader: Subscriber, given: dict[str, str]
) -> None:
    answer = desk.post(deed("erase", reader), given)
    assert answer.status_code == 422
    assert "Nobody was erased." in answer.content.decode()
    assert Subscriber.objects.filter(pk=reader.pk).exists()


def test_their_data_are_fetched_as_a_file_which_the_trail_tells(desk: Client, reader: Subscriber) -> None:
    answer = desk.post(deed("data", reader))
    assert answer["Content-Disposition"] == f'attachment; filename="subscriber-{reader.pk}.json"'
    assert "no-store" in answer["Cache-Control"]
    assert json.loads(answer.content)["person"]["address"] == ADDRESS
    assert AuditEntry.objects.get(action="subscriber.data_fetched").object_id == str(reader.pk)


def test_who_may_only_look_may_do_neither(reader: Subscriber) -> None:
    viewer = Client()
    viewer.force_login(a_person("vera", VIEWER))
    assert (
        "When the reader asks"
        not in viewer.get(reverse("desk:subscriber", args=[reader.pk])).content.decode()
    )
    given = {"erase": "by mail", "sure": "yes"}
    assert [viewer.post(deed(name, reader), given).status_code for name in ("erase", "data")] == [403, 403]
    assert Subscriber.objects.filter(pk=reader.pk).exists()
