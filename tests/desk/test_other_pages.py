"""Today, digests, channels, the audit trail, and what every page has in common."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from publisher import desk
from publisher.core import clock
from publisher.delivery import trouble
from publisher.desk.badges import TABLES, badge_of
from publisher.digests.models import Edition
from publisher.items.models import Source
from publisher.social.models import Post
from tests.builders import NOON, a_channel, a_digest, a_schedule, an_item
from tests.desk.builders import a_mail, a_post, a_post_delivery, a_rejection, an_edition

ASSETS = Path(desk.__file__).parent / "assets"


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "lesson"),
    [
        ("/desk/", "publisher import-feed"),
        ("/desk/items", "publisher import-feed"),
        ("/desk/rejected", "publisher rejected"),
        ("/desk/posts", "The page “Channels” makes and connects them."),
        ("/desk/editions", "The page “Digests” makes them."),
        ("/desk/digests", "publisher apply publication.yaml"),
        ("/desk/channels", "publisher apply publication.yaml"),
        ("/desk/channels", "publisher add-source my-site --feed"),
        ("/desk/deliveries", "publisher add-subscriber reader@example.org --digest weekly --consent"),
    ],
)
def test_an_empty_page_teaches_the_next_step(desk: Client, address: str, lesson: str) -> None:
    text = text_of(desk, address)
    assert 'class="empty"' in text
    assert lesson in text


@pytest.mark.django_db
def test_today_names_what_waits_what_goes_out_and_what_went_out(desk: Client) -> None:
    now = clock.now()
    a_post(an_item(title="Waits as a draft"))
    an_edition(a_digest(title={"en": "Waits as an edition"}), state="waiting")
    shanghai = a_channel(schedule=a_schedule(zone="Asia/Shanghai"))
    a_post(an_item(title="Soon"), shanghai, state="scheduled", slot_at=now + timedelta(hours=2))
    a_post(an_item(title="Next week"), state="scheduled", slot_at=now + timedelta(days=7))
    a_post(an_item(title="Gone"), state="sent", sent_at=now)
    text = text_of(desk, "/desk/")
    for expected in ("Waits as a draft", "Waits as an edition", "Soon", "Asia/Shanghai", "Gone"):
        assert expected in text
    assert "Next week" not in text


@pytest.mark.django_db
def test_today_counts_what_needs_a_person(desk: Client) -> None:
    edition = an_edition(state="paused")
    trouble.begin(an_edition(a_digest(), state="assembling").pk, ZeroDivisionError())
    a_mail(edition, state="unknown", held=True)
    a_post(state="held")
    a_channel(paused_reason="The access was withdrawn.")
    a_rejection(last_at=clock.now())
    Source.objects.create(name="f", feed_url="https://a.example/f", last_error="503", created_at=NOON)
    text = text_of(desk, "/desk/")
    for expected in (
        *("Mails that may have arrived", "Posts held back", "Editions paused", "Channels stopped"),
        *("Entries refused this week", "Feeds that cannot be read", "Editions whose assembling fails"),
    ):
        assert expected in text
    assert "Posts that failed" not in text


@pytest.mark.django_db
def test_a_channel_shows_its_next_free_slots_and_what_stops_it(desk: Client) -> None:
    channel = a_channel(schedule=a_schedule(zone="Asia/Shanghai"), paused_reason="The access was withdrawn.")
    text = text_of(desk, "/desk/channels")
    for expected in (channel.name, "Asia/Shanghai", "The access was withdrawn.", "09:00</time>"):
        assert expected in text


@pytest.mark.django_db
def test_a_broken_schedule_or_unknown_network_is_told_and_hurts_no_other_channel(desk: Client) -> None:
    a_channel(schedule=a_schedule(zone="Atlantis/Centre"))
    a_channel("gone_network")
    whole = a_channel()
    text = text_of(desk, "/desk/channels")
    assert "Atlantis" in text
    assert "There is no network" in text
    assert whole.name in text


@pytest.mark.django_db
def test_a_digest_shows_its_rhythm_and_what_it_holds(desk: Client) -> None:
    a_digest(kinds=["story"], needs_approval=True)
    text = text_of(desk, "/desk/digests")
    for expected in ("Every Monday, 08:00 Asia/Shanghai", "Story", "a person approves each edition"):
        assert expected in text


@pytest.mark.django_db
def test_admins_read_who_did_what(admin_desk: Client) -> None:
    post = a_post()
    admin_desk.post(f"/desk/posts/{post.pk}/cancel", {"version": post.version, "reason": "Not now"})
    text = text_of(admin_desk, "/desk/audit?actor=ada&object=post")
    assert "Not now" in text
    assert "No entry fits" in text_of(admin_desk, "/desk/audit?actor=nobody")


@pytest.mark.django_db
def test_only_admins_are_shown_the_way_to_the_audit_trail(desk: Client, admin_desk: Client) -> None:
    assert "Audit trail" not in text_of(desk, "/desk/")
    assert "Audit trail" in text_of(admin_desk, "/desk/")


def test_every_state_has_a_badge_with_a_shape_of_the_sprite() -> None:
    sprite = (ASSETS / "icons.svg").read_text(encoding="utf-8")
    assert set(TABLES["post"]) == set(Post.State.values)
    assert set(TABLES["edition"]) == set(Edition.State.values)
    assert all(f'id="{badge.shape}"' in sprite for table in TABLES.values() for badge in table.values())
    assert badge_of("post", "quite_new").label == "Quite new"


def test_no_tone_shares_its_shape_with_another() -> None:
    shapes = {(badge.tone, badge.shape) for table in TABLES.values() for badge in table.values()} - {
        ("wait", "lock")
    }
    assert len({tone for tone, _ in shapes}) == len({shape for _, shape in shapes})


@pytest.mark.django_db
def test_no_page_holds_script_or_style_of_its_own(desk: Client) -> None:
    for address in ("/desk/", "/desk/items", "/desk/posts", f"/desk/posts/{a_post().pk}", "/desk/login", "/"):
        text = (
            Client().get(address).content.decode()
            if address in ("/desk/login", "/")
            else text_of(desk, address)
        )
        assert "<style" not in text
        assert " style=" not in text
        assert "<script>" not in text
        assert " onclick=" not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("budget", "spent", "said", "warned"),
    [
        (None, "0.20", "$0.20 spent, no budget", ""),
        ("10", "7.99", "$7.99 of $10.00 spent", ""),
        ("10", "8", "$8.00 of $10.00 spent", "80 % of the month"),
        ("10", "10", "$10.00 of $10.00 spent", "budget is used up: posts that cost something are held"),
    ],
)
def test_a_paid_channel_shows_its_month_and_warns_before_its_end(
    desk: Client, budget: str | None, spent: str, said: str, warned: str
) -> None:
    channel = a_channel("x", month_budget=budget)
    now = clock.now()
    a_post_delivery(a_post(channel=channel), state="sent", price=Decimal(spent), at=now, sent_at=now)
    text = text_of(desk, "/desk/channels")
    assert said in text
    assert warned in text
    assert ("budget is used up" in text) == ("used up" in warned or "80" in warned)


@pytest.mark.django_db
def test_a_channel_says_how_it_drafts(desk: Client) -> None:
    a_channel(
        region="CN", hashtags=2, thread_messages=4, utm={"hosts": ["example.org"], "campaign": "{kind}"}
    )
    text = text_of(desk, "/desk/channels")
    for expected in (
        "2 at most",
        "up to 4 messages, numbered",
        "utm_campaign={kind}",
        "on example.org",
        "CN: their link",
    ):
        assert expected in text
    a_channel("linkedin", thread_messages=4)
    assert "LinkedIn takes no threads" in text_of(desk, "/desk/channels")
