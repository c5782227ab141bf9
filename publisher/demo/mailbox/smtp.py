"""Taking mail: enough of SMTP for any client (PIPELINING, SIZE, 8BITMIME, SMTPUTF8), and fast. Everything is accepted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Final, cast

MAX_SIZE: Final = 50 * 1024 * 1024
MAX_COMMAND: Final = 4096
END: Final = b"\r\n.\r\n"

Keep = Callable[[str, list[str], bytes], None]

_PATH = re.compile(rb"(?:MAIL FROM|RCPT TO):\s*<([^<>\s]*)>", re.IGNORECASE)
HELLO: Final = (
    b"250-mailbox\r\n250-PIPELINING\r\n250-SIZE %d\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n"
    % MAX_SIZE
)
REPLIES: Final = {
    b"HELO": b"250 mailbox\r\n",
    b"EHLO": HELLO,
    b"RSET": b"250 2.0.0 ok\r\n",
    b"NOOP": b"250 2.0.0 ok\r\n",
    b"VRFY": b"252 2.0.0 send and see\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
}


class SmtpProtocol(asyncio.Protocol):
    """One connection. `keep(mail_from, recipients, data)` is called before a message is answered with 250."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._buffer = bytearray()
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._in_data = False
        self._searched = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 mailbox ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies: list[bytes] = []
        while (reply := self._message() if self._in_data else self._command()) is not None:
            replies.append(reply)
            if reply.startswith((b"221", b"421")):
                self._transport.write(b"".join(replies))
                self._transport.close()
                return
        if replies:
            self._transport.write(b"".join(replies))

    def _command(self) -> bytes | None:
        """The reply to the next command, or None when it is not here as a whole."""
        end = self._buffer.find(b"\n")
        if end < 0:
            return b"421 4.7.0 line too long\r\n" if len(self._buffer) > MAX_COMMAND else None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        verb = line[:4].upper()
        if verb == b"MAIL":
            return self._mail(line)
        if verb == b"RCPT":
            return self._rcpt(line)
        if verb == b"DATA":
            if not self._recipients:
                return b"503 5.5.1 need RCPT first\r\n"
            self._in_data, self._searched = True, 0
            return b"354 go ahead\r\n"
        if verb in (b"RSET", b"HELO", b"EHLO"):
            self._forget()
        return REPLIES.get(verb, b"500 5.5.2 unknown command\r\n")

    def _mail(self, line: bytes) -> bytes:
        path = _PATH.match(line)
        if self._sender is not None or path is None:
            return b"503 5.5.1 not now\r\n" if path else b"501 5.5.4 MAIL FROM:<address>\r\n"
        self._sender = path.group(1).decode("utf-8", "replace")
        return b"250 2.1.0 ok\r\n"

    def _rcpt(self, line: bytes) -> bytes:
        path = _PATH.match(line)
        if self._sender is None or path is None or not path.group(1):
            return b"503 5.5.1 not now\r\n" if path else b"501 5.5.4 RCPT TO:<address>\r\n"
        self._recipients.append(path.group(1).decode("utf-8", "replace"))
        return b"250 2.1.5 ok\r\n"

    def _message(self) -> bytes | None:
        """The reply to a message, or None until its dot is here."""
        if self._buffer.startswith(b".\r\n"):
            data, length = b"", 3
        else:
            end = self._buffer.find(END, self._searched)
            if end < 0:
                self._searched = max(0, len(self._buffer) - len(END))
                return b"421 4.3.4 message too big\r\n" if len(self._buffer) > MAX_SIZE else None
            data, length = bytes(self._buffer[: end + 2]), end + len(END)
        del self._buffer[:length]
        if data.startswith(b"."):
            data = data[1:]
        self._keep(self._sender or "", self._recipients, data.replace(b"\r\n.", b"\r\n"))
        self._forget()
        return b"250 2.0.0 kept\r\n"

    def _forget(self) -> None:
        self._sender, self._recipients, self._in_data = None, [], False
