"""One request to LinkedIn, by `networks/wire.py`: to a checked address, ended in time, no retry, no redirect.

What failed before a byte left is `Retry`; whatever is lost later is `Unknown`, which `publishes_nothing` turns into `Retry`
for requests that only prepare or look. What an answer means is in `errors.py`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from publisher.core.errors import ChannelDown, Retry
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account
from publisher.social.networks.wire import CutShort, Request, ask

API = "https://api.linkedin.com"
VERSION = "202607"
"""LinkedIn switches each version off a year after its month: July 2026 lasts until July 2027."""

ANSWER_SECONDS = 10.0
"""Of one request, its connection and its answer; an upload may take twice as long."""
WHOLE_SECONDS = 55.0
LONGEST_ANSWER = 4 * 1024 * 1024


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
        self,
        method: str,
        url: str,
        *,
        content: bytes | None,
        headers: Mapping[str, str],
        bearer: bool,
        upload: bool = False,
    ) -> Answer:
        """A request to anywhere. `bearer`: with the account's token. What names the new post is proof also without a body."""
        token = str(self.account.credentials.get("access_token") or "")
        if bearer and not token:
            raise ChannelDown(gettext_noop("The channel's credentials hold no `access_token`."))
        everything = {**headers, **({"Authorization": f"Bearer {token}"} if bearer else {})}
        request = Request(method, url, everything, content=content)
        try:
            answer = ask(request, until=self._until(upload=upload), longest=LONGEST_ANSWER)
        except CutShort as error:
            if error.answer.status != 201 or not error.answer.headers.get("x-restli-id"):
                raise
            return error.answer
        return Answer(answer.status, answer.headers, _without(token, answer.body))

    @property
    def api(self) -> str:
        """The address of the API, without a slash at its end."""
        return address(self.account.settings.get("api"), API)

    def is_linkedin(self, url: str) -> bool:
        """Whether the token may go there."""
        given, api = urlsplit(url), urlsplit(self.api)
        is_theirs = given.scheme == "https" and (given.hostname or "").endswith(".linkedin.com")
        return is_theirs or (given.scheme, given.netloc) == (api.scheme, api.netloc)

    def _until(self, *, upload: bool) -> float:
        """When the next request ends, on the monotonic clock."""
        given = self.account.settings.get("timeout_seconds")
        seconds = float(given) if isinstance(given, int | float) and given > 0 else ANSWER_SECONDS
        if self.spent > WHOLE_SECONDS - 1:
            raise Retry(gettext_noop("There was no time left for this request."))
        return min(
            time.monotonic() + min(seconds, ANSWER_SECONDS) * (2 if upload else 1), self.began + WHOLE_SECONDS
        )


def address(given: object, usual: str) -> str:
    """A setting that names a server. Raises `ChannelDown`."""
    url = str(given or usual).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ChannelDown(gettext_noop("The channel's setting `api` must be the address of a server."))
    return url


def _without(token: str, body: bytes) -> bytes:
    return body.replace(token.encode("utf-8", "replace"), b"(token)") if token else body
