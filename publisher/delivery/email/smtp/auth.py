"""Logging in (RFC 4954) by PLAIN (RFC 4616), LOGIN or XOAUTH2, over a connection that is secure enough for it."""

from __future__ import annotations

import base64
from collections.abc import Callable

from django.utils.translation import gettext_noop

from publisher.core.errors import ChannelDown
from publisher.delivery.email.smtp.oauth import access_token
from publisher.delivery.email.smtp.replies import Reply
from publisher.delivery.email.smtp.url import MailServer

Ask = Callable[[bytes], Reply]

LONGEST_COMMAND = 512
"""Octets of a command line (RFC 5321 section 4.5.3.1.4); a longer first answer waits to be asked for."""

CONTINUE = 334
REFUSED = 535
BY_ITSELF = ("PLAIN", "LOGIN")
"""What `auth=auto` chooses from, best first: a token is no password, so XOAUTH2 has to be asked for."""


def log_in(ask: Ask, server: MailServer, offered: frozenset[str]) -> Reply:
    """The server's last word on our login. Raises ChannelDown when it offers no way that we take, and what oauth.py raises."""
    wanted = BY_ITSELF if server.auth == "auto" else (server.auth.upper(),)
    mechanism = next((name for name in wanted if name in offered), None)
    if mechanism is None:
        raise ChannelDown(
            gettext_noop("The mail server %(server)s offers no login by %(wanted)s.")
            % {"server": server, "wanted": " or ".join(wanted)}
        )
    return MECHANISMS[mechanism](ask, server)


def _plain(ask: Ask, server: MailServer) -> Reply:
    return _begin(ask, "PLAIN", f"\0{server.username}\0{server.password}")


def _login(ask: Ask, server: MailServer) -> Reply:
    reply = ask(b"AUTH LOGIN\r\n")
    for answer in (server.username, server.password):
        if reply.code != CONTINUE:
            break
        reply = ask(_base64(answer) + b"\r\n")
    return reply


def _xoauth2(ask: Ask, server: MailServer) -> Reply:
    """https://developers.google.com/gmail/imap/xoauth2-protocol. A token that was fetched earlier gets a second try."""
    if server.oauth is None:
        return _with_token(ask, server, server.password)
    token = access_token(server, server.oauth)
    reply = _with_token(ask, server, token)
    if reply.code == REFUSED:
        reply = _with_token(ask, server, access_token(server, server.oauth, refused=token))
    return reply


def _with_token(ask: Ask, server: MailServer, token: str) -> Reply:
    reply = _begin(ask, "XOAUTH2", f"user={server.username}\1auth=Bearer {token}\1\1")
    if reply.code == CONTINUE:  # details of the refusal, which comes after an empty answer
        reply = ask(b"\r\n")
    return reply


def _begin(ask: Ask, mechanism: str, secret: str) -> Reply:
    """The first answer, with the command or after it."""
    encoded = _base64(secret)
    whole = b"AUTH %b %b\r\n" % (mechanism.encode(), encoded)
    if len(whole) <= LONGEST_COMMAND:
        return ask(whole)
    reply = ask(b"AUTH %b\r\n" % mechanism.encode())
    return ask(encoded + b"\r\n") if reply.code == CONTINUE else reply


def _base64(text: str) -> bytes:
    return base64.b64encode(text.encode())


MECHANISMS: dict[str, Callable[[Ask, MailServer], Reply]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "XOAUTH2": _xoauth2,
}
