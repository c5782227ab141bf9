"""The sign-up form on a page of another site: taken as it was copied, without a cookie, and its page is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
import redis
from django.test import Client

from publisher.audience.models import SignUp, SignUpCount
from publisher.digests.signing_up import snippet
from tests.site.sign_up_steps import ADDRESS, an_open_digest, hidden, send

pytestmark = pytest.mark.django_db

SITE = "https://news.office.example.org"


@pytest.fixture(autouse=True)
def fresh(db: None, inbox: redis.Redis) -> None:
    """Counting begins at nothing."""


def posted_elsewhere(form: str, **fields: Any) -> Any:
    """A form that was copied into a page of another site, filled in and sent there: to where it says, and what it holds."""
    target = re.search(r'action="https://news\.office\.example\.org(/[^"]+)"', form)
    assert target
    headers = {"Origin": "https://site.example.org"}
    return Client(enforce_csrf_checks=True).post(
        target[1], {**hidden(form), "email": ADDRESS, **fields}, headers=headers
    )


@pytest.mark.parametrize("language", ["en", "zh", "ar"])
def test_the_form_for_other_sites_is_taken_as_it_was_copied_whatever_changed_since(language: str) -> None:
    digest = an_open_digest(slug="weekly", title={"en": 'The “week” & "more"'})
    form = snippet(digest, language, base_url=SITE)
    digest.title, digest.organisation = {"en": "The month"}, "Regional Office"
    digest.save()
    answer = posted_elsewhere(form)
    assert answer.status_code == 200
    text = SignUp.objects.select_related("text").get().text
    assert (text.language, text.text) == (language, hidden(form)["text"])
    assert "Country Office of Almaria" in text.text


def test_a_text_that_was_written_for_another_digest_or_by_others_is_no_consent() -> None:
    an_open_digest(slug="alerts", title={"en": "Alerts"})
    form = snippet(an_open_digest(slug="weekly"), "en", base_url=SITE)
    assert posted_elsewhere(form.replace("/subscribe/weekly", "/subscribe/alerts")).status_code == 422
    assert posted_elsewhere(form, text="Send me what you like").status_code == 422
    assert not SignUp.objects.exists()
    assert SignUpCount.objects.get(what="stale_form").n == 2


def test_a_form_on_another_site_is_taken_without_a_cookie_and_its_page_is_kept() -> None:
    an_open_digest(slug="weekly")
    page = hidden(Client().get("/subscribe/weekly").content.decode())
    fields = {"email": ADDRESS, "lang": "ar", "shown": page["shown"], "text": page["text"]}
    headers = {"Origin": "https://site.example.org", "Accept-Language": "en"}
    refused = Client().post("/subscribe/weekly", fields, headers=headers)
    assert refused.status_code == 422, "the text it showed was English"
    arabic = hidden(Client().get("/subscribe/weekly?lang=ar").content.decode())
    answer = Client(enforce_csrf_checks=True).post(
        "/subscribe/weekly",
        {**fields, "shown": arabic["shown"], "text": arabic["text"]},
        headers=headers,
    )
    assert answer.status_code == 200
    assert 'lang="ar" dir="rtl"' in answer.content.decode()
    row = SignUp.objects.select_related("text").get()
    assert (row.page, row.language, row.text.language) == ("https://site.example.org", "ar", "ar")


def test_the_referring_page_is_kept_without_its_query() -> None:
    an_open_digest(slug="weekly")
    headers = {"Referer": "https://site.example.org/news?mail=ilse", "Origin": "https://site.example.org"}
    send("/subscribe/weekly", headers=headers)
    assert SignUp.objects.get().page == "https://site.example.org/news"
