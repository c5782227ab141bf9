"""The page that says what is kept how long, how much is past its time, and what the last runs erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from publisher.retention.models import Count, Run
from publisher.retention.working import next_at
from tests.retention.steps import DAY, NIGHT, a_letter, a_night

pytestmark = pytest.mark.django_db


def page(client: Client) -> str:
    return client.get(reverse("desk:retention")).content.decode()


def test_it_says_how_long_each_is_kept_and_what_is_past_its_time(admin_desk: Client) -> None:
    a_letter(settled=91 * DAY)
    text = page(admin_desk)
    assert "PUBLISHER_KEEP_LETTERS_DAYS" in text
    assert "1,095 days" in text
    assert "PUBLISHER_KEEP_DELIVERIES_DAYS" in text
    assert "No run yet" in text


def test_it_shows_what_a_run_erased_and_what_failed(admin_desk: Client) -> None:
    a_letter(settled=91 * DAY)
    run = a_night()
    Count.objects.filter(run=run, kind="reports").update(problem="RuntimeError")
    text = page(admin_desk)
    assert "Letters to readers: 1" in text
    assert "RuntimeError" in text
    assert "Publisher" in text


def test_a_run_that_goes_on_has_not_ended(admin_desk: Client) -> None:
    Run.objects.create(by="mira@host-1", begun_at=NIGHT)
    assert "not yet" in page(admin_desk)


def test_the_next_run_is_tonight_or_tomorrow_night() -> None:
    noon = NIGHT + timedelta(hours=10)
    assert next_at(NIGHT - timedelta(hours=1), begun_today=False).hour == 2
    assert next_at(noon, begun_today=False) == noon
    assert next_at(noon, begun_today=True) == NIGHT.replace(minute=0, second=0) + DAY
