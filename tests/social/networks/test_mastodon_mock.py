"""Mastodon against mastodon-mock, a server that somebody else wrote: the library, the addresses and the shapes agree.

It counts code points, keeps keys for ever, asks for no scopes and drops pictures from an edit; `tests/fakes/mastodon.py` has
what it lacks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from mastodon_mock.testing.server import MockServer
from PIL import Image

from publisher.core.errors import ChannelDown, Rejected, Retry, Unknown
from publisher.social.media import store
from publisher.social.networks.base import Account, NotFound, Part, Picture, Prepared
from publisher.social.networks.mastodon.network import MASTODON
from tests.fakes.mastodon import account_at

NO_TIME = timedelta()
TEXT = "Rain & wind arrive in the <north>. 北方有雨\n\nhttps://office.example.org/rain?a=1&b=2"


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


@pytest.fixture
def account(server: MockServer) -> Iterator[Account]:
    """Alice, on a server where nothing went wrong yet and nothing was said."""
    account = account_at(server.base_url, token="alice_token")
    yield account
    httpx.delete(f"{server.base_url}/api/v1/_mock/faults")
    for status in statuses(account):
        MASTODON.retract(account, status["id"])


def prepared(account: Account, key: str, text: str = TEXT, **more: object) -> Prepared:
    return MASTODON.prepare(Part(text, **more), account, key)  # type: ignore[arg-type]


def statuses(account: Account) -> list[dict[str, object]]:
    """What is published, newest first."""
    url, token = account.settings["url"], account.credentials["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    me = httpx.get(f"{url}/api/v1/accounts/verify_credentials", headers=headers).json()["id"]
    return list(httpx.get(f"{url}/api/v1/accounts/{me}/statuses", headers=headers).json())


def arm(account: Account, kind: str, path: str, **effect: object) -> None:
    rule = {"match": {"methods": ["POST"], "path": path}, "effect": {"type": kind, **effect}, "count": 1}
    httpx.post(f"{account.settings['url']}/api/v1/_mock/faults", json=rule).raise_for_status()


def test_a_status_with_all_that_it_can_have(account: Account) -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 36), "navy").save(out, "PNG")
    picture = Picture(store.put(out.getvalue()), "A map of the north.", (0.25, -0.5))
    quiet = Account(1, "A", account.credentials, {**account.settings, "visibility": "unlisted"})
    receipt = MASTODON.publish(
        quiet, prepared(quiet, "all", language="de", warning="weather", pictures=(picture,))
    )
    (status,) = statuses(account)
    assert (status["id"], status["url"]) == (receipt.remote_id, receipt.url)
    assert (status["visibility"], status["language"]) == ("unlisted", "de")
    assert (status["spoiler_text"], status["sensitive"]) == ("weather", True)
    (media,) = status["media_attachments"]  # type: ignore[misc]
    assert media["description"] == "A map of the north."
    assert media["meta"]["focus"] == {"x": 0.25, "y": -0.5}


def test_the_same_key_gives_the_same_status(account: Account) -> None:
    first = MASTODON.publish(account, prepared(account, "twice"))
    assert MASTODON.publish(account, prepared(account, "twice")) == first
    assert len(statuses(account)) == 1


def test_a_status_is_found_until_it_is_deleted(account: Account) -> None:
    message = prepared(account, "found")
    assert MASTODON.reconcile(account, message, since=NO_TIME) == NotFound()
    receipt = MASTODON.publish(account, message)
    assert MASTODON.reconcile(account, message, since=NO_TIME) == receipt
    MASTODON.edit(account, receipt.remote_id, prepared(account, "edit", "Something else."))
    assert MASTODON.reconcile(account, message, since=NO_TIME) == receipt
    MASTODON.retract(account, receipt.remote_id)
    MASTODON.retract(account, receipt.remote_id)
    assert MASTODON.reconcile(account, message, since=NO_TIME) == NotFound()


def test_a_thread_hangs_together(account: Account) -> None:
    first = MASTODON.publish(account, prepared(account, "one", "One."))
    MASTODON.publish(account, prepared(account, "two", "Two."), [first])
    assert [each["in_reply_to_id"] for each in statuses(account)] == [first.remote_id, None]


def test_the_account_and_the_limits_of_its_server(account: Account) -> None:
    assert MASTODON.verify_credentials(account).name.startswith("@alice@127.0.0.1")
    assert MASTODON.verify_credentials(account).limits["max_characters"] == 500


def test_an_unknown_token_stops_the_channel(account: Account) -> None:
    stranger = account_at(str(account.settings["url"]), token="stolen")
    with pytest.raises(ChannelDown, match="401"):
        MASTODON.publish(stranger, prepared(stranger, "stolen"))


def test_a_text_that_the_server_finds_too_long_is_refused(account: Account) -> None:
    generous = Account(1, "A", account.credentials, {**account.settings, "max_characters": 600})
    with pytest.raises(Rejected, match="422"):
        MASTODON.publish(generous, prepared(generous, "long", "a" * 501))


def test_its_own_faults_are_told_as_what_they_mean(account: Account) -> None:
    arm(account, "ratelimit", "/api/v1/statuses")
    with pytest.raises(Retry) as raised:
        MASTODON.publish(account, prepared(account, "limited"))
    assert raised.value.after == timedelta(seconds=300)
    for number, effect in enumerate(({"status": 500}, {"status": 503})):
        arm(account, "status", "/api/v1/statuses", **effect)
        with pytest.raises(Unknown):
            MASTODON.publish(account, prepared(account, f"broken{number}"))
    arm(account, "malformed", "/api/v1/statuses")
    with pytest.raises(Unknown):
        MASTODON.publish(account, prepared(account, "malformed"))
    assert statuses(account) == []
