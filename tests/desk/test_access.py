"""Who may open which page: every address of the desk × everybody, walked from the URL table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, reverse

from publisher.delivery.models import Delivery
from publisher.desk.urls import urlpatterns
from publisher.social.media import store
from publisher.social.networks.base import Picture
from tests.builders import a_topic, an_item
from tests.desk.builders import (
    a_handed_post,
    a_mail,
    a_pause,
    a_post,
    a_post_delivery,
    a_rejection,
    a_variant,
    an_amendment,
    an_edition,
    pictures_in,
)
from tests.drawn import a_stored_picture, drawn

pytestmark = pytest.mark.django_db

PAGES = [pattern.name or "" for pattern in urlpatterns]
ACCESS: dict[str, str] = {pattern.name or "": pattern.callback.access for pattern in urlpatterns}  # type: ignore[attr-defined]  # set by access.py
PICTURE_DEEDS = [f"post-picture-{deed}" for deed in ("describe", "leave-out", "put-back", "upload", "again")]
POST_ONLY = {
    "logout",
    "topic",
    "post-edit",
    "post-redraft",
    "post-cancel",
    "post-reschedule",
    "post-measure",
    *PICTURE_DEEDS,
    "edition-act",
    "edition-confirm",
    "edition-test",
    "channel-check",
    "channel-resume",
    "correct-go",
    "correct-measure",
    "correction-again",
    "correction-call-off",
    "correction-confirm",
    "correction-delete-answer",
    "delivery-confirm",
    "delivery-posted",
    "post-not-posted",
    "sending-stop",
    "sending-go",
    "sending-try",
    "pause-begin",
    "pause-release",
    "asking-decide",
    "asking-all",
}


@pytest.fixture
def addresses(tmp_path: Path, settings: Any) -> dict[str, str]:
    """One address that exists for each page."""
    item, topic, post, edition = an_item(), a_topic(), a_post(), an_edition()
    pictures_in(tmp_path, settings)
    handed = a_handed_post(pictures=(Picture(store.put(drawn())),))
    with_a_person = {"delivery_id": Delivery.objects.get(post=handed).pk}
    item.item_topics.create(topic=topic, state="suggested")
    delivery = a_post_delivery(post)
    amendment = an_amendment(post)
    arguments: dict[str, dict[str, object]] = {
        "item": {"item_id": item.pk},
        "topic": {"item_id": item.pk, "topic_id": topic.pk},
        "rejection": {"rejection_id": a_rejection().pk},
        **{
            name: {"post_id": post.pk}
            for name in ("post", "post-edit", "post-cancel", "post-redraft", "post-reschedule")
        },
        **{name: {"post_id": post.pk} for name in PICTURE_DEEDS},
        "picture": {"digest": a_stored_picture().pk},
        "post-measure": {"post_id": post.pk, "part": 0},
        "edition": {"edition_id": edition.pk},
        "edition-progress": {"edition_id": edition.pk},
        "edition-confirm": {"edition_id": edition.pk},
        "edition-waves": {"edition_id": edition.pk},
        "edition-test": {"edition_id": edition.pk},
        "edition-act": {"edition_id": edition.pk, "action": "approve"},
        "variant": {"edition_id": edition.pk, "variant_id": a_variant(edition).pk},
        "delivery": {"delivery_id": a_mail(edition).pk},
        "delivery-confirm": {"delivery_id": delivery.pk},
        "channel-check": {"channel_id": post.channel_id},
        "delivery-posted": with_a_person,
        "delivery-picture": {**with_a_person, "number": 0},
        "post-hand": {"post_id": handed.pk},
        "post-not-posted": {"post_id": handed.pk},
        "channel-resume": {"channel_id": post.channel_id},
        "pause": {"pause_id": (standing := a_pause()).pk},
        "pause-release": {"pause_id": standing.pk},
        **{name: {"item_id": item.pk} for name in ("correct", "correct-go", "correct-progress")},
        "correct-measure": {"item_id": post.item_id, "post_id": post.pk, "name": "reply"},
        **{
            f"correction-{deed}": {"amendment_id": amendment.pk}
            for deed in ("again", "call-off", "confirm", "delete-answer")
        },
    }
    return {name: reverse(f"desk:{name}", kwargs=arguments.get(name)) for name in PAGES}


def ask(client: Client, page: str, address: str) -> int:
    return (client.post(address) if page in POST_ONLY else client.get(address)).status_code


def test_every_address_of_the_desk_says_who_may_open_it() -> None:
    assert all(isinstance(pattern, URLPattern) for pattern in urlpatterns)
    assert set(ACCESS.values()) == {"anyone", "staff", "admins"}
    assert {name for name, access in ACCESS.items() if access == "anyone"} == {"login", "logout"}


@pytest.mark.parametrize("page", PAGES)
def test_nobody_gets_in_without_a_login(page: str, addresses: dict[str, str]) -> None:
    response = (Client().post if page in POST_ONLY else Client().get)(addresses[page])
    if ACCESS[page] == "anyone":
        assert response.status_code in (200, 302)
    else:
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("desk:login"))


@pytest.mark.parametrize("page", [page for page in PAGES if ACCESS[page] != "anyone"])
def test_an_account_without_access_is_refused(page: str, addresses: dict[str, str], outsider: Client) -> None:
    assert ask(outsider, page, addresses[page]) == 403


@pytest.mark.parametrize("page", [page for page in PAGES if ACCESS[page] == "admins"])
def test_staff_are_refused_what_is_for_admins(page: str, addresses: dict[str, str], desk: Client) -> None:
    assert ask(desk, page, addresses[page]) == 403


@pytest.mark.parametrize("page", [page for page in PAGES if ACCESS[page] == "staff"])
def test_staff_get_in(page: str, addresses: dict[str, str], desk: Client) -> None:
    assert ask(desk, page, addresses[page]) in (200, 302, 400, 409, 422)


@pytest.mark.parametrize("page", [page for page in PAGES if ACCESS[page] != "anyone"])
def test_admins_get_in(page: str, addresses: dict[str, str], admin_desk: Client) -> None:
    assert ask(admin_desk, page, addresses[page]) in (200, 302, 400, 409, 422)


@pytest.mark.parametrize("page", sorted(POST_ONLY))
def test_nothing_is_changed_by_opening_an_address(
    page: str, addresses: dict[str, str], admin_desk: Client
) -> None:
    assert admin_desk.get(addresses[page]).status_code == 405


@pytest.mark.parametrize("page", sorted(POST_ONLY))
def test_nothing_is_changed_without_the_token_of_the_form(
    page: str, addresses: dict[str, str], editor: User
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor)
    assert strict.post(addresses[page]).status_code == 403


def test_pages_are_never_kept_by_caches(desk: Client) -> None:
    assert "no-store" in desk.get(reverse("desk:home"))["Cache-Control"]


def test_a_fragment_asked_for_after_logging_out_sends_the_whole_page_to_the_login(
    addresses: dict[str, str],
) -> None:
    response = Client().get(addresses["edition-progress"], headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (401, reverse("desk:login"))
