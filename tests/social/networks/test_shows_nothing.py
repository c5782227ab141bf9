"""A list without any post proves nothing where the account has posts: nothing is sent again, and a person is told where to look.

The way is the product's (`tests/faults/way.py`). The answer to the request that publishes is lost, before or after the network
took it. That an older post in the list proves that the list works is shown by the table of faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from publisher.social.networks.base import Account, Network, Part
from publisher.social.networks.linkedin.network import LINKEDIN
from publisher.social.networks.mastodon.network import MASTODON
from publisher.social.networks.wechat.network import WECHAT
from publisher.social.networks.x.network import X
from tests.fakes import linkedin, mastodon, switches, wechat, x
from tests.fakes.fault_proxy import DROP_REPLY, RESET, Fault, FaultProxy, fault_proxy
from tests.faults.way import Outcome, Way, World, go

TEXT = "Rain arrives in the north\n\nIt stays until Monday."


@dataclass(frozen=True)
class Place:
    """A network's fake while it runs. `publishes` is the path of the request that does; `there` counts what stands on it."""

    network: Network[Any]
    fake: Any
    url: str
    account: Callable[[str], Account]
    publishes: str
    there: Callable[[], int]
    later: Callable[[timedelta], None] = lambda _by: None


@contextmanager
def on_x() -> Iterator[Place]:
    with x.fake_x() as fake:
        fake.refuses_repeats = False
        yield Place(X, fake, fake.url, x.account_at, "/2/tweets", lambda: len(fake.posts))


@contextmanager
def on_linkedin() -> Iterator[Place]:
    with linkedin.FakeLinkedIn() as fake:
        fake.knows_repeats = False

        def account(url: str) -> Account:
            settings = {"organization": fake.organization, "api": url}
            return Account(1, "Almaria", {"access_token": fake.token}, settings)

        yield Place(LINKEDIN, fake, fake.url, account, "/rest/posts", lambda: len(fake.posts))


@contextmanager
def on_mastodon() -> Iterator[Place]:
    fake = mastodon.FakeMastodon()

    def later(by: timedelta) -> None:
        fake.ahead += by
        fake.requests_left = 300

    with mastodon.serving(fake) as url:
        path = "/api/v1/statuses"
        yield Place(MASTODON, fake, url, mastodon.account_at, path, lambda: len(fake.statuses), later)


@contextmanager
def on_wechat() -> Iterator[Place]:
    fake = wechat.FakeWeChat()
    fake.materials["m-1"] = b"there"

    def account(url: str) -> Account:
        usual = wechat.account_at(fake, cover_media_id="m-1")
        return replace(usual, settings={**usual.settings, "api": url})

    def later(by: timedelta) -> None:
        fake.ahead += by.total_seconds()

    with switches.serving(fake):
        path = "/cgi-bin/draft/add"
        yield Place(WECHAT, fake, fake.url, account, path, lambda: len(fake.drafts), later)


PLACES = [on_x, on_linkedin, on_mastodon, on_wechat]


@pytest.fixture(params=PLACES, ids=lambda place: place.__name__)
def place(request: pytest.FixtureRequest, inbox: redis.Redis) -> Iterator[Place]:
    with request.param() as running:
        yield running


@pytest.fixture
def proxy(place: Place, settings: Any) -> Iterator[FaultProxy]:
    with fault_proxy(place.url) as running:
        settings.FETCH_ALLOW = (*settings.FETCH_ALLOW, urlsplit(running.url).netloc)
        yield running


def sent(place: Place, proxy: FaultProxy, fault: Fault) -> Way:
    """What comes of a message when the answer is lost like that."""
    proxy.arm(fault, method="POST", path=place.publishes)
    world = World(place.network, lambda: place.account(proxy.url), place.later, proxy.wait_until_quiet)
    return go(world, Part(TEXT, link="https://office.example.org/rain"))


def test_an_empty_list_where_the_account_has_posts_holds_the_message_and_sends_nothing_again(
    place: Place, proxy: FaultProxy
) -> None:
    place.fake.shows_nothing = True
    way = sent(place, proxy, DROP_REPLY)
    assert (way.outcome, way.tries, place.there(), way.stray) == (Outcome.HELD, 1, 1, "")
    assert "Look at" in way.seen


def test_an_empty_list_holds_a_message_that_was_not_published_too(place: Place, proxy: FaultProxy) -> None:
    """Nobody but the network knows the difference."""
    place.fake.add(**older(place))
    place.fake.shows_nothing = True
    way = sent(place, proxy, RESET)
    assert (way.outcome, way.tries, place.there(), way.stray) == (Outcome.HELD, 1, 1, "")


def test_a_message_that_is_not_on_an_account_without_any_is_sent_again(
    place: Place, proxy: FaultProxy
) -> None:
    way = sent(place, proxy, RESET)
    assert (way.outcome, way.tries, place.there(), way.stray) == (Outcome.PUBLISHED, 2, 1, "")


def test_a_count_that_is_not_told_is_not_taken_for_none(place: Place, proxy: FaultProxy) -> None:
    place.fake.tells_count = False
    way = sent(place, proxy, RESET)
    assert (way.outcome, way.tries, place.there(), way.stray) == (Outcome.HELD, 1, 0, "")


def older(place: Place) -> dict[str, Any]:
    """What the fake's `add` takes for a post of yesterday."""
    day = timedelta(days=1)
    return {
        X: {"text": "Welcome."},
        LINKEDIN: {"body": {"commentary": "Welcome.", "lifecycleState": "PUBLISHED"}, "age": 86400},
        MASTODON: {"text": "Welcome.", "age": day},
        WECHAT: {"title": "欢迎", "age": 86400},
    }[place.network]
