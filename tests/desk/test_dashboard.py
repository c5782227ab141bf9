"""The dashboard and the page of the system, as people read them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.test import Client
from django.urls import reverse

from publisher import desk as package
from publisher.audience.coming_and_going import Figures
from publisher.audience.models import Subscriber, Subscription
from publisher.core import clock
from publisher.delivery.models import DayCount, DaySpeed
from publisher.delivery.statistics.readers import readers_of
from publisher.delivery.statistics.reading import Span
from publisher.digests.models import Digest
from tests.builders import a_channel, a_digest, a_subscriber
from tests.desk.builders import a_mail, an_edition

pytestmark = pytest.mark.django_db

PAGE = reverse("desk:dashboard")


@pytest.fixture
def counted() -> None:
    """A thousand mails today, of which five were complained of; 40 posts."""
    today = clock.now().astimezone(UTC).date()
    digest, channel = a_digest(), a_channel(name="Our page")
    for state, n in (("sent", 980), ("complained", 5), ("failed", 15)):
        DayCount.objects.create(day=today, digest_id=digest.pk, domain="example.org", state=state, n=n)
    DayCount.objects.create(day=today, channel_id=channel.pk, state="sent", n=40)
    DaySpeed.objects.create(
        day=today, digest_id=digest.pk, n=985, waited_p50=7300, waited_p90=90_000, late_p50=1.25, late_p95=9
    )


def test_an_empty_dashboard_says_what_comes(desk: Client) -> None:
    text = desk.get(PAGE).content.decode()
    assert 'class="empty"' in text
    assert "Figures come some minutes after" in text


def test_rates_stand_beside_the_providers_limits(desk: Client, counted: None) -> None:
    text = desk.get(PAGE).content.decode()
    assert "0.51%" in text  # 5 of 985
    assert "Over the limit" in text
    assert "1.5%" in text  # 15 of 1,000 refused
    assert "2 h" in text
    assert "1.2 s" in text
    assert "Our page" in text


def test_the_charts_are_drawn_from_a_table_with_every_day(desk: Client, counted: None) -> None:
    text = desk.get(PAGE + "?days=7").content.decode()
    assert text.count('scope="row" data-value="20') == 14
    assert 'data-value="985"' in text


def test_a_span_that_is_none_is_told(desk: Client) -> None:
    response = desk.get(PAGE + "?days=12")
    assert response.status_code == 422
    assert "is none of these" in response.content.decode()


def test_the_page_of_the_system_names_what_is_bad_and_what_to_do(
    admin_desk: Client, inbox: redis.Redis
) -> None:
    text = admin_desk.get(reverse("desk:system")).content.decode()
    assert "No worker gives a sign of life." in text
    assert "<code>publisher worker</code>" in text
    fragment = admin_desk.get(reverse("desk:system"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "No worker gives a sign of life." in fragment


@pytest.mark.parametrize("name", ["htmx-2.0.11.min.js", "uplot-1.6.32.min.js", "uplot-1.6.32.min.css"])
def test_what_others_wrote_is_the_file_that_its_note_names(name: str) -> None:
    assets = Path(package.__file__).parent / "assets"
    digest = hashlib.sha256((assets / name).read_bytes()).hexdigest()
    assert digest in (assets / "README.md").read_text(encoding="utf-8")


def test_days_are_whole_days_of_utc(desk: Client) -> None:
    text = " ".join(desk.get(PAGE + "?days=7").content.decode().split())
    first = datetime.now(UTC) - timedelta(days=6)
    assert f"{first.day} {first:%b %Y}" in text


def test_a_digest_leads_to_its_rows_of_the_log(desk: Client, counted: None) -> None:
    text = desk.get(PAGE).content.decode()
    digest = Digest.objects.get()
    address = f"/desk/deliveries?digest={digest.pk}"
    assert f'href="{address}"' in text
    assert desk.get(address).status_code == 200


def test_what_is_unclear_now_leads_to_the_log(desk: Client, counted: None) -> None:
    assert "state=unknown" not in desk.get(PAGE).content.decode()
    a_mail(an_edition(), state="unknown")
    assert 'href="/desk/deliveries?state=unknown">1</a>' in desk.get(PAGE).content.decode()


def test_readers_are_counted_by_digest_with_who_joined_and_left(desk: Client) -> None:
    now = clock.now()
    weekly, alert = a_digest(title={"en": "Weekly"}), a_digest(title={"en": "Alert"})
    a_subscriber(weekly, "old@example.org")
    Subscription.objects.update(since=now - timedelta(days=10))
    for digest, address in (
        (weekly, "new@example.org"),
        (alert, "new@example.org"),
        (weekly, "gone@example.org"),
    ):
        a_subscriber(digest, address)
    Subscription.objects.filter(since__lt=now - timedelta(days=11)).update(since=now)
    gone = Subscription.objects.filter(subscriber__email="gone@example.org")
    gone.update(state="ended", ended_at=now)
    Subscriber.objects.filter(email="gone@example.org").update(state="left")
    Subscription.objects.filter(subscriber__email="old@example.org").update(state="paused")
    counted = readers_of(Span.back(7, now))
    assert (counted.people, counted.figures, counted.before) == (2, Figures(3, 1), Figures(1, 0))
    told = [(each.name, each.now, each.figures) for each in counted.by_digest]
    assert told == [("Weekly", 2, Figures(2, 1)), ("Alert", 1, Figures(1, 0))]
    assert [figures.joined for _day, figures in counted.by_day] == [0, 0, 0, 0, 0, 0, 3]
    text = desk.get(PAGE + "?days=7").content.decode()
    assert "Nothing has left in this time" in text
    assert f'href="/desk/subscribers?digest={weekly.pk}">Weekly</a>' in text
    assert 'id="readers-table"' in text
