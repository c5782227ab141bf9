"""The way to a Mastodon server: Mastodon.py over a session of ours, which sees every answer before the library does.

The library wraps whatever goes wrong in its own errors, follows redirects and reads without end; here each request ends in time
(`networks/bounded.py`), and each answer is told by `errors.py`. Imported by `client.py` only, when it sends.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from mastodon import Mastodon
from mastodon.errors import MastodonError, MastodonNetworkError

from publisher.core.errors import ChannelDown, OtherSideError, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import server_time
from publisher.social.networks.base import Account, Pace
from publisher.social.networks.bounded import BoundedAdapter
from publisher.social.networks.mastodon.errors import error_of, pace

T = TypeVar("T")

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0
WHOLE_SECONDS = 50.0
LONGEST_ANSWER = 4 * 1024 * 1024
VERSION = "4.0.0"
"""What the library takes the server for, so that it does not ask for it before each upload."""

_UNUSABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
    UnicodeError,
)
# The library reads these too, and fails on a time that it cannot read although the request was done.
_NOT_FOR_THE_LIBRARY = ("X-RateLimit-Reset", "X-RateLimit-Remaining", "X-RateLimit-Limit", "Link")


class Api:
    """The library for one account, for the requests of one call. Use as a context manager."""

    def __init__(self, account: Account) -> None:
        self._session = _Session(_seconds(account))
        self._library = Mastodon(
            access_token=str(account.credentials.get("access_token") or ""),
            api_base_url=address(account),
            ratelimit_method="throw",
            mastodon_version=VERSION,
            version_check_mode="created",
            session=self._session,  # type: ignore[arg-type]  # it calls `request` only
            user_agent="Publisher",
        )

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(self, question: Callable[[Mastodon], T]) -> T:
        """One request through the library. Raises `OtherSideError`, `Unknown` for an answer that cannot be understood."""
        try:
            return question(self._library)
        except MastodonNetworkError as error:
            if isinstance(error.__context__, OtherSideError):
                raise error.__context__ from None
            raise Unknown(gettext_noop("The Mastodon server took the request and gave no answer.")) from None
        except (MastodonError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unknown(gettext_noop("The Mastodon server's answer cannot be understood.")) from error

    @property
    def seconds_left(self) -> float:
        return self._session.until - time.monotonic()

    @property
    def server_now(self) -> datetime:
        """The server's clock at its last answer; ours, where it did not say."""
        return self._session.server_now or datetime.now(UTC)

    @property
    def told_a_list(self) -> bool:
        """Whether the last success was a list. The library makes an empty one of what is none."""
        return self._session.told_a_list

    @property
    def pace(self) -> Pace | None:
        """What the last success says of the server's rate limit."""
        return self._session.pace


class _Session:
    """What the library takes for a `requests.Session`."""

    def __init__(self, seconds: float) -> None:
        self._session = requests.Session()
        # No .netrc and no proxy of the environment: the token goes to the channel's address only.
        self._session.trust_env = False
        self.until = time.monotonic() + WHOLE_SECONDS
        self._adapter = BoundedAdapter(
            until=self.until, connect=CONNECT_SECONDS, answer=seconds, longest=LONGEST_ANSWER
        )
        self._session.mount("https://", self._adapter)
        self._session.mount("http://", self._adapter)
        self.server_now: datetime | None = None
        self.pace: Pace | None = None
        self.told_a_list = False

    def close(self) -> None:
        self._session.close()

    def request(self, method: str, url: str, **given: Any) -> requests.Response:
        """Send, read within bounds, and raise what the answer means."""
        left = self.until - time.monotonic()
        if left < 1:
            raise Retry(gettext_noop("The Mastodon server was too slow before the request could be made."))
        given |= {
            "allow_redirects": False,
            "headers": {**given.get("headers", {}), "Accept-Encoding": "identity"},
        }
        try:
            response = self._session.request(method, url, **given)
        except _UNUSABLE as error:
            # The error would quote the header, and with it the token.
            kind = type(error).__name__
            raise ChannelDown(
                gettext_noop("The channel's address or token cannot be used (%(kind)s).") % {"kind": kind}
            ) from None
        except requests.RequestException as error:
            kind = type(error).__name__
            if _never_left(error):
                raise Retry(
                    gettext_noop("The Mastodon server %(hostname)s cannot be reached (%(kind)s).")
                    % {"hostname": urlsplit(url).hostname, "kind": kind}
                ) from None
            raise Unknown(
                gettext_noop("The Mastodon server took the request and gave no answer (%(kind)s).")
                % {"kind": kind}
            ) from None
        answer = self._adapter.exchanged
        if answer is None:
            raise Unknown(gettext_noop("The Mastodon server gave no answer."))
        self.server_now = server_time(answer.headers)
        if refused := error_of(answer, datetime.now(UTC)):
            raise refused
        self.pace = pace(answer.headers, datetime.now(UTC))
        self.told_a_list = _is_list(answer.body)
        for name in _NOT_FOR_THE_LIBRARY:
            response.headers.pop(name, None)
        return response


def address(account: Account) -> str:
    """The server's base address. Raises `ChannelDown`; a token never travels in the clear but on this machine."""
    url = str(account.settings.get("url") or "").rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("https", "http") or parts.username or parts.query or parts.fragment:
        raise ChannelDown(
            gettext_noop(
                "The channel's settings name no `url` of a Mastodon server, such as https://mastodon.example."
            )
        )
    if parts.scheme == "http" and host not in ("127.0.0.1", "localhost", "::1"):
        raise ChannelDown(
            gettext_noop(
                "The channel's `url` must begin with https://: the token would be readable on the way."
            )
        )
    if not account.credentials.get("access_token"):
        raise ChannelDown(
            gettext_noop("The channel has no `access_token`: make one on its server and put it in.")
        )
    return url


def _seconds(account: Account) -> float:
    given = account.settings.get("timeout_seconds")
    seconds = float(given) if isinstance(given, int | float) and given > 0 else ANSWER_SECONDS
    return min(seconds, ANSWER_SECONDS)


def _never_left(error: requests.RequestException) -> bool:
    """Whether no byte of the request was on its way: no connection, no name, or a certificate that is not the server's."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.SSLError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _is_list(body: bytes) -> bool:
    """Of a list or an object in JSON; raises `Unknown` for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict | list):
        raise Unknown(gettext_noop("The Mastodon server's answer cannot be read."))
    return isinstance(found, list)
