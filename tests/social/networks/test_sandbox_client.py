"""The sandbox network over real HTTP: what every answer, and every lack of one, means to us."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.social.networks.base import Account, NotFound, Part, Prepared, Receipt
from publisher.social.networks.sandbox.faults import Kind
from publisher.social.networks.sandbox.network import SANDBOX
from publisher.social.networks.sandbox.server import Server
from tests.fakes.sandbox import account_at, sandbox, timeline

NO_TIME = timedelta()
PART = Part(
    "Rain arrives in the north.\nhttps://office.example.org/rain", link="https://office.example.org/rain"
)


def prepared(server: Server, key: str = "k1", text: str = PART.text) -> Prepared:
    return SANDBOX.prepare(Part(text), account_at(server), key)


@pytest.mark.parametrize(
    ("fault", "seconds", "error", "posts"),
    [
        (Kind.ERROR, 0, Unknown, 0),
        (Kind.BUSY, 0, Unknown, 0),
        (Kind.RESET, 0, Unknown, 0),
        (Kind.RATE_LIMIT, 0, Retry, 0),
        (Kind.RATE_LIMIT, 90, Retry, 0),
        (Kind.UNAUTHORISED, 0, ChannelDown, 0),
        (Kind.DROP_REPLY, 0, Unknown, 1),
        (Kind.ERROR_AFTER, 0, Unknown, 1),
        (Kind.SLOW, 1.0, Unknown, 1),
        (Kind.HTML, 0, Unknown, 1),
        (Kind.TRUNCATED, 0, Unknown, 1),
    ],
    ids=lambda value: value.value if isinstance(value, Kind) else "",
)
def test_each_fault_is_told_as_what_it_means(
    network: Server, fault: Kind, seconds: float, error: type[OtherSideError], posts: int
) -> None:
    account = account_at(network, timeout=0.3)
    network.faults.add(fault, seconds=seconds)
    with pytest.raises(error):
        SANDBOX.publish(account, prepared(network))
    assert len(timeline(network)) == posts
    assert network.requests == 1, "nothing is repeated inside the client"


@pytest.mark.parametrize("fault", list(Kind), ids=lambda kind: kind.value)
def test_asking_afterwards_tells_whether_it_was_published(network: Server, fault: Kind) -> None:
    account = account_at(network, timeout=0.3)
    network.faults.add(fault, seconds=1.0)
    message = prepared(network)
    with pytest.raises(OtherSideError):
        SANDBOX.publish(account, message)
    found = SANDBOX.reconcile(account, message, since=NO_TIME)
    assert isinstance(found, Receipt if timeline(network) else NotFound)


@pytest.mark.parametrize("fault", list(Kind), ids=lambda kind: kind.value)
def test_the_same_message_sent_again_appears_once(network: Server, fault: Kind) -> None:
    account = account_at(network, timeout=0.3)
    network.faults.add(fault, seconds=1.0)
    message = prepared(network)
    with pytest.raises(OtherSideError):
        SANDBOX.publish(account, message)
    receipt = SANDBOX.publish(account, message)
    assert timeline(network) == [PART.text]
    assert receipt == SANDBOX.reconcile(account, message, since=NO_TIME)


def test_a_rate_limit_says_how_long_to_wait(network: Server) -> None:
    for seconds, expected in ((90, timedelta(seconds=90)), (0, timedelta(minutes=1))):
        network.faults.add(Kind.RATE_LIMIT, seconds=seconds)
        with pytest.raises(Retry) as raised:
            SANDBOX.publish(account_at(network), prepared(network))
        assert raised.value.after == expected


def test_a_server_that_is_not_there_is_safe_to_try_again(tmp_path: Path) -> None:
    with sandbox(tmp_path) as server:
        account = account_at(server)
        message = prepared(server)
    with pytest.raises(Retry):
        SANDBOX.publish(account, message)


def test_a_search_that_fails_decides_nothing(tmp_path: Path) -> None:
    with sandbox(tmp_path) as server:
        account = account_at(server)
        message = prepared(server)
    with pytest.raises(Retry):
        SANDBOX.reconcile(account, message, since=NO_TIME)


def test_a_text_that_is_too_long_is_refused_before_and_by_the_server(network: Server) -> None:
    with pytest.raises(Rejected):
        SANDBOX.prepare(Part("a" * 501), account_at(network), "k")
    with pytest.raises(Rejected, match="501"):
        SANDBOX.publish(account_at(network), Prepared({"account": "A", "text": "a" * 501}, "k"))


def test_an_unknown_token_stops_the_channel(tmp_path: Path) -> None:
    with sandbox(tmp_path, tokens=frozenset({"good"})) as server:
        with pytest.raises(ChannelDown, match="not known"):
            SANDBOX.publish(account_at(server, token="stolen"), prepared(server))
        assert SANDBOX.verify_credentials(account_at(server, token="good"))


@pytest.mark.parametrize("url", ["", "ftp://example.org", "http://"])
def test_an_address_that_cannot_be_used_stops_the_channel(url: str) -> None:
    with pytest.raises(ChannelDown):
        SANDBOX.publish(Account(1, "A", {"token": "t"}, {"url": url}), Prepared({"text": "x"}, "k"))


def test_a_token_never_shows_in_an_error_or_a_repr(network: Server) -> None:
    account = account_at(network, token="hush-hush\n")
    assert "hush" not in repr(account)
    with pytest.raises(OtherSideError) as raised:
        SANDBOX.publish(account, prepared(network))
    assert "hush" not in raised.value.reason


def test_a_post_can_be_edited_and_deleted(network: Server) -> None:
    account = account_at(network)
    receipt = SANDBOX.publish(account, prepared(network))
    SANDBOX.edit(account, receipt.remote_id, prepared(network, "k2", "Corrected."))
    assert timeline(network) == ["Corrected."]
    SANDBOX.retract(account, receipt.remote_id)
    SANDBOX.retract(account, receipt.remote_id)
    assert timeline(network) == []
    with pytest.raises(Rejected):
        SANDBOX.edit(account, receipt.remote_id, prepared(network, "k3", "Again."))


def test_a_thread_hangs_together(network: Server) -> None:
    account = account_at(network)
    first = SANDBOX.publish(account, prepared(network, "k1", "One."))
    SANDBOX.publish(account, prepared(network, "k2", "Two."), [first])
    assert network.store.newest()[0].reply_to == first.remote_id


def test_posts_and_keys_outlive_a_restart_and_a_torn_last_line(tmp_path: Path) -> None:
    with sandbox(tmp_path) as server:
        kept = SANDBOX.publish(account_at(server), prepared(server, "k1", "Kept."))
        gone = SANDBOX.publish(account_at(server), prepared(server, "k2", "Deleted."))
        SANDBOX.retract(account_at(server), gone.remote_id)
    with (tmp_path / "posts.jsonl").open("ab") as file:
        file.write(b'{"create": {"id": "9", "acc')
    with sandbox(tmp_path) as server:
        assert timeline(server) == ["Kept."]
        again = SANDBOX.publish(account_at(server), prepared(server, "k1", "Kept."))
        new = SANDBOX.publish(account_at(server), prepared(server, "k3", "New."))
        assert again.remote_id == kept.remote_id
        assert new.remote_id not in {kept.remote_id, gone.remote_id}
    with sandbox(tmp_path) as server:
        assert timeline(server) == ["Kept.", "New."]


def test_the_timeline_is_public_and_newest_first(network: Server) -> None:
    for number, text in enumerate(("First.", "Second.")):
        SANDBOX.publish(account_at(network), prepared(network, f"k{number}", text))
    posts = httpx.get(f"{network.url}/api/timeline").json()["posts"]
    assert [post["text"] for post in posts] == ["Second.", "First."]
