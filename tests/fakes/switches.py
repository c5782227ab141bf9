"""Faults that a fake of a network shows on demand, and the server that it runs on: real HTTP on loopback."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from publisher.core import deadline


class Fault(Enum):
    """`after` in the name: the fake has done what was asked before it goes wrong. A slow one begins its answer, and hangs."""

    RESET_BEFORE = "reset before"
    ERROR_BEFORE = "500 before"
    DROP_AFTER = "drop the answer"
    ERROR_AFTER = "500 after"
    HTML_AFTER = "page of HTML after"
    TRUNCATED_AFTER = "truncated after"
    SLOW_AFTER = "slow after"
    REDIRECT = "redirect"


@dataclass(frozen=True)
class Request:
    """Header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


class Fake:
    """Override `take`. `faults` are used up, one a request; `requests` holds all that came in."""

    def __init__(self) -> None:
        self.faults: list[Fault | Answer] = []
        self.requests: list[Request] = []
        self.hangs = threading.Event()
        """Set once a request was taken whose answer does not come."""
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.port = 0

    def take(self, request: Request) -> Answer:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def patient_until_it_hangs(fake: Fake) -> Iterator[None]:
    """The time of our requests is over when the fake hangs, and not before, however busy the machine is: the clock jumps."""
    real = time.monotonic

    def monotonic() -> float:
        return real() + (3600.0 if fake.hangs.is_set() else 0.0)

    with patch.object(deadline, "time", SimpleNamespace(monotonic=monotonic)):
        yield


@contextmanager
def serving(fake: Fake) -> Iterator[None]:
    """The fake on a port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            with fake.lock:
                fake.requests.append(request)
                fault = fake.faults.pop(0) if fake.faults else None
                done = (
                    fake.take(request)
                    if fault is None or (isinstance(fault, Fault) and fault.name.endswith("AFTER"))
                    else Answer(500, b"oops")
                )
            if isinstance(fault, Answer):
                self._say(fault)
            else:
                self._misbehave(fault, done)

        do_PATCH = do_DELETE = do_GET = do_POST

        def _misbehave(self, fault: Fault | None, done: Answer) -> None:
            if fault in (Fault.RESET_BEFORE, Fault.DROP_AFTER):
                self.close_connection = True
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                with contextlib.suppress(OSError):
                    self.connection.close()
                return
            if fault is Fault.SLOW_AFTER:
                self.close_connection = True
                fake.hangs.set()
                with contextlib.suppress(OSError):
                    self.connection.sendall(b"HTTP/1.1")
                fake.stop.wait(20)
                return
            if fault is Fault.HTML_AFTER:
                done = Answer(200, b"<html><h1>It works!</h1></html>", {"Content-Type": "text/html"})
            if fault is Fault.REDIRECT:
                done = Answer(302, b"", {"Location": f"{fake.url}/elsewhere"})
            if fault is Fault.ERROR_AFTER:
                done = Answer(500, b"oops")
            self._say(done, cut=fault is Fault.TRUNCATED_AFTER)

        def _say(self, answer: Answer, *, cut: bool = False) -> None:
            self.close_connection = cut or self.close_connection
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    fake.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield
    finally:
        fake.stop.set()
        server.shutdown()
        server.server_close()
