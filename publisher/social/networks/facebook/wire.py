"""Requests to the Graph API for one account: the token in a header, each with its time-out and its share of the whole.

What an answer means is in `errors.py`. No error's text holds the token, the app's secret or an address.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from publisher.core.errors import ChannelDown, OtherSideError, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account, Pace
from publisher.social.networks.facebook.errors import error_of, pace
from publisher.social.networks.wire import File, Request, ask

API = "https://graph.facebook.com"
VERSION = "v26.0"
"""Facebook keeps a version for about two years."""

ANSWER_SECONDS = 20.0
WHOLE_SECONDS = 55.0
LONGEST_ANSWER = 4 * 1024 * 1024
"""Bytes: a page of posts with their texts, in which a Chinese character takes six."""

_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}")
_PAGE = re.compile(r"[0-9]{1,30}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,2000}")


class Graph:
    """The way to the API for the requests of one call. Raises `ChannelDown` for settings that cannot be used."""

    def __init__(self, account: Account) -> None:
        self.page = str(account.settings.get("page") or "").strip()
        if not _PAGE.fullmatch(self.page):
            raise ChannelDown(
                gettext_noop(
                    "The channel's settings name no `page`: the number of the Facebook page (About, Page transparency)."
                )
            )
        self._token = str(account.credentials.get("access_token") or "").strip()
        if not _TOKEN.fullmatch(self._token):
            raise ChannelDown(gettext_noop("The channel's credentials hold no `access_token` of the page."))
        version = str(account.settings.get("graph_version") or VERSION)
        if not _VERSION.fullmatch(version):
            raise ChannelDown(
                gettext_noop("The channel's setting `graph_version` must be like %(version)s.")
                % {"version": VERSION}
            )
        self._base = f"{str(account.settings.get('api') or API).rstrip('/')}/{version}"
        self._app = (
            str(account.credentials.get("app_id") or "").strip(),
            str(account.credentials.get("app_secret") or "").strip(),
        )
        given = account.settings.get("timeout_seconds")
        seconds = float(given) if isinstance(given, int | float) and given > 0 else ANSWER_SECONDS
        self._seconds = min(seconds, ANSWER_SECONDS)
        self._stop_at = time.monotonic() + WHOLE_SECONDS
        self.pace: Pace | None = None
        """What the last success says of the limits."""

    @property
    def left(self) -> float:
        """Seconds until no request begins any more."""
        return self._stop_at - time.monotonic()

    def ask(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        file: File | None = None,
        token: str = "",
    ) -> dict[str, Any]:
        """One request; the object of a success. `fields` are the form of a POST, else the query; `file` is sent as `source`.

        `token`: another than the page's. Raises as `Network.publish`.
        """
        if self.left < 1:
            raise Retry(gettext_noop("There was no time left for this request."))
        bearer = token or self._token
        given = {**(fields or {}), **self._proof(bearer)}
        url, posts = self._base + path, method == "POST"
        if given and not posts:
            url = f"{url}?{urlencode(given)}"
        headers = {"Authorization": f"Bearer {bearer}"}
        files = {"source": file} if file else {}
        request = Request(method, url, headers, form=given if posts else {}, files=files)
        try:
            answer = ask(
                request,
                until=time.monotonic() + min(self._seconds, self.left),
                longest=LONGEST_ANSWER,
            )
            found = _read(answer)
            self.pace = pace(answer)
            return found
        except OtherSideError as error:
            error.reason = self._without_secrets(error.reason, bearer)
            error.args = (error.reason,)
            raise

    def app_token(self) -> str:
        """What stands for the app itself; "" where its id and secret are not given."""
        return "|".join(self._app) if all(self._app) else ""

    def inspected(self) -> dict[str, Any]:
        """What Facebook knows of the page's token, asked in the app's name."""
        asked = {"input_token": self._token}
        return self.ask("GET", "/debug_token", asked, token=self.app_token())

    def _proof(self, bearer: str) -> dict[str, str]:
        """Shows that whoever holds the token is the app: an app may demand it of each request."""
        secret = self._app[1]
        if not secret:
            return {}
        made = hmac.new(secret.encode(), bearer.encode(), hashlib.sha256).hexdigest()
        return {"appsecret_proof": made}

    def _without_secrets(self, text: str, bearer: str) -> str:
        for secret in filter(None, (bearer, self._token, self._app[1])):
            text = text.replace(secret, "…")
        return text


def _read(answer: Answer) -> dict[str, Any]:
    if error := error_of(answer):
        raise error
    found = answer.json()
    if found is None:
        raise Unknown(gettext_noop("Facebook's answer cannot be read."))
    return found
