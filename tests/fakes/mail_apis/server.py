"""The server that every mail provider's fake runs on: it checks, records what recipients would get, and misbehaves on demand.

`FakeApi(rules=[at(status=429, headers={"Retry-After": "7"}, times=1)])`: the first rule that fits a request acts, `times` times.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.utils import parseaddr
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal

Deed = Literal["answer", "silence", "close", "reset"]

SILENCE = 30.0
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+\Z")


@dataclass(frozen=True)
class Mail:
    """What one recipient gets. `headers` are those that the sender chose, as they arrive."""

    to: str
    name: str
    sender: str
    subject: str
    html: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    reply_to: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The API says no: nothing of the request is sent."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.answer = Answer(status, body, headers or {})


@dataclass
class Rule:
    """What happens to a request that has `when` in its body. `first`: the API deals with it before; else it never sees it.

    answer: `status` and `body` are sent. silence: nothing is. close, reset: hang up.
    """

    deed: Deed
    status: int
    body: Any
    headers: Mapping[str, str]
    when: str
    times: int
    first: bool

    def fits(self, request: Request) -> bool:
        if self.times <= 0 or self.when not in request.body.decode("utf-8", "replace"):
            return False
        self.times -= 1
        return True


def at(deed: Deed = "answer", *, status: int = 200, body: Any = "", headers: Mapping[str, str] | None = None,
       when: str = "", times: int = 1_000_000, first: bool = False) -> Rule:  # fmt: skip
    return Rule(deed, status, body, headers or {}, when, times, first)


@dataclass
class FakeApi:
    """Use as a context manager. `mails` are those that went out, `requests` all that came in."""

    scheme: ClassVar[str]
    most: ClassVar[int] = 1
    """Messages that one request may carry."""

    rules: Sequence[Rule] = ()
    key: str = "the-right-key"
    refused: frozenset[str] = frozenset()
    """Addresses that this provider does not take."""

    verified: str = "office.example.org"
    """The domain that may be written from."""

    mails: list[Mail] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        """What a provider remembers besides."""

    def url(self, key: str | None = None) -> str:
        """The address of this server as PUBLISHER_MAIL has it."""
        return f"{self.scheme}://{key or self.key}@?api={self.api}"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def take(self, request: Request) -> Answer:
        """Deal with a request as the vendor does. Raises Refused."""
        raise NotImplementedError

    def send(self, mail: Mail) -> None:
        with self._lock:
            self.mails.append(mail)

    def number(self) -> int:
        """A number that no other message has."""
        with self._lock:
            self._count += 1
            return self._count

    @property
    def recipients(self) -> list[str]:
        return [mail.to for mail in self.mails]

    def __enter__(self) -> FakeApi:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536  # head and body in one piece: TCP makes the second of two wait

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                request = Request("POST", self.path, dict(self.headers.items()), self.rfile.read(length))
                fake.requests.append(request)
                rule = next((rule for rule in fake.rules if rule.fits(request)), None)
                if rule is None or rule.first:
                    answer = fake.answer(request)
                if rule is not None and rule.deed != "answer":
                    self._misbehave(rule.deed)
                    return
                if rule is not None:
                    answer = Answer(rule.status, rule.body, rule.headers)
                self._answer(answer)

            def _answer(self, answer: Answer) -> None:
                body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                self.send_response(answer.status)
                kind = "text/html" if isinstance(answer.body, str) else "application/json"
                for name, value in {"Content-Type": kind, **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def _misbehave(self, deed: Deed) -> None:
                self.close_connection = True
                if deed == "silence":
                    fake._stop.wait(SILENCE)
                if deed == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR) if deed != "reset" else self.connection.close()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._count = 0
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> Answer:
        with self._lock:
            try:
                return self.take(request)
            except Refused as refused:
                return refused.answer


def is_address(text: str) -> bool:
    return bool(ADDRESS.match(text))


def split_address(text: str) -> tuple[str, str]:
    """Name and address of `"Name" <address>`, with quotes and their escapes taken away."""
    found = re.fullmatch(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^<>]+)>\s*', text)
    if not found:
        return "", text.strip()
    name = re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2]
    return name, found[3]


def decoded(raw: str) -> tuple[str, str]:
    """Name and address of a raw header, as RFC 2047 has it: the standard library keeps spaces between encoded words."""
    phrase, address = parseaddr(" ".join(raw.split()))
    return str(make_header(decode_header(phrase))), address
