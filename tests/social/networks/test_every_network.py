"""What holds for every network that sends, whatever its other side says: real clients, and the fakes of the table of faults."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import OtherSideError, Retry, Unknown
from publisher.social.networks import registry
from publisher.social.networks.answer import LONGEST_WAIT, SHORTEST_WAIT, Answer
from publisher.social.networks.base import Account, CannotTell, Network, NotFound, Prepared
from tests.fakes.fault_proxy import HTML, JSON, PAGE, End, Fault, FaultProxy, fault_proxy
from tests.faults.cases import PUBLISH, Fake, Subject, subjects

NOW = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
SUBJECTS = subjects()
SENDING = [network for network in registry.OWN if isinstance(network, Network)]
every = pytest.mark.parametrize("subject", SUBJECTS.values(), ids=list(SUBJECTS))

STATUSES = (
    *(200, 201, 202, 204, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 413, 414, 415),
    *(422, 425, 426, 429, 451, 500, 501, 502, 503, 504, 520, 529),
)  # fmt: skip
BODIES = {"{}": (JSON, b"{}"), "page": (HTML, PAGE), "nothing": (JSON, b"")}

DEEP = b"[" * 100_000
HOSTILE = (
    DEEP,
    b'{"error":' * 20_000,
    b"[]",
    b"null",
    b"5",
    b'"ok"',
    b"\xff\xfe\x00",
    b"1e999999",
    b"9" * 10_000,
    b'{"id": [], "data": [], "result": [], "uri": 5, "cid": {}, "media_id": {}, "errcode": "0", "ok": true}',
    b'{"id": {}, "data": {"id": {}}, "result": {"message_id": {}}, "uri": [], "media_id": [], "errcode": []}',
    b'{"id": true, "data": null, "result": null, "uri": null, "cid": null, "errcode": null, "url": "javascript:1"}',
    b'{"id": "../x", "data": {"id": "1/2"}, "uri": "at://a/b", "cid": "c", "media_id": "", "url": "javascript:1"}',
    b'{"error": {"code": {}}, "errors": 5, "parameters": [], "message": {}}',
    b'{"message": "duplicate", "code": {"DUPLICATE_POST": 1}, "errorDetails": {"inputErrors": 5}}',
    b'{"message": "duplicate", "code": [], "errorDetails": {"inputErrors": [{"code": ["DUPLICATE_POST"]}]}}',
    b'{"item": [{"media_id": "m", "update_time": 99999999999999999999, "content": {"news_item": []}}]}',
    b'{"elements": [5, {"id": 5, "createdAt": 99999999999999999999}], "posts": [[]]}',
    b'{"data": [{"id": 7}], "meta": {"result_count": 1}}',
)


def test_every_network_that_sends_takes_part() -> None:
    assert set(SUBJECTS) == {network.name for network in SENDING}


@contextmanager
def published_through(subject: Subject, folder: Path) -> Iterator[tuple[Fake, FaultProxy, Account]]:
    with subject.start(folder) as fake, fault_proxy(fake.url) as proxy:
        yield fake, proxy, fake.account(proxy.url)


def patient(account: Account) -> Account:
    """One that waits longer for answers that always come: on a busy machine they may take a while."""
    waits = "timeout_seconds" in account.settings
    return replace(account, settings={**account.settings, "timeout_seconds": 20.0}) if waits else account


def made(subject: Subject, account: Account) -> Prepared:
    message = subject.network.prepare(subject.parts[0], account, uuid4().hex)
    return Prepared(json.loads(json.dumps(dict(message.payload))), message.idempotency_key)


def answering(subject: Subject, proxy: FaultProxy, status: int, kind: str, body: bytes) -> None:
    """The next request that publishes gets this answer, and the server never sees it."""
    step = next(step for step in subject.steps if step.name == PUBLISH)
    proxy.disarm()
    headers = {"Content-Type": kind}
    # Twice: a client may ask again with another token where its own is refused.
    proxy.arm(
        Fault("said", End.ANSWER, False, status=status, headers=headers, body=body),
        method=step.method,
        path=step.path,
        times=2,
    )


@every
def test_publish_raises_what_classify_says_of_every_status(subject: Subject, tmp_path: Path) -> None:
    wrong = []
    with published_through(subject, tmp_path) as (_fake, proxy, hasty):
        account = patient(hasty)
        for status in STATUSES:
            for name, (kind, body) in BODIES.items():
                answering(subject, proxy, status, kind, body)
                told = subject.network.classify(
                    account, Answer(status, {"content-type": kind}, body if status != 204 else b""), now=NOW
                )
                raised: OtherSideError | None = None
                try:
                    subject.network.publish(account, made(subject, account))
                except OtherSideError as error:
                    raised = error
                # An answer that is no refusal may still be no proof.
                unproven = told is None and isinstance(raised, Unknown)
                if type(raised) is not type(told) and not unproven:
                    wrong.append(f"{status} {name}: classify says {told!r}, publish {raised!r}")
    assert not wrong, "\n".join(wrong)


@every
def test_a_success_that_says_nonsense_is_unclear_and_no_fault_of_ours(
    subject: Subject, tmp_path: Path
) -> None:
    with published_through(subject, tmp_path) as (_fake, proxy, account):
        for status in (200, 201):
            for body in HOSTILE:
                answering(subject, proxy, status, JSON, body)
                with contextlib.suppress(Unknown):
                    receipt = subject.network.publish(account, made(subject, account))
                    assert len(receipt.remote_id) <= 300
                    assert receipt.url.startswith("http") or not receipt.url


@every
def test_a_refusal_that_says_nonsense_is_told_as_one_of_the_four_errors(
    subject: Subject, tmp_path: Path
) -> None:
    with published_through(subject, tmp_path) as (_fake, proxy, account):
        for status in (400, 403, 422, 429):
            for body in HOSTILE:
                answering(subject, proxy, status, JSON, body)
                with contextlib.suppress(OtherSideError):
                    subject.network.publish(account, made(subject, account))


@every
def test_whoever_is_asked_and_answers_nonsense_decides_nothing(subject: Subject, tmp_path: Path) -> None:
    with published_through(subject, tmp_path) as (_fake, proxy, account):
        message = made(subject, account)
        for body in (*HOSTILE, b"{}", PAGE):
            proxy.disarm()
            proxy.arm(
                Fault("said", End.ANSWER, False, status=200, headers={"Content-Type": JSON}, body=body),
                times=99,
            )
            try:
                found = subject.network.reconcile(account, message, since=timedelta(minutes=5))
            except Retry:
                continue
            assert not isinstance(found, NotFound), body[:60]
            assert isinstance(found, CannotTell), (body[:60], found)


WORDS = st.sampled_from(
    ["error", "errors", "code", "error_subcode", "message", "detail", "title", "type", "errcode", "errmsg", "ok", "description",
     "parameters", "retry_after", "errorDetails", "inputErrors", "is_transient", "data", "status", "error_user_msg"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["DUPLICATE_POST", "InvalidSwap", "VERSION", "daily", 506, 190, 100, 33, -1, 45009])
)
THINGS = st.recursive(
    LEAVES, lambda some: st.lists(some, max_size=3) | st.dictionaries(WORDS, some, max_size=4), max_leaves=12
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["retry-after", "ratelimit-reset", "ratelimit-remaining", "ratelimit-limit", "x-ratelimit-reset", "x-ratelimit-remaining",
         "x-rate-limit-reset", "x-rate-limit-remaining", "x-app-usage", "x-business-use-case-usage", "date", "x-restli-id"]
    ),
    st.text(max_size=20) | st.integers(-5, 10**20).map(str) | THINGS.map(json.dumps) | st.datetimes().map(str),
    max_size=4,
)  # fmt: skip


@given(
    st.sampled_from(SENDING),
    st.sampled_from(STATUSES) | st.integers(200, 599),
    HEADERS,
    THINGS.map(lambda thing: json.dumps(thing).encode())
    | st.dictionaries(WORDS, THINGS).map(lambda thing: json.dumps(thing).encode())
    | st.binary(max_size=40),
)
def test_whatever_an_answer_holds_it_means_one_of_the_four_errors_or_success(
    network: Network[Any], status: int, headers: dict[str, str], body: bytes
) -> None:
    found = network.classify(Account(1, "A"), Answer(status, headers, body), now=NOW)
    if found is None:
        assert status < 300
    elif isinstance(found, Retry) and found.after is not None:
        assert SHORTEST_WAIT <= found.after <= LONGEST_WAIT


@contextmanager
def trickling(before: bytes) -> Iterator[str]:
    """A server that begins every answer so, and goes on a letter at a time for ever."""
    ended = threading.Event()

    def trickle(peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            peer.recv(65536)
            peer.sendall(before)
            while not ended.wait(0.02):
                peer.sendall(b"x")

    def accept(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=trickle, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)


@every
@pytest.mark.parametrize(
    "before",
    [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"],
    ids=["headers", "body"],
)
def test_an_answer_that_trickles_is_given_up_in_time(
    subject: Subject, before: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("x", "mastodon"):
        monkeypatch.setattr(f"publisher.social.networks.{name}.wire.CONNECT_SECONDS", 0.3)
    with subject.start(tmp_path) as fake, trickling(before) as url:
        message, ended = made(subject, fake.account(fake.url)), threading.Event()
        raised: list[BaseException] = []

        def publish() -> None:
            try:
                subject.network.publish(fake.account(url), message)
            except BaseException as error:  # noqa: BLE001 - looked at below
                raised.append(error)
            ended.set()

        thread = threading.Thread(target=publish, daemon=True)
        thread.start()
        assert ended.wait(30), "it would go on for ever"
    assert [type(error) for error in raised if not isinstance(error, Unknown | Retry)] == []


@every
def test_no_log_holds_a_secret_also_when_everything_is_logged(
    subject: Subject, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with published_through(subject, tmp_path) as (_fake, proxy, account), caplog.at_level(logging.DEBUG):
        answering(subject, proxy, 500, HTML, PAGE)
        with contextlib.suppress(OtherSideError):
            subject.network.publish(account, made(subject, account))
        said = caplog.text + repr(account)
    secrets = [
        str(value)
        for name, value in account.credentials.items()
        if name not in ("identifier", "app_id", "url")
    ]
    assert [secret for secret in secrets if secret and secret in said] == []
