"""One request to LinkedIn: a connection of its own, a time-out on each wait, no retry, no redirect.

What failed before a byte left is `Retry`; whatever is lost later is `Unknown`, which `publishes_nothing` turns into `Retry`
for requests that only prepare or look. What an answer means is in `errors.py`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from publisher.core.errors import ChannelDown, Retry, Unknown
from publisher.core.tls import trusted
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account

API = "https://api.linkedin.com"
VERSION = "202607"
"""LinkedIn switches each version off a year after its month: July 2026 lasts until July 2027."""

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
WHOLE_SECONDS = 45.0
"""When no further request begins; one that has begun may take 15 more."""
LONGEST_ANSWER = 4 * 1024 * 1024

# Raised before a byte of the request is on its way.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNUSABLE = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True)
class Wire:
    """An account's way to LinkedIn, for the time of one call of ours."""

    account: Account
    began: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds since the call began."""
        return time.monotonic() - self.began

    def ask(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, restli: str = ""
    ) -> Answer:
        """A request to the API. `restli` is the method's name in Rest.li, where HTTP's does not say it."""
        headers = {
            "LinkedIn-Version": str(self.account.settings.get("linkedin_version") or VERSION),
            "X-Restli-Protocol-Version": "2.0.0",
        }
        headers |= {"X-RestLi-Method": restli} if restli else {}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        return self.send(method, self.api + path, content=content, headers=headers, bearer=True)

    def send(
        self, method: str, url: str, *, content: bytes | None, headers: Mapping[str, str], bearer: bool
    ) -> Answer:
        """A request to anywhere. `bearer`: with the account's token."""
        token = str(self.account.credentials.get("access_token") or "")
        if bearer and not token:
            raise ChannelDown("The channel's credentials hold no `access_token`.")
        everything = {
            **headers,
            **({"Authorization": f"Bearer {token}"} if bearer else {}),
            "Accept-Encoding": "identity",
        }
        try:
            with (
                httpx.Client(timeout=self._timeout(), verify=trusted(), trust_env=False) as client,
                client.stream(method, url, content=content, headers=everything) as answer,
            ):
                body = self._read(answer)
                return Answer(answer.status_code, dict(answer.headers), _without(token, body))
        except _NEVER_LEFT as error:
            raise Retry(f"LinkedIn cannot be reached: {_said(error)}.") from error
        except (*_UNUSABLE, UnicodeError) as error:
            # The error would quote the header, and with it the token.
            raise ChannelDown(
                f"The channel's token, version or address cannot be used ({type(error).__name__})."
            ) from None
        except httpx.HTTPError as error:
            raise Unknown(f"LinkedIn took the request and gave no answer: {_said(error)}.") from error

    @property
    def api(self) -> str:
        """The address of the API, without a slash at its end."""
        return address(self.account.settings.get("api"), API)

    def is_linkedin(self, url: str) -> bool:
        """Whether the token may go there."""
        host = urlsplit(url).hostname or ""
        return host.endswith(".linkedin.com") or host == urlsplit(self.api).hostname

    def _timeout(self) -> httpx.Timeout:
        given = self.account.settings.get("timeout_seconds")
        seconds = float(given) if isinstance(given, int | float) and given > 0 else ANSWER_SECONDS
        left = WHOLE_SECONDS - self.spent
        if left < 1:
            raise Retry("There was no time left for this request.")
        return httpx.Timeout(min(seconds, ANSWER_SECONDS, left), connect=min(CONNECT_SECONDS, left))

    def _read(self, answer: httpx.Response) -> bytes:
        """The body, within a bound of size and of time. An answer that names the new post is proof without one."""
        body = bytearray()
        try:
            for chunk in answer.iter_raw():
                body += chunk
                if len(body) > LONGEST_ANSWER or self.spent > WHOLE_SECONDS:
                    raise httpx.ReadTimeout("the answer had no end")
        except httpx.HTTPError:
            if answer.status_code != 201 or not answer.headers.get("x-restli-id"):
                raise
        return bytes(body)


@contextmanager
def publishes_nothing() -> Iterator[None]:
    """Around requests that may be made again whatever became of them."""
    try:
        yield
    except Unknown as error:
        raise Retry(error.reason) from error


def address(given: object, usual: str) -> str:
    """A setting that names a server. Raises `ChannelDown`."""
    url = str(given or usual).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ChannelDown("The channel's setting `api` must be the address of a server.")
    return url


def _without(token: str, body: bytes) -> bytes:
    return body.replace(token.encode("utf-8", "replace"), b"(token)") if token else body


def _said(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
