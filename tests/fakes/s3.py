"""A bucket of S3 on loopback, as far as the store of pictures needs one: PUT, GET, HEAD and DELETE of an object by its path.

Bodies come plain or as `aws-chunked` (sizes in hexadecimal, signatures and trailers, which are not checked).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Bucket:
    """`objects` by path, with the bucket's name in front. `status`: answer everything with it."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    signed: list[bool] = field(default_factory=list)
    status: int = 0


@contextmanager
def a_bucket() -> Iterator[Bucket]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = self.path.partition("?")[0].lstrip("/")
            bucket.signed.append("AWS4-HMAC-SHA256" in self.headers.get("Authorization", ""))
            if bucket.status:
                return self._answer(bucket.status)
            if self.command == "PUT":
                chunked = "aws-chunked" in self.headers.get("Content-Encoding", "")
                bucket.objects[path] = unchunked(body) if chunked else body
                return self._answer(200)
            if self.command == "DELETE":
                bucket.objects.pop(path, None)
                return self._answer(204)
            return self._answer(200, bucket.objects[path]) if path in bucket.objects else self._answer(404)

        do_GET = do_HEAD = do_PUT = do_DELETE = _any

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"0"')
            self.send_header("Last-Modified", "Mon, 01 Jun 2026 12:00:00 GMT")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    bucket = Bucket(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def unchunked(body: bytes) -> bytes:
    """The content of an `aws-chunked` body."""
    made = b""
    while True:
        head, _, body = body.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if not size:
            return made
        made, body = made + body[:size], body[size + 2 :]
