"""The sandbox network's server: a small social network over real HTTP on loopback, for demos and tests.

    python -m publisher.social.networks.sandbox.server --port 0 --folder DIR --announce FILE

`api.py` answers machines, `page.py` people. Needs neither Django nor a database.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import struct
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from publisher.social.networks.sandbox import api, page, pictures
from publisher.social.networks.sandbox.faults import Fault, Faults, Kind
from publisher.social.networks.sandbox.store import Store

LARGEST_BODY = 64 * 1024
LARGEST_PICTURE = pictures.LARGEST
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1. `tokens`: who may post; None lets any token in. `requests` counts those that publish."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, *, port: int = 0, tokens: frozenset[str] | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store = Store(folder)
        self.pictures = pictures.Pictures(folder)
        self.faults = Faults()
        self.tokens = tokens
        self.requests = 0
        self.offers_faults = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error of ours; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed names the socket types

    def server_close(self) -> None:
        super().server_close()
        self.store.close()


class Handler(BaseHTTPRequestHandler):
    """One request: read, answer by path, and go wrong where a fault says so."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        """Pages, and the reading half of the API."""
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if url.path.startswith("/api/"):
            self._answer_json(api.get(self._api(), url.path, query, self.headers.get("Authorization", "")))
        elif url.path == "/timeline.css":
            self._write(200, "text/css; charset=utf-8", page.STYLE.encode())
        elif found := self.server.pictures.get(url.path.removeprefix("/pictures/")):
            self._write(200, found[1], found[0])
        else:
            self._page(unquote(url.path))

    def do_POST(self) -> None:
        """Publishing, uploading a picture, and telling the server which faults to have."""
        is_picture = self.path == "/api/pictures"
        if (body := self._body(LARGEST_PICTURE if is_picture else LARGEST_BODY)) is None:
            return
        if is_picture:
            self._answer_json(api.upload(self._api(), body, self.headers.get("Authorization", "")))
        elif self.path == "/api/faults" and self.server.offers_faults:
            self._answer_json(api.add_fault(self.server.faults, body))
        elif self.path == "/api/posts":
            self.server.requests += 1
            self._publish(body)
        else:
            self._answer_json(api.Answer(404, {"error": "There is nothing here."}))

    def do_PUT(self) -> None:
        """Editing."""
        if (body := self._body()) is not None:
            self._answer_json(api.put(self._api(), self.path, body, self.headers.get("Authorization", "")))

    def do_DELETE(self) -> None:
        """Deleting."""
        self._answer_json(api.delete(self._api(), self.path, self.headers.get("Authorization", "")))

    def _publish(self, body: bytes) -> None:
        fault = self.server.faults.take()
        if fault and fault.kind in REFUSALS:
            self._answer_json(REFUSALS[fault.kind](fault))
            return
        if fault and fault.kind is Kind.RESET:
            self._reset()
            return
        headers = (self.headers.get("Authorization", ""), self.headers.get("Idempotency-Key", ""))
        answer = api.publish(self._api(), body, *headers)
        if fault:
            self._go_wrong(fault, answer)
        else:
            self._answer_json(answer)

    def _go_wrong(self, fault: Fault, answer: api.Answer) -> None:
        """The post is accepted; what comes back does not say so."""
        if fault.kind is Kind.DROP_REPLY:
            self._reset()
        elif fault.kind is Kind.HTML:
            self._write(
                200, "text/html; charset=utf-8", b"<!doctype html><title>Gateway</title><p>Please wait."
            )
        elif fault.kind is Kind.TRUNCATED:
            self._write(answer.status, "application/json", json.dumps(answer.body).encode()[:15])
        elif fault.kind is Kind.ERROR_AFTER:
            self._answer_json(api.Answer(500, {"error": "Something broke after your post was stored."}))
        else:
            time.sleep(fault.seconds)
            self._answer_json(answer)

    def _page(self, path: str) -> None:
        posts, now = self.server.store.newest(), datetime.now(UTC)
        if path == "/":
            self._html(200, page.timeline(posts, now=now))
        elif path.startswith("/accounts/"):
            account = path.removeprefix("/accounts/")
            known = any(post.account == account for post in posts)
            self._html(200 if known else 404, page.timeline(posts, now=now, account=account))
        elif path.startswith("/posts/") and (post := self.server.store.get(path.removeprefix("/posts/"))):
            self._html(200, page.timeline([post], now=now, single=True))
        else:
            self._html(404, page.timeline([], now=now, single=True))

    def _api(self) -> api.Context:
        server = self.server
        return api.Context(server.store, server.pictures, server.tokens, server.url, datetime.now(UTC))

    def _body(self, most: int = LARGEST_BODY) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > most:
            self.close_connection = True
            self._answer_json(api.Answer(413, {"error": f"A body of up to {most} bytes is needed."}))
            return None
        return self.rfile.read(int(length))

    def _answer_json(self, answer: api.Answer) -> None:
        body = b"" if answer.status == 204 else json.dumps(answer.body, ensure_ascii=False).encode()
        self._write(answer.status, "application/json", body, answer.headers)

    def _html(self, status: int, text: str) -> None:
        self._write(status, "text/html; charset=utf-8", text.encode(), {"Content-Security-Policy": POLICY})

    def _write(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """Close with a reset instead of an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """One line a request would be noise."""


def _rate_limited(fault: Fault) -> api.Answer:
    headers = {"Retry-After": str(int(fault.seconds))} if fault.seconds else {}
    return api.Answer(429, {"error": "Too many posts."}, headers)


REFUSALS = {
    Kind.ERROR: lambda _: api.Answer(500, {"error": "Something broke."}),
    Kind.BUSY: lambda _: api.Answer(503, {"error": "Down for a moment."}),
    Kind.UNAUTHORISED: lambda _: api.Answer(401, {"error": "This token was revoked."}),
    Kind.RATE_LIMIT: _rate_limited,
}


def main() -> int:
    """Serve until SIGTERM or Ctrl-C. The announced file holds `{"port": …, "url": …}` once the server listens."""
    parser = argparse.ArgumentParser(prog="sandbox", description="A small social network on this machine.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--folder", type=Path, required=True, help="where the posts are kept")
    parser.add_argument("--announce", type=Path, help="write the port here")
    parser.add_argument("--token", action="append", help="let only these post; may be repeated")
    parser.add_argument("--faults", action="store_true", help="offer POST /api/faults, for tests")
    given = parser.parse_args()
    tokens = frozenset(given.token) if given.token else None
    server = Server(given.folder, port=given.port, tokens=tokens)
    server.offers_faults = given.faults
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    if given.announce:
        _announce(given.announce, server)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


def _announce(file: Path, server: Server) -> None:
    """Whole or not at all: whoever waits for the file reads it at once."""
    part = file.with_suffix(".part")
    part.write_text(json.dumps({"port": server.server_port, "url": server.url}) + "\n", encoding="utf-8")
    part.replace(file)


if __name__ == "__main__":
    sys.exit(main())
