"""Fetching what somebody outside named: bounded, and never from a private network."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from publisher.core import fetch
from publisher.core.errors import Rejected, Retry


class _Site(BaseHTTPRequestHandler):
    """Answers by path; `/to?<url>` redirects there."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        status = {"/missing": 404, "/broken": 503, "/to": 302, "/loop": 301}.get(path, 200)
        self.send_response(status)
        if path == "/to":
            self.send_header("Location", query)
        if path == "/loop":
            self.send_header("Location", "/loop")
        self.send_header("ETag", '"one"')
        if path == "/slow-headers":
            self.flush_headers()
            for n in range(50):
                self.send_header(f"X-{n}", "x")
                self.flush_headers()
                time.sleep(0.1)
        self.end_headers()
        if path == "/trickle":
            for _ in range(50):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)
        self.wfile.write(b"x" * (5000 if path == "/large" else 5))

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def site(settings: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.FETCH_ALLOW = (f"127.0.0.1:{server.server_port}",)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_allowed_address_is_fetched_with_its_headers_in_lower_case(site: str) -> None:
    found = fetch.get(f"{site}/", max_bytes=100)
    assert (found.status, found.body, found.headers["etag"]) == (200, b"xxxxx", '"one"')


def test_a_redirect_is_followed_and_the_last_address_is_told(site: str) -> None:
    assert fetch.get(f"{site}/to?/there", max_bytes=100).url == f"{site}/there"


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://169.254.169.254/meta", "http://10.0.0.1/",
     "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://100.64.0.1/",
     "http://[64:ff9b::a00:1]/", "http://[2002:7f00:1::1]/", "http://[::127.0.0.1]/", "http://[fec0::1]/",
     "http://[ff02::1]/", "http://224.0.0.1/"],
)  # fmt: skip
def test_private_addresses_are_refused_in_any_form(address: str) -> None:
    with pytest.raises(Rejected, match="private address"):
        fetch.get(address, max_bytes=100)


def test_a_redirect_into_a_private_network_is_refused(site: str) -> None:
    with pytest.raises(Rejected, match="private address"):
        fetch.get(f"{site}/to?http://127.0.0.1:1/", max_bytes=100)


@pytest.mark.parametrize(
    "address", ["ftp://office.example.org/", "file:///etc/passwd", "http://", "no address"]
)
def test_other_schemes_are_refused(address: str) -> None:
    with pytest.raises(Rejected, match="http or https"):
        fetch.get(address, max_bytes=100)


def test_what_is_too_large_is_refused_before_it_is_all_read(site: str) -> None:
    with pytest.raises(Rejected, match="larger than 1,000 bytes"):
        fetch.get(f"{site}/large", max_bytes=1000)


def test_a_redirect_without_end_is_refused(site: str) -> None:
    with pytest.raises(Rejected, match="redirects more than"):
        fetch.get(f"{site}/loop", max_bytes=100)


def test_failures_tell_apart_what_may_pass_and_what_will_not(site: str) -> None:
    with pytest.raises(Rejected, match="404"):
        fetch.get(f"{site}/missing", max_bytes=100)
    with pytest.raises(Retry, match="503"):
        fetch.get(f"{site}/broken", max_bytes=100)
    with pytest.raises(Retry, match="not found"):
        fetch.get("http://nowhere.invalid/", max_bytes=100)


@pytest.mark.parametrize("path", ["/trickle", "/slow-headers"])
def test_an_answer_that_trickles_is_given_up_when_the_time_is_over(site: str, path: str) -> None:
    with pytest.raises(Retry, match="took too long"):
        fetch.get(f"{site}{path}", max_bytes=100, seconds=0.5)


@pytest.mark.parametrize("place", ["http://x:99999/", "http://[bad/", f"http://{'a' * 64}.example.org/"])
def test_an_address_that_cannot_be_is_refused_wherever_it_stands(site: str, place: str) -> None:
    with pytest.raises(Rejected, match="cannot be"):
        fetch.get(place, max_bytes=100)
    with pytest.raises(Rejected, match="cannot be"):
        fetch.get(f"{site}/to?{place}", max_bytes=100)
