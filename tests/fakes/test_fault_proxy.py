"""The proxy that goes wrong on purpose: what the client sees, and what the server behind it saw."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import requests

from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import Fault, FaultProxy, fault_proxy

MEGABYTES = 6 * 1024 * 1024


class Behind(ThreadingHTTPServer):
    """Counts what it takes, and answers each request with what it saw of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.taken: list[str] = []
        self.peers: set[object] = set()


class _Answering(BaseHTTPRequestHandler):
    server: Behind
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.taken.append(f"{self.command} {self.path}")
        seen = {
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "sha256": hashlib.sha256(body).hexdigest(),
            "length": len(body),
        }
        self._answer(json.dumps(seen).encode())

    def do_GET(self) -> None:
        self.server.taken.append(f"{self.command} {self.path}")
        if self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(6):
                self.wfile.write(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/breaks":
            self.close_connection = True
        else:
            self._answer(b"y" * (MEGABYTES if self.path == "/big" else 20))

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        self.send_response(204)
        self.end_headers()

    def _answer(self, body: bytes) -> None:
        self.send_response(201 if self.command == "POST" else 200, "Made")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def behind() -> Iterator[Behind]:
    server = Behind()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def proxy(behind: Behind) -> Iterator[FaultProxy]:
    with fault_proxy(f"http://127.0.0.1:{behind.server_port}") as made:
        yield made


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=10) as made:
        yield made


def test_without_a_fault_everything_passes(proxy: FaultProxy, client: httpx.Client) -> None:
    headers = {"Host": "api.example.org", "Authorization": "OAuth x", "X-Own": "é".encode("latin-1")}
    answer = client.post(f"{proxy.url}/a?b=c%20d", content=b"\x00\xff", headers=headers)  # type: ignore[arg-type]  # bytes go
    got = answer.json()
    assert (answer.status_code, answer.reason_phrase) == (201, "Made")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert got["length"] == 2
    assert got["headers"]["host"] == "api.example.org"
    assert got["headers"]["authorization"] == "OAuth x"
    assert got["headers"]["x-own"] == "é"
    assert [(each.target, each.status, each.body) for each in proxy.seen] == [
        ("/a?b=c%20d", 201, b"\x00\xff")
    ]


def test_several_megabytes_pass_both_ways(proxy: FaultProxy, client: httpx.Client) -> None:
    body = bytes(range(256)) * (MEGABYTES // 256)
    assert client.post(f"{proxy.url}/a", content=body).json()["sha256"] == hashlib.sha256(body).hexdigest()
    assert client.get(f"{proxy.url}/big").content == b"y" * MEGABYTES


def test_chunked_bodies_pass_both_ways(proxy: FaultProxy, client: httpx.Client) -> None:
    pieces = [b"a" * 70_000, b"b", b"c" * 3_000_000]
    got = client.post(f"{proxy.url}/a", content=iter(pieces)).json()
    assert got["sha256"] == hashlib.sha256(b"".join(pieces)).hexdigest()
    answer = client.get(f"{proxy.url}/chunked")
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.content == b"x" * MEGABYTES


def test_a_connection_is_kept_for_the_next_request(proxy: FaultProxy) -> None:
    with closing(HTTPConnection("127.0.0.1", proxy.server_port, timeout=10)) as connection:
        ports = set()
        for method, path in [
            ("POST", "/a"),
            ("HEAD", "/b"),
            ("DELETE", "/c"),
            ("GET", "/chunked"),
            ("GET", "/d"),
        ]:
            connection.request(method, path, body=b"x" if method == "POST" else None)
            ports.add(connection.sock.getsockname()[1])
            connection.getresponse().read()
        assert len(ports) == 1


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(proxy: FaultProxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.server_port), timeout=10) as raw:
        raw.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 100 ")
        raw.sendall(b"hi")
        assert raw.recv(4096).startswith(b"HTTP/1.1 201 ")


def test_it_can_be_a_clients_proxy(proxy: FaultProxy, behind: Behind) -> None:
    answer = requests.get("http://api.example.org/d?e=f", proxies={"http": proxy.url}, timeout=10)
    assert answer.status_code == 200
    assert behind.taken == ["GET /d?e=f"]


@pytest.mark.parametrize(
    ("fault", "taken"), [(faults.DROP_REPLY, 1), (faults.RESET, 0)], ids=["after", "before"]
)
def test_a_reset_comes_before_or_after_the_server_took_it(
    proxy: FaultProxy, behind: Behind, client: httpx.Client, fault: Fault, taken: int
) -> None:
    proxy.arm(fault)
    with pytest.raises(httpx.ReadError):
        client.post(f"{proxy.url}/a", content=b"x" * MEGABYTES)
    assert len(behind.taken) == taken
    assert proxy.seen[0].forwarded is bool(taken)
    assert client.post(f"{proxy.url}/a").status_code == 201, "one fault, one request"


