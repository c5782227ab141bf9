"""Requests to X through tweepy, which signs them. Only `client.py` imports this, and late: tweepy is large.

tweepy's `Client` has no time-out and a fixed host, repeats nothing unless told to, and reads an error's body without care.
The adapter on its session (`networks/bounded.py`) ends each request in time and keeps the answer as it came for `errors.py`; here
it also leads requests to the channel's own `api_url`, signed for X's address all the same.
"""

from __future__ import annotations

import io
import logging
import ssl
import time
from collections.abc import Mapping
from typing import Any

import requests
import tweepy
import urllib3
from requests.structures import CaseInsensitiveDict

from publisher.core import clock
from publisher.core.errors import ChannelDown, OtherSideError, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account, Pace
from publisher.social.networks.bounded import BoundedAdapter
from publisher.social.networks.x.errors import error_of, pace

HOST = "https://api.twitter.com"
"""tweepy's, which X answers as api.x.com."""
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
WHOLE_SECONDS = 55.0
LONGEST_ANSWER = 4 * 1024 * 1024

CREDENTIALS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
# At the level “debug” they would write down each request's signed header, and with it the access token.
for _library in ("oauthlib", "requests_oauthlib", "tweepy"):
    logging.getLogger(_library).setLevel(logging.WARNING)

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
        answer = self._adapter.exchanged
        return pace(answer.headers, clock.now()) if answer else None

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
            answer = self._adapter.exchanged
            if answer and answer.status in (404, 410):
                return None
            raise

    def _exchange(
        self,
        method: str,
        route: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        try:
            self._client.request(method, route, params=params, json=body, user_auth=True)
        except (tweepy.HTTPException, requests.TooManyRedirects):
            pass  # `error_of` reads the answer that the adapter kept: an error, or a redirect that is not followed
        except requests.RequestException as error:
            raise _no_answer(error) from error
        answer = self._adapter.exchanged
        if answer is None:
            raise Unknown(gettext_noop("X gave no answer."))
        if refused := error_of(answer, clock.now()):
            raise refused
        return answer


class _Adapter(BoundedAdapter):
    """See the module."""

    def __init__(self, base: str, seconds: float, stop_at: float) -> None:
        self._base = base
        super().__init__(until=stop_at, connect=CONNECT_SECONDS, answer=seconds, longest=LONGEST_ANSWER)

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        request.url = self._base + str(request.url).removeprefix(HOST)
        response = super().send(request, **options)
        # tweepy stumbles over errors of an unknown form and over a reset that is no number. It needs neither.
        if not response.ok:
            response.raw = io.BytesIO()
        response.headers = CaseInsensitiveDict(
            {name: value for name, value in response.headers.items() if name.lower() != "x-rate-limit-reset"}
        )
        return response


def _no_answer(error: requests.RequestException) -> OtherSideError:
    """Only what failed before a byte of the request was on its way may be tried again."""
    if isinstance(error, requests.ConnectTimeout):
        return Retry(gettext_noop("X cannot be reached: connecting took too long."))
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return Retry(gettext_noop("X cannot be reached: no connection."))
    if isinstance(error, requests.exceptions.SSLError) and _is_certificate(cause):
        return Retry(gettext_noop("X cannot be reached: its certificate is not trusted on this machine."))
    return Unknown(
        gettext_noop("X took the request and gave no answer (%(name)s).") % {"name": type(error).__name__}
    )


def _is_certificate(cause: object) -> bool:
    """The handshake was given up by us, so that nothing was sent."""
    inner = cause.args[0] if isinstance(cause, Exception) and cause.args else None
    return isinstance(cause, ssl.SSLCertVerificationError) or isinstance(inner, ssl.SSLCertVerificationError)


def _read(answer: Answer) -> dict[str, Any]:
    if not answer.body.strip():
        return {}
    found = answer.json()
    if found is None:
        raise Unknown(gettext_noop("X's answer cannot be read."))
    return found


def _base(account: Account) -> str:
    url = str(account.settings.get("api_url") or HOST).rstrip("/")
    if not url.startswith(("https://", *_LOCAL)):
        raise ChannelDown(
            gettext_noop("The channel's `api_url` must begin with https://, or be on this machine.")
        )
    return url


def _credentials(account: Account) -> dict[str, str]:
    found = {name: str(account.credentials.get(name) or "").strip() for name in CREDENTIALS}
    if missing := [name for name, value in found.items() if not value]:
        raise ChannelDown(
            gettext_noop("The channel's credentials lack %(missing)s: copy them from developer.x.com.")
            % {"missing": ", ".join(missing)}
        )
    return found
