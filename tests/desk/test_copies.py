"""An edition's page: its form for tests, its copies, its waves, and how far assembling is."""

from __future__ import annotations

from datetime import date, time

import pytest
from django.test import Client

from publisher.core.models import AuditEntry
from publisher.delivery.models import Delivery
from publisher.people.permissions import AUTHOR
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.desk.builders import a_mail, a_variant, an_edition
from tests.desk.conftest import a_person
from tests.desk.test_editions import text_of

pytestmark = pytest.mark.django_db


def test_a_test_is_sent_from_the_page_of_an_edition_that_waits(desk: Client) -> None:
    edition = an_edition()
    variant = a_variant(edition, message=b"stored")
    page = text_of(desk, f"/desk/editions/{edition.pk}")
    assert f'action="/desk/editions/{edition.pk}/test"' in page
    assert '<option value="en">English</option>' in page
    given = {"to": "me@office.example.org", "language": "en"}
    answer = desk.post(f"/desk/editions/{edition.pk}/test", given, follow=True)
    text = answer.content.decode()
    assert "A test is on its way to me@office.example.org." in text
    row = Delivery.objects.get(purpose="test")
    assert (row.variant, row.state) == (variant, "queued")
    assert f"/desk/deliveries/{row.pk}" in text
    assert AuditEntry.objects.get(action="edition.test").actor_name == "mira"
    assert "sent a test of it" in text


def test_a_test_that_cannot_be_is_refused_on_the_page(desk: Client) -> None:
    edition = an_edition()
    a_variant(edition, message=b"stored")
    given = {"to": "nobody", "language": "en"}
    answer = desk.post(f"/desk/editions/{edition.pk}/test", given, follow=True)
    assert "is not a mail address" in answer.content.decode()
    assert not Delivery.objects.exists()


def test_who_may_not_read_addresses_sends_no_test_as_a_subscriber_gets_it() -> None:
    digest = a_digest()
    a_subscriber(digest, "reader@example.net", name="Ilse")
    edition = an_edition(digest)
    a_variant(edition, message=b"stored")
    author = Client()
    author.force_login(a_person("lin", AUTHOR))
    assert 'name="like"' not in text_of(author, f"/desk/editions/{edition.pk}").partition("/test")[2]
    for like in ("reader@example.net", "nobody@example.net"):
        given = {"to": "me@office.example.org", "language": "", "like": like}
        assert author.post(f"/desk/editions/{edition.pk}/test", given).status_code == 403
    assert not Delivery.objects.filter(purpose="test").exists()


def test_what_is_over_offers_no_test(desk: Client) -> None:
    assert "/test" not in text_of(desk, f"/desk/editions/{an_edition(state='cancelled').pk}")


def test_copies_stand_apart_from_the_counts_and_are_marked_in_the_log(desk: Client) -> None:
    edition = an_edition(state="sending")
    a_mail(edition, "reader@example.net", state="sent")
    seed = a_mail(edition, "boss@office.example.org", purpose="seed", idempotency_key="seed en")
    page = text_of(desk, f"/desk/editions/{edition.pk}")
    assert "boss@office.example.org" in page
    assert "1 of 1 sent</p>" in page
    for address in ("/desk/deliveries", f"/desk/deliveries/{seed.pk}"):
        assert "A copy for the office" in text_of(desk, address)


def test_why_a_test_failed_stands_on_the_page_of_its_edition(desk: Client) -> None:
    edition = an_edition()
    a_mail(edition, "me@office.example.org", purpose="test", state="failed", reason="No DKIM key opens.")
    assert "No DKIM key opens." in text_of(desk, f"/desk/editions/{edition.pk}")


def test_waves_are_shown_with_their_clocks_and_asked_for_again_while_it_goes_out(desk: Client) -> None:
    edition = an_edition(state="sending", local_day=date(2026, 6, 1), local_at=time(8))
    due = NOON.replace(hour=0)
    for number, state in enumerate(("sent", "sent", "queued")):
        a_mail(edition, f"reader{number}@example.net", wave_at=due, state=state)
    page = text_of(desk, f"/desk/editions/{edition.pk}")
    assert "at 08:00 on 1 June by their own clock" in page
    fragment = text_of(desk, f"/desk/editions/{edition.pk}/waves")
    assert "UTC+8" in fragment
    assert '<td class="num">2</td><td class="num">1</td><td class="num">3</td>' in fragment
    assert "every 15s" in fragment
    edition.state = "sent"
    edition.save()
    assert "every 15s" not in text_of(desk, f"/desk/editions/{edition.pk}/waves")


def test_the_page_says_how_far_assembling_is(desk: Client) -> None:
    edition = an_edition(state="assembling", items=[an_item(), an_item()])
    a_variant(edition, message=b"stored", recipients=5)
    a_variant(edition, rendered_at=None)
    fragment = text_of(desk, f"/desk/editions/{edition.pk}/progress")
    assert "<strong>Rendering variants</strong> 1 of 2" in fragment
    assert "every 2s" in fragment


def test_a_digest_s_page_tells_local_time_alerts_priority_and_copies(desk: Client) -> None:
    a_digest(local_time=True, priority=4, seeds=["boss@office.example.org"])
    a_digest(layout="alert")
    page = text_of(desk, "/desk/digests")
    for shown in (
        "by each reader's own clock",
        "before the first reader",
        "boss@office.example.org",
        "Alerts, when",
    ):
        assert shown in page
