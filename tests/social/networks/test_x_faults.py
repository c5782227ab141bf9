"""X when the wire breaks, for what the table of faults does not show (`tests/faults/networks/x.py`): what each fault is told
as, what the timeline decides, and that nothing is trusted or waited for without end.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.core.errors import OtherSideError, Retry, Unknown
from publisher.social.networks.base import CannotTell, NotFound, Prepared, Receipt
from publisher.social.networks.x import client
from publisher.social.networks.x.network import X
from tests.fakes import fault_proxy as faults
from tests.fakes.certificate import self_signed
from tests.fakes.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.fakes.x import FakeX, account_at, fake_x, in_seconds
from tests.social.networks.test_x_client import a_message, a_picture

TEXT = "Rain arrives in the north.\nhttps://office.example.org/rain"
HOUR = timedelta(hours=1)
PUBLISHING = r"/2/tweets"
TIMELINE = r"/2/users/\d+/tweets"
WAITING = 0.4
FAULTS = [
    faults.DROP_REPLY,
    faults.RESET,
    faults.error(500),
    faults.error(503),
    faults.error_after(500),
    faults.html(),
    faults.html(502),
    faults.TRUNCATED,
    faults.CUT_SHORT,
    faults.rate_limit(),
    faults.rate_limit({"x-rate-limit-reset": str(in_seconds(120))}),
]
STORES = {"drop_reply", "error_500_after", "html_200", "html_502", "truncated", "cut_short"}


@pytest.fixture
def server() -> Iterator[FakeX]:
    with fake_x() as running:
        yield running


@pytest.fixture
def proxy(server: FakeX) -> Iterator[FaultProxy]:
    with fault_proxy(server.url) as running:
        yield running


@pytest.fixture(autouse=True)
def pictures_in(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def named(fault: object) -> str:
    return fault.name if isinstance(fault, Fault) else str(fault)


@pytest.mark.parametrize("fault", FAULTS, ids=named)
def test_a_fault_while_publishing_is_told_as_what_it_means(
    server: FakeX, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.arm(fault, method="POST", path=PUBLISHING)
    with pytest.raises(OtherSideError) as raised:
        X.publish(account_at(proxy.url, timeout=WAITING), a_message(TEXT))
    assert type(raised.value) is (Retry if fault.name.startswith("rate_limit") else Unknown)
    assert len(server.posts) == (fault.name in STORES)
    assert len(proxy.seen) == 1, "nothing is repeated in the client"


@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize("fault", [faults.html(), faults.TRUNCATED, faults.rate_limit()], ids=named)
def test_a_fault_while_looking_decides_nothing(
    server: FakeX, proxy: FaultProxy, fault: Fault, published: bool
) -> None:
    account, message = account_at(proxy.url, timeout=WAITING), a_message(TEXT)
    if published:
        X.publish(account, message)
    proxy.arm(fault, method="GET", path=TIMELINE)
    with pytest.raises(Retry):
        X.reconcile(account, message, since=HOUR)
    assert isinstance(X.reconcile(account, message, since=HOUR), Receipt if published else NotFound)


def test_a_server_that_is_not_there_is_safe_to_try_again() -> None:
    with fake_x() as gone:
        account = account_at(gone.url)
    for deed in (
        lambda: X.publish(account, a_message(TEXT)),
        lambda: X.reconcile(account, a_message(TEXT), since=HOUR),
        lambda: X.verify_credentials(account),
    ):
        with pytest.raises(Retry, match="cannot be reached"):
            deed()


def test_a_repeated_text_is_unclear_and_then_found(server: FakeX) -> None:
    post = server.add(TEXT)
    with pytest.raises(Unknown, match="duplicate"):
        X.publish(account_at(server.url), a_message(TEXT))
    found = X.reconcile(account_at(server.url), a_message(TEXT), since=HOUR)
    assert isinstance(found, Receipt)
    assert found.remote_id == post.id


def test_a_post_of_before_the_first_try_is_not_ours(server: FakeX) -> None:
    server.add(TEXT, created_at=datetime.now(UTC) - timedelta(minutes=30))
    account = account_at(server.url)
    assert isinstance(X.reconcile(account, a_message(TEXT), since=timedelta(minutes=5)), NotFound)
    assert isinstance(X.reconcile(account, a_message(TEXT), since=HOUR), Receipt)


def test_it_is_found_on_a_later_page_too(server: FakeX) -> None:
    server.page = 5
    post = server.add(TEXT)
    for number in range(17):
        server.add(f"Another {number}.")
    found = X.reconcile(account_at(server.url), a_message(TEXT), since=HOUR)
    assert isinstance(found, Receipt)
    assert found.remote_id == post.id


def test_a_timeline_without_end_is_left_to_a_person(server: FakeX) -> None:
    server.page = 2
    for number in range(2 * client.MOST_PAGES + 1):
        server.add(f"Another {number}.")
    assert isinstance(X.reconcile(account_at(server.url), a_message(TEXT), since=HOUR), CannotTell)


def test_a_page_that_is_not_whole_decides_nothing(server: FakeX) -> None:
    server.hides.add(server.add(TEXT).id)
    with pytest.raises(Retry, match="in part"):
        X.reconcile(account_at(server.url), a_message(TEXT), since=HOUR)


def test_nearly_the_same_post_is_left_to_a_person(server: FakeX) -> None:
    server.add("Rain arrives in the north!\nhttps://office.example.org/snow")
    answer = X.reconcile(account_at(server.url), a_message(TEXT), since=HOUR)
    assert isinstance(answer, CannotTell)
    assert "same words" in answer.reason


def test_the_same_words_elsewhere_in_a_thread_are_left_to_a_person(server: FakeX) -> None:
    server.add(TEXT, reply_to=server.add("Another.").id)
    assert isinstance(X.reconcile(account_at(server.url), a_message(TEXT), since=HOUR), CannotTell)


def test_who_quotes_or_repeats_is_not_us(server: FakeX) -> None:
    other = server.add("Another.").id
    for kind in ("quoted", "retweeted"):
        server.add(TEXT, reply_to=other, kind=kind)
    assert isinstance(X.reconcile(account_at(server.url), a_message(TEXT), since=HOUR), NotFound)


def test_a_post_with_pictures_is_known_again(server: FakeX) -> None:
    message = a_message(TEXT, a_picture("Rain", shade=3), a_picture(shade=4))
    receipt = X.publish(account_at(server.url), message)
    assert X.reconcile(account_at(server.url), message, since=HOUR) == receipt


def test_a_user_that_x_does_not_know_decides_nothing(server: FakeX, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fakes.x.USER", "99")
    with pytest.raises(Retry, match="timeline"):
        X.reconcile(account_at(server.url), a_message(TEXT), since=HOUR)


def test_an_answer_without_end_is_unclear(server: FakeX, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.social.networks.x.wire.LONGEST_ANSWER", 10)
    with pytest.raises(Unknown):
        X.publish(account_at(server.url), a_message(TEXT))
    assert server.texts == [TEXT]


@pytest.mark.parametrize(
    "before", [b"HTTP/1.1 201 Created\r\nX: ", b"HTTP/1.1 201 Created\r\nContent-Length: 9999\r\n\r\n"]
)
def test_an_answer_that_trickles_is_cut_off(before: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.social.networks.x.wire.CONNECT_SECONDS", 0.3)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def trickle() -> None:
            peer, _ = listening.accept()
            with peer, contextlib.suppress(OSError):
                peer.recv(65536)
                peer.sendall(before)
                while not ended.wait(0.02):
                    peer.sendall(b"x")

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        with pytest.raises(Unknown):
            X.publish(
                account_at(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=0.3), a_message(TEXT)
            )
        ended.set()
        thread.join(10)


@pytest.fixture
def secure(server: FakeX, tmp_path: Path) -> Path:
    """The certificate of the server, which speaks TLS from now on."""
    path = self_signed(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return path


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(server: FakeX, secure: Path) -> None:
    assert secure.exists()
    with pytest.raises(Retry, match="certificate"):
        X.publish(account_at(f"https://localhost:{server.server_port}"), a_message(TEXT))
    assert not server.requests


def test_a_server_whose_certificate_is_trusted_is_spoken_to(
    server: FakeX, secure: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(secure))
    X.publish(account_at(f"https://localhost:{server.server_port}"), a_message(TEXT))
    assert server.texts == [TEXT]


def test_too_little_time_after_the_pictures_publishes_nothing(
    server: FakeX, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.social.networks.x.wire.WHOLE_SECONDS", 15.0)
    with pytest.raises(Retry, match="too long"):
        X.publish(account_at(server.url), a_message(TEXT, a_picture()))
    assert not server.posts


def test_the_payload_is_sent_as_it_was_stored(server: FakeX, proxy: FaultProxy) -> None:
    stored = Prepared({"text": "  Ｒａｉｎ e\u0301 \r\n", "number": 0, "pictures": []}, "k")
    X.publish(account_at(proxy.url), stored)
    assert json.loads(proxy.seen[0].body) == {"text": stored.payload["text"]}
    assert isinstance(X.reconcile(account_at(server.url), stored, since=HOUR), Receipt)
