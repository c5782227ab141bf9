"""The page behind the link of the mail that asks to confirm: opening it changes nothing, its button does what it shows."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
import redis
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.audience import subscriptions
from publisher.audience.models import SignUp, Subscriber, Subscription
from publisher.digests.models import EditionItem, Variant
from tests.builders import NOON, a_sending_edition, an_item
from tests.site.sign_up_steps import ADDRESS, an_open_digest, filled_in, hidden, link_of, press, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(db: None, inbox: redis.Redis) -> None:
    """Counting begins at nothing."""


def test_opening_the_link_changes_nothing_and_the_button_does_once() -> None:
    an_open_digest(slug="weekly")
    send("/subscribe/weekly")
    link = link_of(SignUp.objects.get())
    for method in ("get", "head", "get"):
        answer = getattr(Client(), method)(link)
        assert answer.status_code == 200
        assert not answer.cookies
    assert "Yes, subscribe me" in Client().get(link).content.decode()
    assert not Subscriber.objects.exists()
    answers = [press(link) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert "You have confirmed it" in Client().get(link).content.decode()
    assert Subscription.objects.filter(state="active").count() == 1


def test_who_has_confirmed_finds_the_latest_edition_and_their_choices() -> None:
    digest = an_open_digest(slug="weekly")
    edition = a_sending_edition(digest, mails=0)
    edition.state = "sent"
    edition.save()
    EditionItem.objects.create(edition=edition, item=an_item(), revision=1, position=0)
    Variant.objects.create(edition=edition, mask=1, language="en", html="<h1>Terraces</h1>", text="x")
    send("/subscribe/weekly")
    link = link_of(SignUp.objects.get())
    assert "/p/" not in Client().get(link).content.decode()
    text = press(link).content.decode()
    latest, choices = re.findall(r'href="(/[ep]/[^"]+)"', text)
    assert "Terraces" in Client().get(latest).content.decode()
    assert "What you receive" in Client().get(choices).content.decode()
    SignUp.objects.update(confirmed_at=NOON)
    assert "/p/" not in Client().get(link).content.decode(), "an old mail opens nobody's page"


def test_without_an_edition_there_is_no_link_to_one() -> None:
    an_open_digest(slug="weekly")
    send("/subscribe/weekly")
    text = press(link_of(SignUp.objects.get())).content.decode()
    assert re.findall(r'href="/([ep])/', text) == ["p"]


def test_what_somebody_asked_for_since_the_page_was_opened_is_not_confirmed_by_its_button() -> None:
    first = an_open_digest(slug="weekly")
    send("/subscribe/weekly")
    an_open_digest(slug="alerts", title={"en": "Alerts"})
    link = link_of(SignUp.objects.get())
    send("/subscribe/alerts", visitor="192.0.2.99")
    page = Client().get(link).content.decode()
    assert page.count('type="checkbox" name="digest"') == 2
    assert Client().post(link, {"digest": [first.pk]}).status_code == 200
    assert list(Subscription.objects.values_list("digest_id", flat=True)) == [first.pk]
    assert "Alerts" not in Client().get(link).content.decode()


@pytest.mark.parametrize("fields", [{}, {"digest": ["x", "-1", "999999999999999999999", "²"]}])
def test_with_nothing_ticked_the_page_says_so_and_stays(fields: dict[str, Any]) -> None:
    an_open_digest(slug="weekly")
    send("/subscribe/weekly")
    answer = Client().post(link_of(SignUp.objects.get()), fields)
    assert answer.status_code == 422
    assert "Choose at least one newsletter." in answer.content.decode()
    assert not Subscriber.objects.exists()


def test_what_was_switched_off_since_is_not_offered() -> None:
    digest = an_open_digest(slug="weekly")
    send("/subscribe/weekly")
    digest.enabled = False
    digest.save()
    answer = Client().get(link_of(SignUp.objects.get()))
    assert answer.status_code == 410
    assert "nothing to subscribe to" in answer.content.decode()


def test_who_has_left_since_is_told_so_also_when_they_asked_again() -> None:
    an_open_digest(slug="weekly")
    send("/subscribe/weekly")
    link = link_of(SignUp.objects.get())
    press(link)
    subscriptions.leave_all(Subscriber.objects.get().pk, how="test", now=NOON)
    send("/subscribe/weekly")
    answer = Client().get(link)
    text = answer.content.decode()
    assert (answer.status_code, "You have left since" in text) == (410, True)
    assert "too old" not in text
    assert press(link).status_code == 410
    assert not Subscription.objects.filter(state="active").exists()


def test_it_speaks_the_language_of_the_form() -> None:
    an_open_digest(slug="weekly")
    answer = Client().get("/subscribe/weekly?lang=ar").content.decode()
    Client().post("/subscribe/weekly", {"email": ADDRESS, **hidden(answer), "stamp": filled_in()["stamp"]})
    page = Client().get(link_of(SignUp.objects.get()), headers={"Accept-Language": "en"}).content.decode()
    assert 'lang="ar" dir="rtl"' in page


def test_an_old_link_explains_and_offers_to_sign_up_again() -> None:
    an_open_digest(slug="weekly")
    send("/subscribe/weekly")
    SignUp.objects.update(expires_at=NOON)
    for answer in (
        Client().get(link_of(SignUp.objects.get())),
        Client().post(link_of(SignUp.objects.get())),
    ):
        assert answer.status_code == 410
        assert 'href="/subscribe"' in answer.content.decode()
    assert not Subscriber.objects.exists()


def test_a_broken_link_is_answered_calmly() -> None:
    for method in ("get", "post"):
        answer = getattr(Client(), method)("/c/not-a-token")
        assert answer.status_code == 404
        assert "not complete" in answer.content.decode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    token=st.text(max_size=80)
    | st.from_regex(r"[0-9a-z]{1,30}\.[0-9a-z]{1,30}~[A-Za-z0-9_-]{43}", fullmatch=True)
)
def test_a_link_that_we_did_not_sign_changes_nothing(fresh: None, token: str) -> None:
    for method in ("get", "post"):
        answer = getattr(Client(), method)(f"/c/{quote(token, safe='')}")
        assert answer.status_code in (404, 301)
    assert not Subscriber.objects.exists()
