"""A mail server in a process of its own that writes down every message it takes, before it answers, and misbehaves on order.

`python -m tests.chaos.sink FOLDER MODE`: announces its port in FOLDER/port, appends `recipient TAB message-id` to
FOLDER/taken for each message taken, and one line to FOLDER/broken for each connection that was broken off: by the client
without QUIT, or by a reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

EHLO = b"250-chaos.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
ANSWERS = {
    "HELO": b"250 chaos.example\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "RSET": b"250 2.0.0 ok\r\n",
    "DATA": b"354 go ahead\r\n",
}
TAKEN = b"250 ok\r\n"
MESSAGE_ID = re.compile(rb"^Message-ID: <([^>]+)>", re.MULTILINE)
END = b"\r\n.\r\n"


@dataclass(frozen=True)
class Mode:
    """How it misbehaves. Every nth message: `n` counts all that came in over all connections.

    delay: seconds before each answer to a message. dot_421: says 421 at every nth dot, untaken, once to each recipient.
    reset_after_dot: takes every nth and resets. refuse: 5xx to some, 4xx at first to others. slow: a byte a second after the
    dot. split: replies in pieces and merged. one: closes after each message.
    """

    delay: float = 0.0
    dot_421: int = 0
    reset_after_dot: int = 0
    refuse: bool = False
    slow: bool = False
    split: bool = False
    one: bool = False


MODES = {
    "steady": Mode(),
    "unhurried": Mode(delay=0.03),
    "421": Mode(dot_421=7),
    "reset": Mode(reset_after_dot=23),
    "refusing": Mode(refuse=True),
    "slow": Mode(slow=True),
    "split": Mode(split=True),
    "closing": Mode(one=True),
}


class Sink:
    def __init__(self, folder: Path, mode: Mode) -> None:
        self.mode = mode
        self.count = 0
        self.seen: set[bytes] = set()
        self.taken = os.open(folder / "taken", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.broken = os.open(folder / "broken", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = _Talk(self, reader, writer)
        polite = False
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            polite = await talk.run()
        if not polite and not talk.ended_by_us:
            os.write(self.broken, b"x\n")
        writer.close()


class _Talk:
    """One connection."""

    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sink, self.reader, self.writer = sink, reader, writer
        self.recipient = b""
        self.held = b""
        self.ended_by_us = False

    async def run(self) -> bool:
        """Talk to the end; whether it was a polite one."""
        await self.say(b"220 chaos.example ESMTP\r\n")
        while True:
            line = await self.reader.readuntil(b"\r\n")
            verb = line[:4].decode("ascii", "replace").upper()
            if verb == "QUIT":
                await self.say(b"221 2.0.0 bye\r\n")
                return True
            if verb == "EHLO":
                await self.say(EHLO)
                continue
            if verb == "RCPT":
                self.recipient = line.partition(b"<")[2].partition(b">")[0]
                if refusal := self.refusal():
                    self.recipient = b""
                    await self.say(refusal)
                    continue
            if verb == "DATA" and not self.recipient:
                await self.say(b"554 5.5.1 no valid recipients\r\n")
                continue
            await self.say(ANSWERS.get(verb, b"500 5.5.2 what?\r\n"), more=verb in ("MAIL", "RCPT"))
            if verb == "DATA" and not await self.message():
                return False

    def refusal(self) -> bytes:
        """By the number in the address: some for good, some for now, at RCPT."""
        number = int(re.sub(rb"\D", b"", self.recipient.partition(b"@")[0]) or b"0")
        if not self.sink.mode.refuse:
            return b""
        refusal = {0: b"550 5.1.1 no such user\r\n", 3: b"450 4.2.1 mailbox busy\r\n"}.get(number % 10, b"")
        again = self.recipient in self.sink.seen
        self.sink.seen.add(self.recipient)
        return b"" if again and refusal[:1] == b"4" else refusal

    async def message(self) -> bool:
        """Take one message; whether the connection goes on."""
        mode = self.sink.mode
        data = await self.reader.readuntil(END)
        self.sink.count += 1
        if mode.dot_421 and self.sink.count % mode.dot_421 == 0 and self.recipient not in self.sink.seen:
            self.sink.seen.add(self.recipient)
            await self.say(b"421 4.3.2 going down\r\n")
            self.ended_by_us = True
            return False
        if mode.delay:
            await asyncio.sleep(mode.delay)
        found = MESSAGE_ID.search(data)
        os.write(self.sink.taken, self.recipient + b"\t" + (found.group(1) if found else b"-") + b"\n")
        self.recipient = b""
        if mode.reset_after_dot and self.sink.count % mode.reset_after_dot == 0:
            sock: socket.socket = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
            return False
        await self.say(TAKEN)
        self.ended_by_us = mode.one
        return not mode.one

    async def say(self, reply: bytes, *, more: bool = False) -> None:
        """Answer; in pieces, merged with the next reply, or a byte at a time where the mode says so."""
        if self.sink.mode.split and more:
            self.held += reply
            return
        reply, self.held = self.held + reply, b""
        if self.sink.mode.slow:
            for byte in reply:
                self.writer.write(bytes([byte]))
                await self.writer.drain()
                await asyncio.sleep(1.0 if reply == TAKEN else 0.01)
        elif self.sink.mode.split:
            half = len(reply) // 2
            self.writer.write(reply[:half])
            await self.writer.drain()
            await asyncio.sleep(0.002)
            self.writer.write(reply[half:])
        else:
            self.writer.write(reply)
        await self.writer.drain()


async def _main(folder: Path, mode: Mode) -> None:
    sink = Sink(folder, mode)
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=1 << 20)
    (folder / "port.new").write_text(str(server.sockets[0].getsockname()[1]))
    (folder / "port.new").rename(folder / "port")
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), MODES[sys.argv[2]]))
