"""POP3 (RFC 1939), for mailboxes that have nothing better: looked at every minute, taken, then deleted.

The server deletes when the session ends well. One that breaks off before has deleted nothing: `taking` knows what comes again.
Where messages are to stay, their UIDs (UIDL) are remembered.
"""

from __future__ import annotations

import base64
import poplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from publisher.core.marking import gettext_noop
from publisher.feedback.ways.base import (
    LARGEST,
    TIMEOUT,
    Account,
    After,
    Login,
    Memory,
    Security,
    Trouble,
    Unreadable,
    cannot_reach,
    login_refused,
    no_such_thing,
)

HEAD_LINES: Final = 3000
LONGEST_LINE: Final = 1_000_000
"""Octets of a line: Python's own bound of 2,048 is below what broken programs send."""


class _Lines:
    """Takes longer lines than poplib."""

    def _getline(self) -> tuple[bytes, int]:
        line = self.file.readline(LONGEST_LINE + 1)  # type: ignore[attr-defined]  # poplib's own
        if not line:
            raise poplib.error_proto("-ERR EOF")
        if len(line) > LONGEST_LINE:
            raise poplib.error_proto("line too long")
        return line.rstrip(b"\r\n").lstrip(b"\r"), len(line)


class _Plain(_Lines, poplib.POP3):
    pass


class _Tls(_Lines, poplib.POP3_SSL):
    pass


class PopInbox:
    """A mailbox of a server, as it was when the session began."""

    can_wait = False

    def __init__(self, client: poplib.POP3, account: Account, memory: Memory) -> None:
        self._client, self._account, self._memory = client, account, memory
        with self._asking("UIDL"):
            rows = [line.decode("ascii", "replace").split() for line in client.uidl()[1]]
        with self._asking("LIST"):
            sizes = dict(line.decode("ascii", "replace").split()[:2] for line in client.list()[1])
        self._numbers = {uid: int(number) for number, uid in (row[:2] for row in rows)}
        self._sizes = {uid: int(sizes.get(str(number), 0)) for uid, number in self._numbers.items()}
        self._settled: set[str] = set()
        known = set(memory.marks.get("known", []))
        memory.marks["known"] = [uid for uid in self._numbers if uid in known]
        memory.keep_only(set(self._numbers))

    def look(self) -> list[str]:
        known = {*self._memory.marks["known"], *self._settled}
        return [uid for uid in self._numbers if uid not in known]

    def fetch(self, key: str) -> bytes | None:
        number = self._numbers[key]
        try:
            large = self._sizes[key] > LARGEST
            lines = (self._client.top(number, HEAD_LINES) if large else self._client.retr(number))[1]
        except poplib.error_proto as error:
            if error.args and isinstance(error.args[0], bytes):  # the server's own words
                raise Unreadable(_said(error)) from error
            raise cannot_reach(self._account, error) from error
        except OSError as error:
            raise cannot_reach(self._account, error) from error
        return b"\r\n".join(lines) + b"\r\n"

    def settle(self, taken: list[str], tried: list[str]) -> None:  # noqa: ARG002 - as all ways
        for key in taken:
            if self._account.after == After.DELETE:
                with self._asking("DELE"):
                    self._client.dele(self._numbers[key])
            else:
                self._memory.marks["known"].append(key)
            self._settled.add(key)

    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - as all ways
        """A session shows nothing new."""
        return False

    def about(self) -> str:
        return f"{len(self.look())} (POP3: looked at every minute)"

    def close(self) -> None:
        with suppress(poplib.error_proto, OSError):
            self._client.quit()
        with suppress(OSError):
            self._client.close()

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except poplib.error_proto as error:
            raise no_such_thing(self._account, what, _said(error)) from error
        except OSError as error:
            raise cannot_reach(self._account, error) from error


class PopWay:
    """The way."""

    name = "pop3"
    label = "POP3"
    ports: Final = {Security.TLS.value: 995, Security.STARTTLS.value: 110, Security.NONE.value: 110}
    afters: Final = (After.DELETE.value, After.KEEP.value)
    has_folders = False

    def open(self, account: Account, memory: Memory) -> PopInbox:
        client: poplib.POP3 | None = None
        try:
            client = _connected(account)
            _log_in(client, account)
            return PopInbox(client, account, memory)
        except OSError as error:
            _drop(client)
            raise cannot_reach(account, error) from error
        except Trouble:
            _drop(client)
            raise


def _drop(client: poplib.POP3 | None) -> None:
    if client is not None:
        with suppress(OSError):
            client.close()


def _connected(account: Account) -> poplib.POP3:
    context = account.tls()
    try:
        if account.security == Security.TLS:
            return _Tls(account.host, account.port, timeout=TIMEOUT, context=context)
        client = _Plain(account.host, account.port, timeout=TIMEOUT)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if account.security == Security.STARTTLS:
            client.stls(context)
    except poplib.error_proto as error:
        raise cannot_reach(account, ConnectionError(_said(error))) from error
    return client


def _log_in(client: poplib.POP3, account: Account) -> None:
    try:
        if account.login == Login.OAUTH:
            _by_token(client, account)
            return
        client.user(account.username)
        client.pass_(account.password)
    except poplib.error_proto as error:
        said = _said(error)
        if "[IN-USE]" in said:
            raise Trouble(
                gettext_noop("Another program reads the mailbox at %(server)s just now.")
                % {"server": account},
                gettext_noop("It is tried again by itself."),
            ) from error
        raise login_refused(account, said) from error


def _by_token(client: poplib.POP3, account: Account) -> None:
    """XOAUTH2 in two steps, as Microsoft asks for it. A token that was fetched earlier gets a second try."""
    token = account.token() if account.oauth else account.password
    try:
        _authenticate(client, account.username, token)
    except poplib.error_proto:
        if not account.oauth:
            raise
        _authenticate(client, account.username, account.token(refused=token))


def _authenticate(client: poplib.POP3, username: str, token: str) -> None:
    secret = base64.b64encode(f"user={username}\1auth=Bearer {token}\1\1".encode()).decode()
    client._shortcmd("AUTH XOAUTH2")  # type: ignore[attr-defined]  # poplib knows no AUTH
    answer: bytes = client._shortcmd(secret)  # type: ignore[attr-defined]
    if answer.startswith(b"+ "):  # details of the refusal, which comes after an empty answer
        client._shortcmd("")  # type: ignore[attr-defined]


def _said(error: poplib.error_proto) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


WAY = PopWay()
