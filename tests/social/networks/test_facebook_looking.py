"""Whether a post is on a Facebook page, and whether its credentials are good: when Facebook's answers suffice, and when not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publisher.core.errors import ChannelDown, Retry
from publisher.social.networks.base import Account, CannotTell, NotFound, Part, Prepared, Receipt
from publisher.social.networks.facebook import looking
from publisher.social.networks.facebook.looking import Likeness, likeness
from publisher.social.networks.facebook.network import FACEBOOK
from tests.fakes.facebook import APP, FakeFacebook, account_at
from tests.fakes.switches import as_json, serving

HOUR = timedelta(hours=1)
TEXT = "Rain arrives in the north.\n\n#Rain\nhttps://office.example.org/rain"


@pytest.fixture
def there(settings: Any) -> Iterator[FakeFacebook]:
    fake = FakeFacebook()
    with serving(fake):
        settings.FETCH_ALLOW = (*settings.FETCH_ALLOW, f"127.0.0.1:{fake.port}")
        yield fake


def prepared(text: str = TEXT) -> Prepared:
    return FACEBOOK.prepare(Part(text), Account(1, "Almaria"), "k1")


def asked(there: FakeFacebook, text: str = TEXT, since: timedelta = HOUR) -> Any:
    return FACEBOOK.reconcile(account_at(there.url), prepared(text), since=since)


def test_a_post_is_found_with_the_address_that_facebook_gives_it(there: FakeFacebook) -> None:
    post = there.add(TEXT)
    found = asked(there)
    assert found == Receipt(
        post.id, f"https://www.facebook.com/102030405060708/posts/{post.id.partition('_')[2]}"
    )


def test_a_post_of_before_the_first_try_is_not_ours(there: FakeFacebook) -> None:
    there.add(TEXT, age=timedelta(minutes=30))
    assert asked(there, since=timedelta(minutes=5)) == NotFound()
    assert isinstance(asked(there), Receipt)


def test_it_is_found_on_a_later_page_also_when_the_order_is_not_that_of_time(there: FakeFacebook) -> None:
    there.most_on_a_page = 2
    post = there.add(TEXT, age=timedelta(minutes=20))
    for number in range(5):
        there.add(f"Another {number}.", age=timedelta(minutes=number))
    assert isinstance(found := asked(there), Receipt)
    assert found.remote_id == post.id


def test_a_whole_page_of_older_posts_is_the_end(there: FakeFacebook) -> None:
    there.most_on_a_page = 2
    for number in range(20):
        there.add(f"Old {number}.", age=timedelta(days=number + 1))
    assert asked(there) == NotFound()
    assert len(there.requests) == 1


def test_one_old_post_among_new_ones_is_not_the_end(there: FakeFacebook) -> None:
    pinned = {"id": "1_2", "message": "Welcome", "created_time": "2020-01-01T00:00:00+0000"}
    fresh = {"id": "1_3", "message": "New", "created_time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}+0000"}
    paging = {"next": "https://graph.facebook.com/more", "cursors": {"after": "c0"}}
    there.faults.append(as_json(200, {"data": [pinned, fresh], "paging": paging}))
    there.add(TEXT)
    assert isinstance(asked(there), Receipt)


def test_a_list_without_end_is_left_to_a_person(there: FakeFacebook, monkeypatch: Any) -> None:
    monkeypatch.setattr(looking, "MOST_PAGES", 3)
    there.most_on_a_page = 2
    for number in range(9):
        there.add(f"Another {number}.")
    assert asked(there) == looking.TOO_MANY


def test_a_page_that_shows_nothing_at_all_proves_nothing(there: FakeFacebook) -> None:
    assert asked(there) == looking.NONE


@pytest.mark.parametrize(
    ("there_is", "answer"),
    [
        ("Rain arrives in the north! #Rain https://office.example.org/snow", looking.ALIKE),
        ("RAIN arrives in the north", NotFound()),
        ("Rain arrives in the north.\n#Rain  https://office.example.org/rain ", Receipt),
    ],
)
def test_nearly_the_same_post_is_left_to_a_person(there: FakeFacebook, there_is: str, answer: Any) -> None:
    there.add(there_is)
    found = asked(there)
    assert found == answer or (answer is Receipt and isinstance(found, Receipt))


def test_a_text_with_a_mention_that_facebook_rewrites_is_left_to_a_person(there: FakeFacebook) -> None:
    there.add("Another.")
    assert asked(there, "Thanks to @[123456]!") == looking.REWRITTEN


def test_comments_are_not_searched(there: FakeFacebook) -> None:
    message = FACEBOOK.prepare(Part("Two. 2/2", number=1, of=2), account_at(there.url), "k")
    found = FACEBOOK.reconcile(account_at(there.url), message, since=HOUR)
    assert isinstance(found, CannotTell)
    assert there.requests == []


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {"data": None},
        {"data": ["post"]},
        {"data": [{"id": "1_2", "message": "a"}]},
        {"data": [{"id": "1_2", "created_time": "2026-06-01T12:00:00"}]},
        {"data": [], "paging": []},
        {"data": [], "paging": {"next": "https://graph.facebook.com/more"}},
    ],
)
def test_a_list_that_is_not_whole_decides_nothing(there: FakeFacebook, said: Any) -> None:
    there.faults.append(as_json(200, said))
    with pytest.raises(Retry):
        asked(there)


def test_a_token_that_may_not_look_pauses_the_channel(there: FakeFacebook) -> None:
    there.scopes.remove("pages_read_engagement")
    with pytest.raises(ChannelDown, match="pages_read_engagement"):
        asked(there)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("e\u0301 a", "\u00e9\n\na", Likeness.SAME),
        ("Rain.", "Rain!", Likeness.ALIKE),
        ("Rain https://a.example", "Rain", Likeness.ALIKE),
        ("雨。", "雨", Likeness.ALIKE),
        ("Rain 1/2", "Rain 2/2", Likeness.OTHER),
    ],
)
def test_how_alike_two_texts_are(ours: str, theirs: str, expected: Likeness) -> None:
    assert likeness(ours, theirs) is expected


def test_good_credentials_name_the_page(there: FakeFacebook) -> None:
    standing = FACEBOOK.verify_credentials(account_at(there.url))
    assert (standing.name, standing.credentials_end_at) == ("Almaria Office", None)


def test_the_end_of_a_token_is_told_where_facebook_can_be_asked_about_it(there: FakeFacebook) -> None:
    account = account_at(there.url, app=True)
    assert FACEBOOK.verify_credentials(account).credentials_end_at is None
    soon, later = (int((datetime.now(UTC) + timedelta(days=days)).timestamp()) for days in (9, 50))
    there.data_access_expires_at = later
    assert FACEBOOK.verify_credentials(account).credentials_end_at == datetime.fromtimestamp(later, UTC)
    there.expires_at = soon
    assert FACEBOOK.verify_credentials(account).credentials_end_at == datetime.fromtimestamp(soon, UTC)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"token_state": "expired"}, "Session has expired"),
        ({"scopes": ["pages_show_list"]}, "lacks pages_manage_posts and pages_read_engagement"),
        ({"whose": ("5", "Ana")}, "that of “Ana”"),
        ({"expires_at": 1_600_000_000}, "ended on 2020-09-13"),
    ],
)
@pytest.mark.parametrize("app", [True, False])
def test_what_is_wrong_with_an_account_is_told(
    there: FakeFacebook, wrong: dict[str, Any], why: str, *, app: bool
) -> None:
    for name, value in wrong.items():
        setattr(there, name, value)
    account = account_at(there.url, app=app)
    if "expires_at" in wrong and not app:
        assert FACEBOOK.verify_credentials(account).name
        return
    with pytest.raises(ChannelDown) as raised:
        FACEBOOK.verify_credentials(account)
    assert not app or why in raised.value.reason


def test_a_wrong_secret_of_the_app_is_told_as_that(there: FakeFacebook) -> None:
    account = account_at(there.url)
    credentials = {**account.credentials, "app_id": APP, "app_secret": "wrong"}
    with pytest.raises(ChannelDown, match="check `app_id` and `app_secret`") as raised:
        FACEBOOK.verify_credentials(Account(1, "A", credentials, account.settings))
    assert "wrong" not in raised.value.reason


@pytest.mark.parametrize(
    ("set_to", "credentials", "why"),
    [
        ({"page": ""}, {}, "no `page`"),
        ({"page": "almaria"}, {}, "no `page`"),
        ({"graph_version": "26"}, {}, "graph_version"),
        ({"api": "http://graph.example"}, {}, "https"),
        ({}, {"access_token": ""}, "access_token"),
        ({}, {"access_token": "a b\n"}, "access_token"),
    ],
)
def test_settings_that_cannot_be_used_are_told(
    there: FakeFacebook, set_to: dict[str, Any], credentials: dict[str, Any], why: str
) -> None:
    usual = account_at(there.url)
    account = Account(1, "A", {**usual.credentials, **credentials}, {**usual.settings, **set_to})
    with pytest.raises(ChannelDown, match=why):
        FACEBOOK.verify_credentials(account)
    assert there.requests == []


def test_a_server_that_is_not_there_is_asked_again_later(settings: Any) -> None:
    with serving(fake := FakeFacebook()):
        settings.FETCH_ALLOW = (f"127.0.0.1:{fake.port}",)
    with pytest.raises(Retry):
        FACEBOOK.verify_credentials(account_at(fake.url))
