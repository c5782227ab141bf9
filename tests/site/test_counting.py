"""Counted links and pictures as a browser meets them: no open redirect, nobody counted who does not want it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from publisher.audience import tokens as signed
from publisher.audience.evidence import Evidence
from publisher.audience.models import Consent, Subscriber, Subscription
from publisher.core import clock
from publisher.core.base36 import base36
from publisher.counting import persons, reading, tally, tokens
from publisher.counting.models import OPENS, Link, LinkCount, PersonCount
from publisher.digests.models import Digest, Edition
from publisher.privacy.held import held
from tests.builders import NOON, a_digest, a_subscriber
from tests.desk.builders import an_edition
from tests.sessions import kept_waiting
from tests.site.archive_steps import a_sent_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox")]

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
TARGET = "https://office.example.org/a?x=1&y=2#part"


@pytest.fixture
def link() -> Link:
    digest = a_digest(counting="totals")
    edition = a_sent_edition(digest)
    return Link.objects.create(edition=edition, key=b"k" * 32, url=TARGET)


def get(address: str, **headers: str) -> Any:
    return Client().get(address, headers={**BROWSER, **headers})


def counted(edition: Edition) -> dict[int, int]:
    tally.fold()
    return dict(LinkCount.objects.filter(edition=edition).values_list("link_id", "n"))


def test_a_click_leads_on_and_counts_once(link: Link) -> None:
    answer = get(f"/l/{tokens.of_link(link.pk)}")
    assert (answer.status_code, answer["Location"], answer.content) == (302, TARGET, b"")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    assert counted(link.edition) == {link.pk: 1}
    get(f"/l/{tokens.of_link(link.pk)}/")
    assert counted(link.edition) == {link.pk: 2}


def test_the_picture_counts_an_open(link: Link) -> None:
    answer = get(f"/o/{tokens.of_opens(link.edition_id)}")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/gif", "no-store")
    assert answer.content.startswith(b"GIF89a")
    assert counted(link.edition) == {OPENS: 1}


@pytest.mark.parametrize(
    "headers",
    [
        {"DNT": "1"},
        {"Sec-GPC": "1"},
        {"Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch"},
        {"User-Agent": "curl/8"},
    ],
)
def test_who_is_not_counted_gets_where_they_wanted(link: Link, headers: dict[str, str]) -> None:
    assert get(f"/l/{tokens.of_link(link.pk)}", **headers)["Location"] == TARGET
    get(f"/o/{tokens.of_opens(link.edition_id)}", **headers)
    assert Client().head(f"/l/{tokens.of_link(link.pk)}", headers=BROWSER)["Location"] == TARGET
    assert counted(link.edition) == {}


@pytest.mark.parametrize("why", ["switched off", "not let go"])
def test_a_link_goes_on_leading_where_it_led_when_it_is_not_counted(link: Link, why: str) -> None:
    if why == "switched off":
        Digest.objects.update(counting="off")
    else:
        Edition.objects.update(let_go_at=None)
    assert get(f"/l/{tokens.of_link(link.pk)}")["Location"] == TARGET
    assert counted(link.edition) == {}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//evil.example.org/",
        "/\\evil.example.org",
        "data:text/html,x",
        "https://evil.example.org\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_a_row_that_holds_no_address_of_the_web_leads_nowhere(link: Link, url: str) -> None:
    Link.objects.update(url=url)
    answer = get(f"/l/{tokens.of_link(link.pk)}")
    assert answer.status_code == 404
    assert "Location" not in answer


@pytest.mark.parametrize(
    "tail",
    [
        "?url=https://evil.example.org",
        "?next=//evil.example.org",
        "/https://evil.example.org",
        "/..%2f..%2fevil",
        "/%0d%0aLocation:%20https://evil.example.org",
    ],
)
def test_nothing_in_the_address_changes_where_it_leads(link: Link, tail: str) -> None:
    answer = get(f"/l/{tokens.of_link(link.pk)}{tail}")
    assert answer.get("Location", TARGET) == TARGET
    assert answer.status_code in (302, 404)


def forged(link: Link) -> list[str]:
    good = tokens.of_link(link.pk)
    text, _tilde, signature = good.partition("~")
    other = signed.write(signed.Purpose.UNSUBSCRIBE, signed.NOBODY, link.pk)
    return [
        good[:-1],
        good + "A",
        f"{text}~",
        text,
        f"0.{base36(link.pk + 1)}~{signature}",
        f"1.{base36(link.pk)}~{signature}",
        other,
        tokens.of_opens(link.pk),
        "~",
        "x" * 5_000,
    ]


def test_a_token_that_we_did_not_make_leads_nowhere_and_counts_nothing(link: Link) -> None:
    for token in forged(link):
        assert get(f"/l/{token}").status_code == 404
    assert get(f"/o/{tokens.of_link(link.pk)}").status_code == 200
    assert counted(link.edition) == {}


@given(token=st.text(max_size=80), reader=st.text(max_size=80))
@example(token="0.1~\x00", reader="")
@example(token="https:", reader="/evil.example.org")
@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_address_below_them_is_answered_and_leads_nowhere(token: str, reader: str) -> None:
    from urllib.parse import quote

    for kind in ("l", "o"):
        answer = get(f"/{kind}/{quote(token, safe='')}/{quote(reader, safe='')}")
        assert answer.status_code in (200, 301, 404)
        assert "evil" not in answer.get("Location", "")


def test_tokens_survive_a_new_secret_key(link: Link, settings: Any) -> None:
    token = tokens.of_link(link.pk)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 50
    assert get(f"/l/{token}")["Location"] == TARGET


def test_a_link_leads_on_while_redis_is_away(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: object, **_given: object) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(redis.Redis, "execute_command", away)
    assert get(f"/l/{tokens.of_link(link.pk)}")["Location"] == TARGET
    assert get(f"/o/{tokens.of_opens(link.edition_id)}").status_code == 200


def test_counts_are_folded_by_link_and_day_and_twice_is_not_double(link: Link) -> None:
    for day in (NOON, NOON + timedelta(days=1)):
        for _ in range(3):
            tally.add(link.edition_id, link_id=link.pk, now=day)
    tally.add(link.edition_id, now=NOON)
    assert tally.fold() == 7
    assert tally.fold() == 0
    tally.add(link.edition_id, link_id=link.pk, now=NOON)
    tally.fold()
    rows = LinkCount.objects.filter(link_id=link.pk).order_by("day").values_list("day", "n")
    assert list(rows) == [(NOON.date(), 4), ((NOON + timedelta(days=1)).date(), 3)]


def test_what_the_database_refuses_is_counted_later(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    tally.add(link.edition_id, link_id=link.pk, now=NOON)

    def refuses(_taken: object) -> None:
        raise DatabaseError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(tally, "_write", refuses)
        with pytest.raises(DatabaseError):
            tally.fold()
    assert counted(link.edition) == {link.pk: 1}


def test_counts_of_an_edition_that_is_deleted_meanwhile_are_dropped(link: Link) -> None:
    tally.add(2**40, link_id=link.pk, now=NOON)
    tally.add(link.edition_id, link_id=link.pk, now=NOON)
    assert counted(link.edition) == {link.pk: 1}


def a_reader(link: Link, *, agreed: bool = True) -> tuple[Subscription, str]:
    """A subscriber of the link's digest, which counts by person, and what stands behind the links of their mail."""
    Digest.objects.update(counting="persons")
    subscription = a_subscriber(link.edition.digest)
    Subscriber.objects.filter(pk=subscription.subscriber_id).update(counted=agreed)
    return subscription, tokens.readers(link.edition_id)(base36(subscription.subscriber_id))


