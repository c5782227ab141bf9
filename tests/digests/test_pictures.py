"""Pictures that are gone are found by asking their server; anything less clear is believed to exist."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from publisher.digests import pictures


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow.png":
            threading.Event().wait(3)
        status = {"/gone.png": 404, "/withdrawn.png": 410, "/secret.png": 403, "/broken.png": 500}.get(
            self.path, 200
        )
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"x" * 200_000 if status == 200 else b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(settings: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.FETCH_ALLOW = [f"127.0.0.1:{server.server_port}"]
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_only_what_its_server_denies_is_gone(site: str) -> None:
    urls = [f"{site}/{name}.png" for name in ("gone", "withdrawn", "secret", "broken", "here")]
    found = pictures.gone([*urls, "data:image/png;base64,AA", "http://no.such.host.invalid/a.png", ""])
    assert found == {
        f"{site}/gone.png": f"{site}/gone.png answered 404.",
        f"{site}/withdrawn.png": f"{site}/withdrawn.png answered 410.",
    }


def test_a_server_that_does_not_answer_holds_nothing_up(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.2)
    assert pictures.gone([f"{site}/slow.png"]) == {}


def test_an_address_that_may_not_be_asked_is_no_proof(settings: Any) -> None:
    settings.FETCH_ALLOW = []
    assert pictures.gone(["http://127.0.0.1:9/gone.png"]) == {}
