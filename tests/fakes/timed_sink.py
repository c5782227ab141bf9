"""A mail server that takes everything and notes when each message was there and for whom: in a thread, or as a program.

`python -m tests.fakes.timed_sink FILE` prints its port and writes a line `seconds address` for each message, seconds since 1970.
"""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

_RCPT = re.compile(rb"RCPT TO:<([^>]*)>", re.IGNORECASE)
_END = b"\r\n.\r\n"
EHLO = b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"

Note = Callable[[float, str], None]


class TimedSink:
    """Use as a context manager. `slow`: seconds that it takes over each message."""

    def __init__(self, note: Note, *, slow: float = 0.0) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
                )  # else each reply waits 40 ms
                with contextlib.suppress(OSError, _Gone):
                    _Talk(self.request, note, slow).run()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            block_on_close = False
            request_queue_size = 50

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> TimedSink:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


class _Gone(Exception):
    """The connection is over."""


class _Talk:
    def __init__(self, sock: object, note: Note, slow: float) -> None:
        self.socket, self.note, self.slow, self.buffer, self.to = sock, note, slow, b"", ""

    def run(self) -> None:
        self.say(b"220 sink.example ESMTP\r\n")
        while True:
            line = self.until(b"\r\n")
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say(b"354 go ahead\r\n")
                self.until(_END)
                self.note(time.time(), self.to)
                time.sleep(self.slow)
                self.say(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                self.say(b"221 2.0.0 bye\r\n")
                return
            else:
                if found := _RCPT.match(line):
                    self.to = found[1].decode()
                self.say(EHLO if verb == b"EHLO" else b"250 2.0.0 ok\r\n")

    def say(self, reply: bytes) -> None:
        self.socket.sendall(reply)  # type: ignore[attr-defined]  # a socket

    def until(self, end: bytes) -> bytes:
        while (at := self.buffer.find(end)) < 0:
            more = self.socket.recv(262_144)  # type: ignore[attr-defined]  # a socket
            if not more:
                raise _Gone
            self.buffer += more
        line, self.buffer = self.buffer[:at], self.buffer[at + len(end) :]
        return line


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Path(sys.argv[1]).open("a", encoding="utf-8") as file:
        one_at_a_time = threading.Lock()  # threads that write to one text file mix up its buffer

        def note(at: float, to: str) -> None:
            with one_at_a_time:
                file.write(f"{at:.6f} {to}\n")

        with TimedSink(note) as sink:
            print(sink.port, flush=True)  # noqa: T201 - for who started it
            stop.wait()


if __name__ == "__main__":
    main()