def test_who_agreed_is_counted_by_person_and_in_the_totals(link: Link) -> None:
    subscription, reader = a_reader(link)
    for _ in range(2):
        get(f"/l/{tokens.of_link(link.pk)}/{reader}")
    get(f"/o/{tokens.of_opens(link.edition_id)}/{reader}")
    assert counted(link.edition) == {link.pk: 2, OPENS: 1}
    rows = PersonCount.objects.values_list("subscriber_id", "link_id", "n")
    assert sorted(rows) == [(subscription.subscriber_id, OPENS, 1), (subscription.subscriber_id, link.pk, 2)]
    told = held(subscription.subscriber, now=NOON)["counts"]
    assert sorted((each["opened"], each["url"], each["times"]) for each in told) == [
        (False, TARGET, 2),
        (True, "", 1),
    ]


@pytest.mark.parametrize(
    "why", ["did not agree", "totals", "another edition", "DNT", "withdrew before it was folded"]
)
def test_nobody_else_is(link: Link, why: str) -> None:
    subscription, reader = a_reader(link, agreed=why != "did not agree")
    headers = {"DNT": "1"} if why == "DNT" else {}
    if why == "totals":
        Digest.objects.update(counting="totals")
    if why == "another edition":
        other = an_edition(link.edition.digest)
        reader = tokens.readers(other.pk)(base36(subscription.subscriber_id))
    get(f"/l/{tokens.of_link(link.pk)}/{reader}", **headers)
    if why == "withdrew before it was folded":
        Subscriber.objects.update(counted=False)
    assert counted(link.edition) == ({} if why == "DNT" else {link.pk: 1})
    assert not PersonCount.objects.exists()


