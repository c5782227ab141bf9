"""An HTTP/1.1 proxy on loopback between a network's client and its fake server, which goes wrong where a test says so.

    with fault_proxy(server.url) as proxy:
        proxy.arm(DROP_REPLY, method="POST", path="/api/posts")
        ...                                  # the client speaks to proxy.url
        assert proxy.seen[0].forwarded

It works for every fake alike, because the fault lies on the wire: the fake really took the request, or really never saw it.
Headers pass as they are, `Host` too (signatures cover it). Bodies are read whole and passed on; those of requests always with
a length. What goes wrong by itself between proxy and server is a reset for the client.
"""

from __future__ import annotations

import http.client
import re
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from urllib.parse import urlsplit

JSON, HTML = "application/json", "text/html; charset=utf-8"
PAGE = b"<!doctype html><html><head><title>Gateway</title></head><body><p>Please wait.</p></body></html>"
UPSTREAM_SECONDS = 60.0

# They belong to one connection, not to the message; `Content-Length` is counted anew.
HOP_BY_HOP = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


class End(Enum):
    """What the client gets at last."""

    PASS = "the server's answer"
    ANSWER = "an answer of the proxy's own"
    RESET = "a connection reset"
    HALF = "half of the answer's body, without a length, so that it looks whole"
    CUT = "half of the answer's body, with the length of the whole, then a close"


@dataclass(frozen=True)
class Fault:
    """What goes wrong. `forwards`: the server sees the request, after `wait_before` seconds; the client hears after
    `wait_after` more. `status`, `headers` and `body` are those of `End.ANSWER`."""

    name: str
    end: End
    forwards: bool = True
    wait_before: float = 0
    wait_after: float = 0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


DROP_REPLY = Fault("drop_reply", End.RESET)
"""The server took the request and answered; the client sees a reset."""

RESET = Fault("reset", End.RESET, forwards=False)
"""The client's request was read and is thrown away with a reset."""

TRUNCATED = Fault("truncated", End.HALF)
CUT_SHORT = Fault("cut_short", End.CUT)


def error(status: int = 500, *, body: bytes = b'{"error": "Something broke."}') -> Fault:
    """This status, and the server never saw the request."""
    return Fault(f"error_{status}", End.ANSWER, forwards=False, status=status, body=body)


def error_after(status: int = 500, *, body: bytes = b'{"error": "Something broke."}') -> Fault:
    """This status, although the server took the request."""
    return Fault(f"error_{status}_after", End.ANSWER, status=status, body=body)


def rate_limit(
    headers: Mapping[str, str] | None = None, *, body: bytes = b'{"error": "Too many requests."}'
) -> Fault:
    """429 with these headers, such as `{"Retry-After": "90"}`; the server never saw the request."""
    name = "rate_limit_with_time" if headers else "rate_limit"
    return Fault(name, End.ANSWER, forwards=False, status=429, headers=headers or {}, body=body)


def slow(seconds: float) -> Fault:
    """The server takes the request at once; its answer comes after `seconds`."""
    return Fault("slow", End.PASS, wait_after=seconds)


def late(seconds: float) -> Fault:
    """The request reaches the server only after `seconds`, when the client may have given up."""
    return Fault("late", End.PASS, wait_before=seconds)


def html(status: int = 200) -> Fault:
    """The server took the request; a gateway's page comes back."""
    return Fault(f"html_{status}", End.ANSWER, status=status, headers={"Content-Type": HTML}, body=PAGE)


@dataclass(frozen=True)
class Seen:
    """A request that came. `status` is the server's answer (0: none), `fault` what was done to it ("": nothing)."""

    method: str
    target: str
    forwarded: bool
    status: int = 0
    fault: str = ""
    body: bytes = field(default=b"", repr=False)


@dataclass
class _Armed:
    fault: Fault
    method: str
    path: re.Pattern[str]
    times: int
    skip: int


