"""Requests to X through tweepy, which signs them. Only `client.py` imports this, and late: tweepy is large.

tweepy's `Client` has no time-out and a fixed host, repeats nothing unless told to, and reads an error's body without care.
The adapter on its session gives each request its time-outs within the deadline, leads it to the channel's own `api_url`
(signed for X's address all the same), and keeps the answer as it came for `errors.py`.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any

import requests
import tweepy
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from publisher.core import clock
from publisher.core.errors import ChannelDown, OtherSideError, Retry, Unknown
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account, Pace
from publisher.social.networks.x.errors import error_of, pace

HOST = "https://api.twitter.com"
"""tweepy's, which X answers as api.x.com."""
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
WHOLE_SECONDS = 55.0
LONGEST_ANSWER = 4 * 1024 * 1024

CREDENTIALS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
_LOCAL = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")


class Session:
    """A few requests for one account, all together within `WHOLE_SECONDS`. Use as a context manager."""

    def __init__(self, account: Account) -> None:
        given = account.settings.get("timeout_seconds")
        seconds = float(given) if isinstance(given, int | float) and given > 0 else ANSWER_SECONDS
        self._stop_at = time.monotonic() + WHOLE_SECONDS
        self._adapter = _Adapter(_base(account), min(seconds, ANSWER_SECONDS), self._stop_at)
        self._client = tweepy.Client(**_credentials(account), wait_on_rate_limit=False)
        session = self._client.session
        session.trust_env = False
        session.max_redirects = 0
        session.headers["Accept-Encoding"] = "identity"
        session.mount("https://", self._adapter)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.session.close()

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self._stop_at - time.monotonic()

    @property
    def pace(self) -> Pace | None:
        """What the last answer says of X's rate limits."""
        return pace(self._adapter.answer.headers, clock.now()) if self._adapter.answer else None

    def ask(
        self,
        method: str,
        route: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The JSON object of a success, {} for an empty one. Raises one of the four errors.

        `Retry` only when nothing can have left, or X says that it did nothing; `Unknown` for whatever is not clear.
        """
        return _read(self._exchange(method, route, params, body))

    def remove(self, route: str) -> dict[str, Any] | None:
        """DELETE; None when there is nothing (any more). Raises as `ask`."""
        try:
            return _read(self._exchange("DELETE", route))
        except OtherSideError:
            if self._adapter.answer and self._adapter.answer.status in (404, 410):
                return None
            raise

    def _exchange(
        self,
        method: str,
        route: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        self._adapter.answer = None
        try:
            self._client.request(method, route, params=params, json=body, user_auth=True)
        except (tweepy.HTTPException, requests.TooManyRedirects):
            pass  # `error_of` reads the answer that the adapter kept: an error, or a redirect that is not followed
        except requests.RequestException as error:
            raise _no_answer(error) from error
        answer = self._adapter.answer
        if answer is None:
            raise Unknown("X gave no answer.")
        if refused := error_of(answer, clock.now()):
            raise refused
        return answer


class _Adapter(HTTPAdapter):
    """See the module. `answer` is the last one, whole."""

    def __init__(self, base: str, seconds: float, stop_at: float) -> None:
        self._base, self._seconds, self._stop_at = base, seconds, stop_at
        self._sockets: list[socket.socket] = []
        self.answer: Answer | None = None
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _watched_pools(self._sockets)

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        left = self._stop_at - time.monotonic()
        if left <= 0:
            raise requests.ConnectTimeout("the time for this post is over")
        request.url = self._base + str(request.url).removeprefix(HOST)
        timeout = (min(CONNECT_SECONDS, left), min(self._seconds, left))
        # A time-out for each read does not stop a trickle, which would outlive the lease of the post.
        watch = threading.Timer(min(left, CONNECT_SECONDS + self._seconds), self._cut)
        watch.daemon = True
        watch.start()
        try:
            # Always as a stream: the body is read here, within its bound.
            response = super().send(request, **options | {"timeout": timeout, "stream": True})
            body = _body(response)
        finally:
            watch.cancel()
        headers = {name.lower(): value for name, value in response.headers.items()}
        self.answer = Answer(response.status_code, headers, body)
        # tweepy stumbles over errors of an unknown form and over a reset that is no number. It needs neither.
        response.raw = io.BytesIO(body if response.ok else b"")
        response.headers = CaseInsensitiveDict(
            {name: value for name, value in headers.items() if name != "x-rate-limit-reset"}
        )
        return response

    def _cut(self) -> None:
        """End the exchange that takes too long: its reader finds the connection closed."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                # Not the one of TLS, which would first change what the reader is using.
                socket.socket.shutdown(each, socket.SHUT_RDWR)


def _watched_pools(sockets: list[socket.socket]) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections leave their sockets in `sockets`."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _body(response: requests.Response) -> bytes:
    """Within a bound of size."""
    body = bytearray()
    try:
        while chunk := response.raw.read1(65536, decode_content=True):
            body += chunk
            if len(body) > LONGEST_ANSWER:
                raise requests.ReadTimeout("the answer had no end")
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError("the answer broke off") from error
    finally:
        response.raw.close()
    return bytes(body)


def _no_answer(error: requests.RequestException) -> OtherSideError:
    """Only what failed before a byte of the request was on its way may be tried again."""
    if isinstance(error, requests.ConnectTimeout):
        return Retry("X cannot be reached: connecting took too long.")
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return Retry("X cannot be reached: no connection.")
    if isinstance(error, requests.exceptions.SSLError) and _is_certificate(cause):
        return Retry("X cannot be reached: its certificate is not trusted on this machine.")
    return Unknown(f"X took the request and gave no answer ({type(error).__name__}).")


def _is_certificate(cause: object) -> bool:
    """The handshake was given up by us, so that nothing was sent."""
    inner = cause.args[0] if isinstance(cause, Exception) and cause.args else None
    return isinstance(cause, ssl.SSLCertVerificationError) or isinstance(inner, ssl.SSLCertVerificationError)


def _read(answer: Answer) -> dict[str, Any]:
    if not answer.body.strip():
        return {}
    try:
        found = json.loads(answer.body)
    except ValueError as error:
        raise Unknown("X's answer cannot be read.") from error
    if not isinstance(found, dict):
        raise Unknown("X's answer cannot be read.")
    return found


def _base(account: Account) -> str:
    url = str(account.settings.get("api_url") or HOST).rstrip("/")
    if not url.startswith(("https://", *_LOCAL)):
        raise ChannelDown("The channel's `api_url` must begin with https://, or be on this machine.")
    return url


def _credentials(account: Account) -> dict[str, str]:
    found = {name: str(account.credentials.get(name) or "").strip() for name in CREDENTIALS}
    if missing := [name for name, value in found.items() if not value]:
        raise ChannelDown(
            f"The channel's credentials lack {', '.join(missing)}: copy them from developer.x.com."
        )
    return found