@pytest.mark.parametrize(
    "fault",
    [
        faults.error(500),
        faults.error(503),
        faults.error_after(500),
        faults.error_after(503),
        faults.rate_limit(),
        faults.html(200),
        faults.html(502),
    ],
    ids=lambda fault: fault.name,
)
def test_an_answer_of_the_proxys_own(
    proxy: FaultProxy, behind: Behind, client: httpx.Client, fault: Fault
) -> None:
    proxy.arm(fault)
    answer = client.post(f"{proxy.url}/a", content=b"{}")
    assert answer.status_code == fault.status
    assert len(behind.taken) == fault.forwards
    is_page = fault.name.startswith("html")
    assert answer.headers["content-type"].startswith("text/html" if is_page else "application/json")
    assert answer.text.startswith("<!doctype html>") if is_page else answer.json()


def test_a_rate_limit_says_what_the_test_says(proxy: FaultProxy, client: httpx.Client) -> None:
    proxy.arm(faults.rate_limit({"x-rate-limit-reset": "1790000000"}, body=b'{"title": "Slow down"}'))
    proxy.arm(faults.rate_limit())
    told, untold = client.get(proxy.url), client.get(proxy.url)
    assert (told.headers["x-rate-limit-reset"], told.json()["title"]) == ("1790000000", "Slow down")
    assert not {"x-rate-limit-reset", "retry-after"} & set(untold.headers)


def test_half_of_an_answer_looks_whole_or_is_cut_off(
    proxy: FaultProxy, behind: Behind, client: httpx.Client
) -> None:
    proxy.arm(faults.TRUNCATED, path="/d")
    half = client.get(f"{proxy.url}/d")
    assert (half.content, half.headers.get("content-length")) == (b"y" * 10, None)
    proxy.arm(faults.CUT_SHORT, path="/d")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(f"{proxy.url}/d")
    proxy.arm(faults.TRUNCATED, path="/chunked")
    assert len(client.get(f"{proxy.url}/chunked").content) == MEGABYTES // 2
    assert len(behind.taken) == 3


def test_slow_is_taken_at_once_and_late_only_afterwards(
    proxy: FaultProxy, behind: Behind, client: httpx.Client
) -> None:
    proxy.arm(faults.slow(1.0), path="/slow")
    proxy.arm(faults.late(1.0), path="/late")
    for path, taken in (("/slow", 1), ("/late", 0)):
        behind.taken.clear()
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"{proxy.url}{path}", timeout=0.3)
        assert len(behind.taken) == taken
        assert proxy.wait_until_quiet()
        assert len(behind.taken) == 1


def test_a_fault_waits_for_its_method_and_path_and_lets_some_pass(
    proxy: FaultProxy, client: httpx.Client
) -> None:
    proxy.arm(faults.error(503), method="POST", path="/media/.*", times=2, skip=1)
    proxy.arm(faults.error(500), method="POST", path="/media/.*")
    for method, path in [("GET", "/media/1"), ("POST", "/media"), ("POST", "/other/media/1")]:
        assert client.request(method, f"{proxy.url}{path}").status_code < 300
    got = [client.post(f"{proxy.url}/media/1?x=y").status_code for _ in range(5)]
    assert got == [500, 503, 503, 201, 201]
    proxy.arm(faults.error(500))
    proxy.disarm()
    assert client.post(f"{proxy.url}/media/1").status_code == 201


def test_a_server_that_breaks_off_or_is_not_there_is_a_reset(
    proxy: FaultProxy, behind: Behind, client: httpx.Client
) -> None:
    with pytest.raises(httpx.ReadError):
        client.get(f"{proxy.url}/breaks")
    behind.shutdown()
    behind.server_close()
    with pytest.raises(httpx.ReadError):
        client.get(f"{proxy.url}/d")
    assert [each.status for each in proxy.seen] == [0, 0]


def test_many_clients_at_once(proxy: FaultProxy, behind: Behind) -> None:
    proxy.arm(faults.DROP_REPLY, times=10)
    lost: list[int] = []

    def ask(number: int) -> None:
        try:
            httpx.post(f"{proxy.url}/{number}", content=b"x" * 100_000, trust_env=False, timeout=30)
        except httpx.HTTPError:
            lost.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(lost) == 10
    assert len(set(behind.taken)) == 30
