"""The web version of an edition, and the plain pages."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from publisher.audience import tokens
from publisher.delivery.models import Delivery
from publisher.render.slots import mark
from publisher.site.words import WORDS
from tests.builders import a_subscriber, an_item
from tests.delivery.test_mail import an_assembled_edition
from tests.desk.builders import a_mail, a_variant, an_edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail() -> Delivery:
    """A mail to Ilse with everything personal that a mail has."""
    edition = an_edition(state="sent", items=[an_item(image_url="https://office.example.org/a.jpg")])
    slots = "".join(
        f'<a href="{mark(f"{name}_url")}">x</a>' for name in ("web", "preferences", "unsubscribe")
    )
    variant = a_variant(edition, html=f"<html><p>{mark('greeting')}</p>{slots}</html>")
    subscriber = a_subscriber(edition.digest, "ilse@example.net", name="Ilse Marrow").subscriber
    return a_mail(edition, subscriber.email, subscriber=subscriber, variant=variant)


def address_of(mail: Delivery) -> str:
    assert mail.subscriber_id
    assert mail.edition_id
    return f"/e/{tokens.write(tokens.Purpose.WEB_VERSION, mail.subscriber_id, mail.edition_id)}"


def test_the_web_version_holds_nothing_personal(mail: Delivery) -> None:
    text = Client().get(address_of(mail)).content.decode()
    assert "Dear reader," in text
    assert "Ilse" not in text
    assert text.count(f'href="{settings.BASE_URL}/personal-links"') == 2


def test_it_does_not_offer_to_read_it_on_the_web() -> None:
    edition = an_assembled_edition(readers=1)
    mail = Delivery.objects.select_related("variant").get(edition=edition)
    assert mail.variant
    assert "Read this mail on the web" in mail.variant.html
    text = Client().get(address_of(mail)).content.decode()
    assert "Read this mail on the web" not in text
    assert "Unsubscribe" in text


def test_it_loads_its_own_pictures_and_runs_nothing(mail: Delivery) -> None:
    policy = Client().get(address_of(mail))["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src https://office.example.org/a.jpg;" in policy
    assert "script" not in policy


def test_nobody_between_keeps_it(mail: Delivery) -> None:
    assert Client().get(address_of(mail))["Cache-Control"] == "no-store"


def test_a_withdrawn_edition_is_said_to_be_gone(mail: Delivery) -> None:
    assert mail.edition
    mail.edition.state = "cancelled"
    mail.edition.save()
    assert Client().get(address_of(mail)).status_code == 410


def test_somebody_who_never_got_the_edition_is_told_that_it_is_gone(mail: Delivery) -> None:
    assert mail.edition
    stranger = a_subscriber(mail.edition.digest)
    token = tokens.write(tokens.Purpose.WEB_VERSION, stranger.subscriber_id, mail.edition.pk)
    assert Client().get(f"/e/{token}").status_code == 410


def test_a_link_that_is_not_ours_is_answered_calmly() -> None:
    assert Client().get("/e/forged").status_code == 404


def test_the_front_page_names_the_service_and_the_way_to_the_desk() -> None:
    response = Client().get("/")
    assert response.status_code == 200
    assert 'href="/desk/"' in response.content.decode()


@pytest.mark.parametrize(
    ("asked", "title"),
    [("zh-CN,zh;q=0.9", "个人链接"), ("fr, en;q=0.5", "Personal links"), ("", "Personal links")],
)
def test_plain_pages_speak_the_language_of_the_browser_when_they_can(asked: str, title: str) -> None:
    assert title in Client().get("/personal-links", headers={"Accept-Language": asked}).content.decode()


def test_every_language_has_the_same_words() -> None:
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["en"])}


def test_a_copy_that_is_nobody_s_opens_the_same_page_by_its_variant(mail: Delivery) -> None:
    assert mail.variant_id
    copy = tokens.write(tokens.Purpose.VARIANT, tokens.NOBODY, mail.variant_id)
    response = Client().get(f"/e/{copy}")
    assert (response.status_code, b"Dear reader," in response.content) == (200, True)
    assert (
        Client().get(f"/e/{tokens.write(tokens.Purpose.VARIANT, tokens.NOBODY, 999_999)}").status_code == 410
    )
