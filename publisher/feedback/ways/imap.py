"""IMAP (RFC 3501), with IDLE (RFC 2177) where the server has it: a bounce is read in the second in which it comes.

What is new is found by UID. Where messages are moved or deleted, all that are still there are new; where they stay, those above
the highest UID that was read. A folder that was made anew has another UIDVALIDITY and is read again: `taking` knows its messages.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import Any, Final

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from publisher.feedback.ways.base import (
    HEAD,
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

DELETED, SEEN = b"\\Deleted", b"\\Seen"
NEWS: Final = (b"EXISTS", b"RECENT")
WHOLE, PART = "BODY.PEEK[]", f"BODY.PEEK[]<0.{HEAD}>"


class ImapInbox:
    """A folder of a server."""

    def __init__(self, client: IMAPClient, account: Account, memory: Memory) -> None:
        self._client, self._account, self._memory = client, account, memory
        self._idles = False
        self._target = ""
        self.can_wait = bool(client.has_capability("IDLE"))
        self._select()

    def look(self) -> list[str]:
        with self._asking("SEARCH"):
            self._wake()
            keys = [str(uid) for uid in sorted(self._client.search(["NOT", "DELETED"]))]
            if not self._moves_away:
                last = int(self._memory.marks.get("last", 0))
                keys = [key for key in keys if int(key) > last or key in self._memory.left_out]
            self._memory.keep_only(set(keys))
            return keys

    def fetch(self, key: str) -> bytes | None:
        uid = int(key)
        try:
            self._wake()
            size = self._one(uid, "RFC822.SIZE").get(b"RFC822.SIZE")
            if size is None:
                return None
            found = self._one(uid, WHOLE if size <= LARGEST else PART)
        except (IMAPClientAbortError, OSError) as error:
            raise cannot_reach(self._account, error) from error
        except IMAPClientError as error:
            raise Unreadable(str(error)) from error
        raw = next((value for name, value in found.items() if name.startswith(b"BODY[]")), None)
        if raw is None:
            raise Unreadable("the server gave no text")
        return bytes(raw)

    def settle(self, taken: list[str], tried: list[str]) -> None:
        uids = [int(key) for key in taken]
        with self._asking("STORE"):
            self._wake()
            if uids:
                self._mark(uids)
        if tried and not self._moves_away:
            highest = max(int(key) for key in tried)
            self._memory.marks["last"] = max(highest, int(self._memory.marks.get("last", 0)))

    def wait(self, seconds: float) -> bool:
        with self._asking("IDLE"):
            if not self._idles:
                self._client.idle()
                self._idles = True
            said = self._client.idle_check(timeout=seconds)
        if any(each and each[0] == b"BYE" for each in said):
            raise cannot_reach(self._account, ConnectionError("it ended the connection"))
        return any(word in each for each in said for word in NEWS)

    def about(self) -> str:
        count = len(self.look())
        idle = "with IDLE" if self.can_wait else "without IDLE: looked at every minute"
        return f"{self._account.folder}: {count} ({idle})"

    def close(self) -> None:
        with suppress(IMAPClientError, OSError, ValueError):
            self._wake()
            self._client.logout()
        with suppress(IMAPClientError, OSError, AttributeError):
            self._client.shutdown()

    @property
    def _moves_away(self) -> bool:
        return self._account.after in (After.MOVE, After.DELETE)

    def _select(self) -> None:
        with self._asking("SELECT"):
            chosen = self._client.select_folder(
                self._account.folder, readonly=self._account.after == After.KEEP
            )
            if self._account.after == After.MOVE:
                self._target = self._made(self._account.taken_folder)
        validity = int(chosen.get(b"UIDVALIDITY", 0))
        if self._memory.marks.get("validity") != validity:
            self._memory.marks = {"validity": validity, "last": 0}
            self._memory.left_out = {}

    def _made(self, folder: str) -> str:
        """The folder for what is taken, made if it is not there, in the server's own writing of names."""
        prefix, separator = "", ""
        if self._client.has_capability("NAMESPACE") and (personal := self._client.namespace().personal):
            prefix, separator = personal[0][0], personal[0][1] or ""
        elif root := self._client.list_folders("", ""):
            separator = (root[0][1] or b"").decode("ascii", "replace")
        name = prefix + folder.replace("/", separator or "/")
        if not self._client.folder_exists(name):
            self._client.create_folder(name)
        return name

    def _mark(self, uids: list[int]) -> None:
        after = self._account.after
        if after == After.MOVE and self._client.has_capability("MOVE"):
            self._client.move(uids, self._target)
        elif after in (After.MOVE, After.DELETE):
            if after == After.MOVE:
                self._client.copy(uids, self._target)
            self._client.add_flags(uids, [DELETED], silent=True)
            if self._client.has_capability("UIDPLUS"):  # a plain EXPUNGE would remove what others marked
                self._client.uid_expunge(uids)
        elif after == After.SEEN:
            self._client.add_flags(uids, [SEEN], silent=True)

    def _one(self, uid: int, what: str) -> dict[bytes, Any]:
        found: dict[bytes, Any] = self._client.fetch([uid], [what]).get(uid, {})
        return found

    def _wake(self) -> None:
        """End IDLE: the server takes no other command while it lasts."""
        if self._idles:
            self._idles = False
            self._client.idle_done()

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except (IMAPClientAbortError, OSError) as error:
            raise cannot_reach(self._account, error) from error
        except IMAPClientError as error:
            raise no_such_thing(self._account, what, error) from error


class ImapWay:
    """The way."""

    name = "imap"
    label = "IMAP"
    ports: Final = {Security.TLS.value: 993, Security.STARTTLS.value: 143, Security.NONE.value: 143}
    afters: Final = (After.MOVE.value, After.SEEN.value, After.DELETE.value, After.KEEP.value)
    has_folders = True

    def open(self, account: Account, memory: Memory) -> ImapInbox:
        client = _connected(account)
        try:
            _log_in(client, account)
            if client.has_capability(
                "ID"
            ):  # NetEase shows a mailbox to no program that does not say its name
                with suppress(IMAPClientError):
                    client.id_({"name": "Publisher", "version": version("publisher")})
            return ImapInbox(client, account, memory)
        except (IMAPClientError, OSError) as error:
            with suppress(IMAPClientError, OSError, AttributeError):
                client.shutdown()
            raise cannot_reach(account, error) from error
        except Trouble:
            with suppress(IMAPClientError, OSError, AttributeError):
                client.shutdown()
            raise


def _connected(account: Account) -> IMAPClient:
    implicit, context = account.security == Security.TLS, account.tls()
    try:
        client = IMAPClient(
            account.host,
            account.port,
            ssl=implicit,
            ssl_context=context if implicit else None,
            timeout=TIMEOUT,
        )
        client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if account.security == Security.STARTTLS:
            client.starttls(context)
    except (OSError, IMAPClientError) as error:
        raise cannot_reach(account, error) from error
    return client


def _log_in(client: IMAPClient, account: Account) -> None:
    try:
        if account.login != Login.OAUTH:
            client.login(account.username, account.password)
            return
        token = account.token() if account.oauth else account.password
        try:
            client.oauth2_login(account.username, token)
        except LoginError:
            if not account.oauth:
                raise
            client.oauth2_login(account.username, account.token(refused=token))
    except LoginError as error:
        raise login_refused(account, error) from error


WAY = ImapWay()