def test_what_the_database_refuses_by_person_is_written_later(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    _subscription, reader = a_reader(link)
    get(f"/l/{tokens.of_link(link.pk)}/{reader}")
    with monkeypatch.context() as patch:
        patch.setattr(persons, "ADD", "SELECT no_such_thing")
        with pytest.raises(DatabaseError), transaction.atomic():
            tally.fold()
    assert not PersonCount.objects.exists()
    tally.fold()
    assert PersonCount.objects.get().n == 1


@pytest.mark.django_db(transaction=True)
def test_who_withdraws_while_counts_are_written_is_not_among_them(link: Link) -> None:
    subscription, _reader = a_reader(link)
    entry = (subscription.subscriber_id, link.edition_id, link.pk, int(NOON.timestamp()))

    def withdraw() -> None:
        persons.choose(subscription.subscriber_id, counted=False, evidence=Evidence(), now=NOON)

    with kept_waiting(lambda: persons.write([entry]), by=withdraw):
        pass
    assert not PersonCount.objects.exists()


def test_rows_by_person_go_when_their_time_is_over_and_with_the_person(link: Link) -> None:
    subscription, _reader = a_reader(link)
    keep = a_subscriber(link.edition.digest).subscriber_id
    for subscriber, at in ((subscription.subscriber_id, NOON), (keep, NOON + timedelta(days=9))):
        PersonCount.objects.create(
            subscriber_id=subscriber, edition=link.edition, link_id=link.pk, n=1, first_at=NOON, last_at=at
        )
    assert persons.forget_before(NOON + timedelta(days=1)) == 1
    assert PersonCount.objects.get().subscriber_id == keep
    Subscriber.objects.filter(pk=keep).delete()
    assert not PersonCount.objects.exists()


def preference(subscription: Subscription) -> str:
    return signed.write(signed.Purpose.PREFERENCES, subscription.subscriber_id, subscription.digest_id)


def test_the_preference_page_asks_only_where_people_are_counted(link: Link) -> None:
    subscription = a_subscriber(link.edition.digest)
    page = f"/p/{preference(subscription)}"
    assert "May we count" not in get(page).content.decode()
    assert get(f"{page}/counting")["Location"] == page
    Digest.objects.update(counting="persons")
    text = get(page).content.decode()
    assert "May we count" in text
    assert f'action="{page}/counting"' in text


def test_agreeing_and_withdrawing_is_recorded_with_the_text_and_withdrawing_deletes(link: Link) -> None:
    subscription, _reader = a_reader(link, agreed=False)
    browser, page = Client(enforce_csrf_checks=True), f"/p/{preference(subscription)}/counting"
    assert browser.get(page).status_code == 200
    assert not Subscriber.objects.filter(counted=True).exists()
    for _ in range(2):
        assert "You agreed" in browser.post(page, {"counted": "yes"}).content.decode()
    assert Subscriber.objects.get(pk=subscription.subscriber_id).counted
    now = clock.now()
    PersonCount.objects.create(
        subscriber_id=subscription.subscriber_id, edition=link.edition, n=1, first_at=now, last_at=now
    )
    assert "You have not agreed" in browser.post(page, {"counted": "no"}).content.decode()
    assert not PersonCount.objects.exists()
    rows = Consent.objects.filter(how=persons.HOW).order_by("pk")
    assert [(row.action, row.digest_id, row.text is not None) for row in rows] == [
        ("given", None, True),
        ("withdrawn", None, True),
    ]
    assert rows[0].text is not None
    assert "which of our mails you open" in rows[0].text.text


@pytest.mark.parametrize("given_back", [{}, {"counted": ""}, {"counted": "maybe"}])
def test_an_empty_answer_changes_nothing(link: Link, given_back: dict[str, str]) -> None:
    subscription, _reader = a_reader(link, agreed=False)
    page = f"/p/{preference(subscription)}/counting"
    assert Client().post(page, given_back).status_code == 200
    assert not Consent.objects.filter(how=persons.HOW).exists()
    assert Client().post("/p/forged/counting", {"counted": "yes"}).status_code == 404


def test_the_desk_shows_what_was_counted_and_how_little_it_says(link: Link, admin_client: Client) -> None:
    tally.add(link.edition_id, link_id=link.pk, now=clock.now())
    tally.fold()
    text = admin_client.get(reverse("desk:edition", args=[link.edition_id])).content.decode()
    assert "Links were followed 1 time." in text
    assert "These are times, not people." in text
    assert "People who agreed" not in text
    assert "Times, not people" in admin_client.get(reverse("desk:dashboard")).content.decode()


def test_an_edition_of_which_nothing_is_counted_shows_no_figures(admin_client: Client) -> None:
    edition = a_sent_edition()
    assert reading.of_edition(edition) is None
    text = admin_client.get(reverse("desk:edition", args=[edition.pk])).content.decode()
    assert "Clicks and opens" not in text
    assert f"/archive/weekly/{edition.number}/en" in text