class FaultProxy(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and forwards to `upstream`, an http:// address."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.stopping = threading.Event()
        self._armed: list[_Armed] = []
        self._seen: list[Seen] = []
        self._under_way = 0
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def seen(self) -> Sequence[Seen]:
        """The requests that are done with, in the order in which they ended."""
        with self._changed:
            return list(self._seen)

    def arm(
        self, fault: Fault, *, method: str = "*", path: str = ".*", times: int = 1, skip: int = 0
    ) -> None:
        """Let the next `times` requests go wrong whose method is `method` ("*": any) and whose path without query matches
        the regular expression `path` as a whole, after `skip` that pass. Of several that match, the first armed is taken."""
        with self._changed:
            self._armed.append(_Armed(fault, method, re.compile(path), times, skip))

    def disarm(self) -> None:
        """No more faults."""
        with self._changed:
            self._armed.clear()

    def wait_until_quiet(self, seconds: float = 30.0) -> bool:
        """Wait until no request is under way, also none whose client has gone. False: one still is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._under_way == 0, seconds)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this request; it is used up by it."""
        with self._changed:
            for armed in self._armed:
                if armed.times < 1 or armed.method not in ("*", method) or not armed.path.fullmatch(path):
                    continue
                if armed.skip:
                    armed.skip -= 1
                    continue
                armed.times -= 1
                return armed.fault
        return None

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """While a request is."""
        with self._changed:
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def note(self, seen: Seen) -> None:
        """Keep what became of a request."""
        with self._changed:
            self._seen.append(seen)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error of ours; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed names the socket types


@dataclass(frozen=True)
class _Answer:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes
    chunked: bool = False


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client: each request in turn is read, forwarded and answered, as its fault says."""

    server: FaultProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def _serve(self) -> None:
        with self.server.under_way():
            body = self._body()
            path = urlsplit(self.path).path
            fault = self.server.take(self.command, path) or Fault("", End.PASS)
            answer = None
            if fault.forwards:
                self.server.stopping.wait(fault.wait_before)
                answer = self._forward(body)
            status = answer.status if answer else 0
            self.server.note(Seen(self.command, self.path, fault.forwards, status, fault.name, body))
            self.server.stopping.wait(fault.wait_after)
            self._end(fault, answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(_chunks(self.rfile))
        body = self.rfile.read(length := int(self.headers.get("Content-Length", "0")))
        if len(body) < length:
            raise ConnectionResetError("the client went away within its request")
        return body

    def _forward(self, body: bytes) -> _Answer | None:
        """The server's answer; None when it gave none. A new connection each time: no old one can break beneath us."""
        connection = http.client.HTTPConnection(*self.server.upstream, timeout=UPSTREAM_SECONDS)
        # A client that takes us for its proxy names the whole address.
        url = urlsplit(self.path)
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            connection.putrequest(self.command, target, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    connection.putheader(name, value)
            if body or "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
                connection.putheader("Content-Length", str(len(body)))
            connection.putheader("Connection", "close")
            connection.endheaders(body or None)
            got = connection.getresponse()
            headers = [(name, value) for name, value in got.getheaders() if name.lower() not in HOP_BY_HOP]
            if self.command == "HEAD" and (length := got.getheader("Content-Length")):
                headers.append(("Content-Length", length))
            return _Answer(got.status, got.reason, headers, got.read(), bool(got.chunked))
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _end(self, fault: Fault, answer: _Answer | None) -> None:
        if fault.end is End.RESET or (answer is None and fault.end is not End.ANSWER):
            self._reset()
        elif fault.end is End.ANSWER:
            headers = {"Content-Type": JSON, **fault.headers}
            self._write(_Answer(fault.status, "", list(headers.items()), fault.body))
        elif answer:
            self._write(answer, fault.end)

    def _write(self, answer: _Answer, end: End = End.PASS) -> None:
        """In one piece, so that a client reads head and body together where they are short."""
        headers, body = list(answer.headers), answer.body
        has_body = self.command != "HEAD" and answer.status not in (204, 304)
        if not has_body:
            body = b""
        elif end is End.HALF:
            body = body[: len(body) // 2]
        elif answer.chunked and end is End.PASS and self.request_version != "HTTP/1.0":
            headers.append(("Transfer-Encoding", "chunked"))
            body = _as_chunks(body)
        else:
            headers.append(("Content-Length", str(len(body))))
            body = body[: len(body) // 2] if end is End.CUT else body
        if end is not End.PASS:
            headers.append(("Connection", "close"))
            self.close_connection = True
        reason = answer.reason or self.responses.get(answer.status, ("",))[0]
        head = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers)]
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)

    def _reset(self) -> None:
        """Close with a reset instead of an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """One line a request would be noise."""


def _chunks(file: BufferedIOBase) -> Iterator[bytes]:
    """The chunks of a request's body; its trailers are read and left out."""
    while size := int(file.readline(1024).partition(b";")[0], 16):
        yield file.read(size)
        file.readline(3)
    while file.readline(65537).strip():
        pass


def _as_chunks(body: bytes, size: int = 64 * 1024) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """A proxy before the server at `upstream`, for the time of a test."""
    proxy = FaultProxy(upstream)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stopping.set()
        proxy.shutdown()
        thread.join(10)
        proxy.server_close()
