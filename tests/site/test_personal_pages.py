"""What the pages behind personal links have in common: the language they speak, and what they say of a reader who is gone."""

from __future__ import annotations

import pytest
from django.test import Client

from publisher.audience import address_change, subscriptions, tokens
from publisher.audience.models import AddressChange, Subscription
from publisher.privacy import erasing
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db

GONE = "This address is not known here any more"


def links_of(subscription: Subscription) -> dict[str, str]:
    """The addresses of a reader's pages."""
    names = subscription.subscriber_id, subscription.digest_id
    preferences = tokens.write(tokens.Purpose.PREFERENCES, *names)
    address_change.ask(
        names[0], "other@example.org", language="zh-Hans", digest_id=names[1], now=subscription.since
    )
    change = address_change.token(AddressChange.objects.get(), new=False)
    return {
        "preferences": f"/p/{preferences}",
        "erase": f"/p/{preferences}/erase",
        "data": f"/p/{preferences}/data",
        "unsubscribe": f"/u/{tokens.write(tokens.Purpose.UNSUBSCRIBE, *names)}",
        "change": f"/a/{change}",
    }


PAGES = ("preferences", "erase", "data", "unsubscribe", "change")


@pytest.mark.parametrize("name", PAGES)
def test_of_a_reader_who_is_gone_each_says_the_same_with_nothing_to_press(name: str) -> None:
    subscription = a_subscriber(a_digest(), "lin@example.net")
    link = links_of(subscription)[name]
    erasing.erase(subscription.subscriber_id, user="mira", how="test", now=NOON)
    answer = Client().get(link)
    text = answer.content.decode()
    assert (answer.status_code, GONE in text) == (410, True)
    assert not [each for each in ("<form", "<button", "<a href=") if each in text.partition("<h1>")[2]]


def test_a_change_of_address_that_is_kept_no_more_is_over_and_not_its_reader() -> None:
    link = links_of(a_subscriber(a_digest(), "lin@example.net"))["change"]
    AddressChange.objects.all().delete()
    text = Client().get(link).content.decode()
    assert "There is nothing to confirm here" in text
    assert GONE not in text


@pytest.mark.parametrize("name", PAGES)
def test_each_speaks_the_language_of_its_reader_or_the_one_that_was_switched_to(name: str) -> None:
    digest = a_digest(languages=["en", "zh-Hans"])
    link = links_of(a_subscriber(digest, "lin@example.net", language="zh-Hans"))[name]
    own = Client().get(link, headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="zh-Hans" dir="ltr">' in own
    assert f'href="{link}?lang=ar"' in own
    switched = Client().get(f"{link}?lang=ar").content.decode()
    assert '<html lang="ar" dir="rtl">' in switched


@pytest.mark.parametrize("named", ["xx", "", "\x00", "en" * 400])
def test_a_language_that_there_is_not_changes_nothing(named: str) -> None:
    link = links_of(a_subscriber(a_digest(), "lin@example.net", language="zh-Hans"))["preferences"]
    assert '<html lang="zh-Hans"' in Client().get(link, {"lang": named}).content.decode()


def test_a_reader_of_a_language_that_the_pages_do_not_speak_gets_that_of_the_browser() -> None:
    subscription = a_subscriber(a_digest(languages=["fr"]), "lin@example.net", language="fr")
    link = links_of(subscription)["preferences"]
    assert '<html lang="ar"' in Client().get(link, headers={"Accept-Language": "ar"}).content.decode()


def test_the_language_that_was_switched_to_stays_from_page_to_page_and_when_a_form_is_sent() -> None:
    links = links_of(a_subscriber(a_digest(), "lin@example.net"))
    text = Client().get(f"{links['preferences']}?lang=zh").content.decode()
    assert f'href="{links["unsubscribe"]}?lang=zh"' in text
    for name in ("erase", "data"):
        assert f'action="{links[name]}?lang=zh"' in text
    sent = Client().post(f"{links['preferences']}?lang=zh", {"do": "address", "email": "x"})
    assert '<html lang="zh-Hans"' in sent.content.decode()


@pytest.mark.parametrize(
    ("email", "said", "role"),
    [
        ("x@example.org", "We are writing to both addresses", "status"),
        ("nonsense", "This is no e-mail address", "alert"),
    ],
)
def test_what_came_of_asking_for_another_address_stands_at_the_top(email: str, said: str, role: str) -> None:
    link = links_of(a_subscriber(a_digest(), "lin@example.net"))["preferences"]
    text = Client().post(link, {"do": "address", "email": email}).content.decode()
    top = text.partition("<form")[0]
    assert said in top
    assert f'role="{role}"' in top
    assert text.count(f'role="{role}"') == 1, "it is read out once"


def test_who_has_left_is_told_so_when_they_open_the_link_and_finds_the_way_back() -> None:
    digest = a_digest(open_to_all=True)
    subscription = a_subscriber(digest, "lin@example.net")
    links = links_of(subscription)
    Client().post(links["unsubscribe"], {"List-Unsubscribe": "One-Click"})
    text = Client().get(links["unsubscribe"]).content.decode()
    assert "You are unsubscribed" in text
    assert "<button" not in text
    assert f'href="{links["preferences"]}"' in text
    back = Client().get(links["preferences"]).content.decode()
    assert '<details class="newsletter" open>' in back
    assert f'name="add-{digest.pk}"' in back


def test_there_is_no_way_back_to_what_is_not_open_to_all() -> None:
    links = links_of(a_subscriber(a_digest(), "lin@example.net"))
    text = Client().post(links["unsubscribe"]).content.decode()
    assert links["preferences"] not in text


def test_who_has_left_one_may_still_leave_the_others_from_there() -> None:
    subscription, other = (a_subscriber(a_digest(), "lin@example.net") for _ in range(2))
    link = links_of(subscription)["unsubscribe"]
    Client().post(link)
    assert 'name="all"' in Client().get(link).content.decode()
    Client().post(link, {"all": "yes"})
    other.refresh_from_db()
    assert other.state == "ended"


def test_who_moved_to_another_rhythm_is_asked_and_not_told_that_they_left() -> None:
    weekly, daily = a_digest(family="news"), a_digest(family="news", rhythm="daily")
    subscription = a_subscriber(weekly, "lin@example.net")
    choice = subscriptions.chosen("lin@example.net", weekly.pk)
    assert choice
    subscriptions.move(
        subscription.subscriber_id, weekly.pk, daily.pk, choice, how="test", now=subscription.since
    )
    assert "Stop receiving" in Client().get(links_of(subscription)["unsubscribe"]).content.decode()
