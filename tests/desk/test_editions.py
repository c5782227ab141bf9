"""Editions in the desk: list, page, the locked preview, and what staff do with one."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from publisher.core.models import AuditEntry
from publisher.digests import editions
from publisher.digests.models import Edition, Variant
from publisher.render.slots import mark
from tests.builders import NOON, a_digest, an_item, hours_that_begin_later
from tests.desk.builders import a_mail, a_variant, an_edition

pytestmark = pytest.mark.django_db


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def act(client: Client, edition: Edition, action: str) -> int:
    """Press the button, and say yes to what is asked then."""
    address = f"/desk/editions/{edition.pk}/{action}"
    given = {"state": edition.state, "assembled": edition.version, "sure": "yes"}
    return client.post(address, given).status_code


@pytest.mark.parametrize(
    ("state", "action", "then"),
    [
        ("waiting", "approve", "sending"),
        ("sending", "pause", "paused"),
        ("paused", "resume", "sending"),
        ("blocked", "resume", "assembling"),
        ("waiting", "cancel", "cancelled"),
        ("sending", "cancel", "cancelled"),
    ],
)
def test_staff_move_an_edition_from_state_to_state(desk: Client, state: str, action: str, then: str) -> None:
    edition = an_edition(state=state)
    assert f"/desk/editions/{edition.pk}/{action}" in text_of(desk, f"/desk/editions/{edition.pk}")
    assert act(desk, edition, action) == 302
    edition.refresh_from_db()
    assert edition.state == then
    assert AuditEntry.objects.get().actor_name == "mira"


@pytest.mark.parametrize("state", ["sent", "cancelled", "empty"])
def test_what_is_over_offers_no_action(desk: Client, state: str) -> None:
    text = text_of(desk, f"/desk/editions/{an_edition(state=state).pk}")
    assert "formaction" not in text


def test_the_second_of_two_people_is_told_what_the_first_did(desk: Client, admin_user: object) -> None:
    edition = an_edition(state="waiting")
    editions.approve(edition.pk, user=admin_user, now=NOON)  # type: ignore[arg-type]  # pytest-django's fixture
    answer = desk.post(f"/desk/editions/{edition.pk}/cancel", {"state": "waiting"})
    edition.refresh_from_db()
    assert (answer.status_code, edition.state) == (409, "sending")
    assert "approved it" in answer.content.decode()


def test_an_action_out_of_order_is_refused_even_with_the_right_state(desk: Client) -> None:
    edition = an_edition(state="sent")
    assert act(desk, edition, "pause") == 409
    edition.refresh_from_db()
    assert edition.state == "sent"


def test_an_unknown_action_does_not_exist(desk: Client) -> None:
    assert act(desk, an_edition(), "explode") == 404


def test_progress_counts_deliveries_by_state(desk: Client) -> None:
    edition = an_edition(state="sending")
    for state in ("sent", "sent", "failed", "queued"):
        a_mail(edition, state=state)
    text = text_of(desk, f"/desk/editions/{edition.pk}/progress")
    assert "2 of 4 sent, 1 waits, 1 gets nothing" in text
    assert 'max="4" value="3"' in text
    assert "every 2s" in text


@pytest.mark.parametrize("page", ["", "/progress"])
def test_an_edition_that_waits_for_its_hours_says_so_and_until_when(desk: Client, page: str) -> None:
    hours = hours_that_begin_later()
    closed = an_edition(a_digest(**hours), state="sending")
    said = text_of(desk, f"/desk/editions/{closed.pk}{page}")
    assert "It waits for its hours" in said
    assert f"{hours['send_from']:%H:%M} in that zone." in said
    assert "waits for its hours" not in text_of(
        desk, f"/desk/editions/{an_edition(state='sending').pk}{page}"
    )


def test_what_was_queued_of_a_cancelled_edition_counts_as_cancelled_at_once(desk: Client) -> None:
    edition = an_edition(state="cancelled")
    for state in ("sent", "queued", "queued"):
        a_mail(edition, state=state)
    text = text_of(desk, f"/desk/editions/{edition.pk}/progress")
    assert "1 of 3 sent, 2 get nothing" in text
    assert ("state=queued" in text, "state=cancelled" in text) == (False, True)


def test_progress_is_not_asked_for_any_more_when_it_is_over(desk: Client) -> None:
    edition = an_edition(state="sent")
    a_mail(edition, state="sent")
    assert "every 2s" not in text_of(desk, f"/desk/editions/{edition.pk}/progress")


def test_items_stand_in_the_order_of_the_edition(desk: Client) -> None:
    first, second = an_item(title="First of all"), an_item(title="Then this")
    text = text_of(desk, f"/desk/editions/{an_edition(items=[first, second]).pk}")
    assert text.index("First of all") < text.index("Then this")


def test_the_preview_shows_no_persons_links(desk: Client) -> None:
    edition = an_edition(items=[an_item(image_url="https://evil.example;script-src/*")])
    variant = a_variant(edition, html=f'<p>{mark("greeting")}</p><a href="{mark("unsubscribe_url")}">x</a>')
    response = desk.get(f"/desk/editions/{edition.pk}/variants/{variant.pk}")
    assert "evil" not in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert (
        response.content.decode() == f'<p>Dear reader,</p><a href="{settings.BASE_URL}/personal-links">x</a>'
    )


def test_a_variant_belongs_to_its_own_edition(desk: Client) -> None:
    variant = a_variant(an_edition())
    assert desk.get(f"/desk/editions/{an_edition().pk}/variants/{variant.pk}").status_code == 404


def test_the_text_part_is_shown_as_text(desk: Client) -> None:
    edition = an_edition()
    a_variant(edition, text=f"{mark('greeting')} <b>not markup</b>")
    text = text_of(desk, f"/desk/editions/{edition.pk}?view=text")
    assert "Dear reader, &lt;b&gt;not markup&lt;/b&gt;" in text


@pytest.mark.parametrize("query", ["variant=999999", "variant=x", "view=huge"])
def test_a_variant_or_view_that_does_not_exist_is_the_first(desk: Client, query: str) -> None:
    edition = an_edition()
    variant = a_variant(edition)
    assert f"/variants/{variant.pk}" in text_of(desk, f"/desk/editions/{edition.pk}?{query}")


def test_editions_are_found_by_digest_and_state(desk: Client) -> None:
    weekly, daily = a_digest(title={"en": "Weekly"}), a_digest(title={"en": "Daily"})
    an_edition(weekly, state="sent")
    an_edition(daily, state="paused")
    found = text_of(desk, f"/desk/editions?digest={weekly.slug}&state=sent")
    assert (">Weekly #" in found, ">Daily #" in found) == (True, False)
    assert "No edition fits" in text_of(desk, f"/desk/editions?digest={weekly.slug}&state=paused")


def test_the_preview_opens_on_what_readers_get(desk: Client) -> None:
    edition = an_edition(items=[an_item(), an_item()])
    now = a_variant(edition, mask=0b01)
    Variant.objects.create(edition=edition, mask=0b11, language="en")  # of before an item was dropped
    text = text_of(desk, f"/desk/editions/{edition.pk}")
    assert f"/desk/editions/{edition.pk}/variants/{now.pk}" in text
    assert "not rendered yet" not in text


def test_what_came_back_by_mail_is_shown_with_its_code_and_not_as_no_answer(desk: Client) -> None:
    edition = an_edition(state="sent")
    a_mail(edition, state="bounced", code=None, enhanced="4.2.2")
    a_mail(edition, state="bounced", code=None, enhanced="")
    text = text_of(desk, f"/desk/editions/{edition.pk}")
    assert f'?edition={edition.pk}&amp;state=bounced&amp;code=4.2.2">4.2.2</a>' in text
    assert "The mailbox is full. The server called this temporary, but gave the mail back" in text
    assert ">no code</a>" in text
    assert "no answer" not in text
