"""A mail server in a thread that records what it takes, and misbehaves where a test says so.

`SmtpSink(rules=[at("RCPT", reply="550 5.1.1 no such user", when="nobody@")])`: the first rule that fits a step acts,
`times` times at most. Steps: CONNECT, EHLO, HELO, AUTH, MAIL, RCPT, DATA, DOT, RSET, QUIT.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Deed = Literal["reply", "close", "reset", "silence", "half", "stall", "bytewise", "merge"]

SILENCE = 30.0
OFFERS = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")


@dataclass
class Rule:
    """What happens at a step instead of the usual reply.

    reply: `text` is sent (its own line ends are kept; without any, CRLF is added), then the connection is closed if
    `then_close`. close, reset: hang up. silence: say nothing. half: half of the reply, then hang up. stall: half of the
    reply, then nothing.
    bytewise: the reply byte by byte. merge: hold the reply back and send it with the next one.
    `when` is searched in the command line, or at DOT in the message.
    """

    step: str
    deed: Deed = "reply"
    text: str = ""
    when: str = ""
    times: int = 1_000_000
    then_close: bool = False
    after: int = 0

    def fits(self, step: str, line: str) -> bool:
        if step != self.step or self.times <= 0 or not re.search(self.when, line, re.IGNORECASE):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return True


def at(step: str, reply: str = "", *, deed: Deed = "reply", when: str = "", times: int = 1_000_000,
       then_close: bool = False, after: int = 0) -> Rule:  # fmt: skip
    """A rule; it lets the first `after` fitting steps pass."""
    return Rule(step, deed, reply, when, times, then_close, after)


@dataclass(frozen=True)
class Taken:
    """A message that the sink took for one recipient."""

    mail_from: str
    rcpt_to: str
    data: bytes
    connection: int


@dataclass
class SmtpSink:
    """Use as a context manager; `port` is where it listens."""

    rules: Sequence[Rule] = ()
    offers: Sequence[str] = OFFERS
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    login: tuple[str, str] | None = None
    """User and password, or for XOAUTH2 user and access token; with None nobody can log in."""

    messages: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    most_behind: int = 0
    """The most commands that came in one piece with the end of a message: 0 when nothing was pipelined behind a dot."""

    def __enter__(self) -> SmtpSink:
        sink = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                sink.connections += 1
                with contextlib.suppress(OSError, _Gone):
                    _Talk(sink, self.request, sink.connections).run()

        self._stop = threading.Event()
        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> None:
        """Say nothing for a while, or until the sink ends."""
        self._stop.wait(seconds)

    @property
    def recipients(self) -> list[str]:
        return [message.rcpt_to for message in self.messages]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False


class _Gone(Exception):
    """The connection is over."""


class _Talk:
    """One connection."""

    def __init__(self, sink: SmtpSink, sock: socket.socket, number: int) -> None:
        self.sink, self.socket, self.number = sink, sock, number
        self.buffer = b""
        self.held = b""
        self.mail: str | None = None
        self.message = b""
        self.recipients: list[str] = []

    def run(self) -> None:
        if self.sink.implicit_tls:
            self._secure()
        self.answer("CONNECT", "", "220 sink.example ESMTP")
        while True:
            line = self.line().decode("utf-8", "replace")
            self.sink.commands.append(line)
            self.command(line)

    def command(self, line: str) -> None:
        verb = line.partition(" ")[0].upper()
        if verb == "DATA":
            self.data()
        elif verb == "STARTTLS":
            self.answer(verb, line, "220 2.0.0 go ahead")
            self.buffer = b""
            self._secure()
        elif verb == "AUTH":
            self.answer(verb, line, self._login(line))
        elif verb == "QUIT":
            self.answer(verb, line, "221 2.0.0 bye")
            raise _Gone
        else:
            self.answer(verb, line, self._usual(verb))

    def _usual(self, verb: str) -> str:
        if verb == "EHLO":
            lines = ["sink.example", *self.sink.offers, *(["STARTTLS"] if self.sink.tls else [])]
            return "\r\n".join(f"250{'-' if more else ' '}{text}" for text, more in _with_more(lines))
        if verb == "MAIL":
            if self.mail is not None:
                return "503 5.5.1 nested MAIL command"
            return "250 2.1.0 sender ok"
        if verb == "RCPT":
            return "250 2.1.5 recipient ok" if self.mail is not None else "503 5.5.1 need MAIL command"
        return {"HELO": "250 sink.example", "RSET": "250 2.0.0 reset", "NOOP": "250 2.0.0 ok"}.get(
            verb, "500 5.5.2 unknown command"
        )

    def answer(self, step: str, line: str, usual: str) -> bool:
        """Reply, or what a rule says. Whether the reply was a success."""
        rule = next((rule for rule in self.sink.rules if rule.fits(step, line)), None)
        text = rule.text or usual if rule else usual
        granted = text[:1] in "23"
        if granted:
            self._note(step, line)  # before the reply: a hang-up comes after the deed
        self._act(rule, (text if text.endswith("\n") else text + "\r\n").encode())
        return granted

    def _act(self, rule: Rule | None, reply: bytes) -> None:
        deed = rule.deed if rule else "reply"
        if deed == "reset":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
            raise _Gone
        if deed == "close":
            raise _Gone
        if deed == "silence":
            self.sink.wait(SILENCE)
            raise _Gone
        if deed in ("half", "stall"):
            self.socket.sendall(reply[: len(reply) // 2])
            if deed == "stall":
                self.sink.wait(SILENCE)
            raise _Gone
        if deed == "merge":
            self.held += reply
            return
        self._send(self.held + reply, slowly=deed == "bytewise")
        self.held = b""
        if rule and rule.then_close:
            raise _Gone

    def _send(self, reply: bytes, *, slowly: bool) -> None:
        if not slowly:
            self.socket.sendall(reply)
            return
        for byte in reply:
            self.socket.sendall(bytes([byte]))
            time.sleep(0.001)

    def _note(self, step: str, line: str) -> None:
        """What a granted command changes."""
        if step == "MAIL":
            self.mail = _path(line)
        elif step == "RCPT":
            self.recipients.append(_path(line))
        elif step == "DOT":
            for recipient in self.recipients:
                self.sink.messages.append(Taken(self.mail or "", recipient, self.message, self.number))
        elif step in ("RSET", "EHLO", "HELO"):
            self.mail, self.recipients = None, []

    def data(self) -> None:
        usual = "354 go ahead" if self.recipients else "503 5.5.1 need RCPT command"
        if not self.answer("DATA", "DATA", usual):
            return
        lines = []
        while (line := self.line()) != b".":
            lines.append(line.removeprefix(b"."))
        self.sink.most_behind = max(self.sink.most_behind, self.buffer.count(b"\r\n"))
        self.message = b"".join(line + b"\r\n" for line in lines)
        usual = "250 2.0.0 taken" if self.recipients else "554 5.5.1 no valid recipients"
        self.answer("DOT", self.message.decode("utf-8", "replace"), usual)
        self.mail, self.recipients = None, []

    def line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise _Gone
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def _login(self, line: str) -> str:
        if not self.sink.login:
            return "503 5.5.1 no login here"
        mechanism, _, first = line.partition(" ")[2].partition(" ")
        assert len(line) <= 510, "RFC 5321 section 4.5.3.1.4"
        if mechanism == "LOGIN":
            given = [self._prompted("VXNlcm5hbWU6"), self._prompted("UGFzc3dvcmQ6")]
        else:
            said = base64.b64decode(first).decode() if first else self._prompted("")
            given = said.split("\0")[1:] if mechanism == "PLAIN" else _bearer(said)
        if given == list(self.sink.login):
            return "235 2.7.0 welcome"
        if mechanism == "XOAUTH2":
            details = b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}'
            self.socket.sendall(b"334 " + base64.b64encode(details) + b"\r\n")
            assert self.line() == b""
        return "535 5.7.8 bad credentials"

    def _prompted(self, prompt: str) -> str:
        self.socket.sendall(f"334 {prompt}\r\n".encode())
        return base64.b64decode(self.line()).decode()

    def _secure(self) -> None:
        assert self.sink.tls
        self.socket = self.sink.tls.wrap_socket(self.socket, server_side=True)


def _bearer(said: str) -> list[str]:
    """User and token of an XOAUTH2 answer."""
    found = re.fullmatch("user=([^\1]+)\1auth=Bearer ([^\1]+)\1\1", said)
    return list(found.groups()) if found else []


def _path(line: str) -> str:
    found = re.search(r"<(.*?)>", line)
    return found.group(1) if found else ""


def _with_more(lines: list[str]) -> list[tuple[str, bool]]:
    return [(line, i < len(lines) - 1) for i, line in enumerate(lines)]
