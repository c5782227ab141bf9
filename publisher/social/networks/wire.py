"""One HTTP request of a network that is reached without a library: to a checked address, ended by a moment, its answer bounded.

Nothing is repeated, no redirect is followed, no proxy of the environment is used. No error's text holds the address, which may
hold a token: only the host's name.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from publisher.core.deadline import DeadlineTransport
from publisher.core.errors import ChannelDown, Rejected, Retry, Unknown
from publisher.core.fetch import USER_AGENT, checked_address
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import LONGEST_WAIT, Answer, bounded

LONGEST_ANSWER = 256 * 1024

USUAL_WAIT = timedelta(minutes=1)
"""When a 429 names no time."""

# Raised before a byte of the request is on its way; the handshake of TLS is part of connecting.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNUSABLE = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True)
class File:
    """A file of a form."""

    name: str
    data: bytes = field(repr=False)
    type: str


@dataclass(frozen=True)
class Request:
    """`form` with `files` makes a multipart request, `content` goes out as it is. `headers` come in addition to the usual.
    Any of them but the method may hold a secret, so none is shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, File] = field(default_factory=dict)


class CutShort(Unknown):
    """An answer began and did not end. `answer` is its beginning, without the body: its status and headers came whole."""

    def __init__(self, reason: str, answer: Answer) -> None:
        super().__init__(reason)
        self.answer = answer


def ask(request: Request, *, until: float, longest: int = LONGEST_ANSWER) -> Answer:
    """Send it, and read the answer until `until` (monotonic seconds), at most `longest` bytes of it.

    Raises `Retry` (certainly not sent), `ChannelDown` (the address cannot be used, or is private and PUBLISHER_FETCH_ALLOW does
    not name it), `Unknown` (sent, or partly, without an answer that can be read), of that `CutShort` where the answer had begun.
    """
    url, host, headers = _pinned(request, until)
    files = {key: (file.name, file.data, file.type) for key, file in request.files.items()}
    with httpx.Client(transport=DeadlineTransport(until), trust_env=False) as client:
        try:
            built = client.build_request(
                request.method,
                url,
                headers=headers,
                content=request.content,
                data=dict(request.form) or None,
                files=files or None,
                extensions={"sni_hostname": host},
            )
        except (*_UNUSABLE, ValueError) as error:
            raise _unusable(error) from None
        return _sent(client, built, host, longest)


def _sent(client: httpx.Client, request: httpx.Request, host: str, longest: int) -> Answer:
    try:
        answer = client.send(request, stream=True, follow_redirects=False)
        try:
            return _whole(answer, host, longest)
        finally:
            answer.close()
    except _NEVER_LEFT as error:
        raise Retry(
            gettext_noop("%(host)s cannot be reached: %(said)s.") % {"host": host, "said": _said(error)}
        ) from error
    except _UNUSABLE as error:
        raise _unusable(error) from None
    except httpx.HTTPError as error:
        raise Unknown(
            gettext_noop("%(host)s took the request and gave no answer: %(said)s.")
            % {"host": host, "said": _said(error)}
        ) from error


def _unusable(error: Exception) -> ChannelDown:
    """Without the error's text: it would quote the address or a header, and with it the token."""
    return ChannelDown(
        gettext_noop("The channel's address or token cannot be used (%(name)s).")
        % {"name": type(error).__name__}
    )


def wait_of(named: object) -> timedelta:
    """How long the network asks to wait: seconds as a number or text, held within bounds; else the usual."""
    try:
        seconds = float(named) if isinstance(named, int | float | str) else -1.0
    except ValueError:
        return USUAL_WAIT
    if not 0 <= seconds < float("inf"):
        return USUAL_WAIT
    return bounded(timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds())))


def time_left(seconds: float) -> float:
    """The moment that is `seconds` away, for `until`."""
    return time.monotonic() + seconds


def _pinned(request: Request, until: float) -> tuple[str, str, dict[str, str]]:
    """The address by the very IP that was checked, the host's name, and all headers."""
    try:
        parts = urlsplit(request.url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ChannelDown(gettext_noop("The channel's address cannot be used.")) from None
    if parts.scheme not in ("http", "https") or not host:
        raise ChannelDown(gettext_noop("The channel's address is no http or https address."))
    if parts.username is not None:
        raise ChannelDown(gettext_noop("The channel's address holds a user name: it must have none."))
    port = port or (443 if parts.scheme == "https" else 80)
    if parts.scheme == "http" and f"{host}:{port}" not in settings.FETCH_ALLOW:
        raise ChannelDown(
            gettext_noop(
                "The channel's address must begin with https, or PUBLISHER_FETCH_ALLOW name %(host)s:%(port)s."
            )
            % {"host": host, "port": port}
        )
    try:
        address = checked_address(host, port, settings.FETCH_ALLOW, until=until)
    except Rejected as error:
        raise ChannelDown(error.reason) from None
    except UnicodeError:
        raise ChannelDown(gettext_noop("The channel's address names no host that can be.")) from None
    literal = f"[{address}]" if ":" in address else address
    url = parts._replace(netloc=f"{literal}:{port}", fragment="").geturl()
    usual = {"Host": parts.netloc, "User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    return url, host, {**usual, **request.headers}


def _whole(answer: httpx.Response, host: str, longest: int) -> Answer:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    begun, body = Answer(answer.status_code, headers), bytearray()
    try:
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > longest:
                raise CutShort(gettext_noop("%(host)s's answer had no end.") % {"host": host}, begun)
    except httpx.HTTPError as error:
        raise CutShort(
            gettext_noop("%(host)s's answer broke off: %(said)s.") % {"host": host, "said": _said(error)},
            begun,
        ) from error
    return Answer(answer.status_code, headers, bytes(body))


def _said(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
