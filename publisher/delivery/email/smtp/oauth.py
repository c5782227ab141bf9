"""Access tokens for XOAUTH2 (RFC 6749): fetched from the authority with a refresh token, or for the client itself.

They live in this process's memory only, until shortly before they expire. Called by auth.py, and by who reads mailboxes. A
refresh token that its authority changed lives there, too: who has a place to keep it asks for it (`newest_refresh`).
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import httpx
from django.utils.translation import gettext_noop

from publisher.core.errors import ChannelDown, Retry
from publisher.delivery.email.headers import clean
from publisher.delivery.email.smtp.url import MailServer, OAuth

TIMEOUT = 15.0
MARGIN = 60.0
"""Seconds before its end at which a token is not used any more."""

SHORTEST = 300.0
"""Seconds that a token is used of which it is not said how long it holds."""

_TOKEN = re.compile(r"[\x21-\x7e]+\Z")


@dataclass(frozen=True)
class _Token:
    access: str
    until: float
    refresh: str


_tokens: dict[MailServer, _Token] = {}
_lock = threading.Lock()


def access_token(server: MailServer, oauth: OAuth, *, refused: str = "") -> str:
    """A token that holds; another than `refused`, which the server did not take.

    Raises Retry when the authority cannot be asked now, ChannelDown when it refuses. Neither repeats a secret.
    """
    with _lock:
        known = _tokens.get(server)
        if known is None or known.access == refused or time.monotonic() >= known.until:
            former = known.refresh if known else server.password
            known = _tokens[server] = _fetch(oauth, former)
            if known.refresh != former:  # who kept it asks with it from now on, and need not fetch anew
                if former != server.password:
                    _tokens.pop(replace(server, password=former), None)
                _tokens[replace(server, password=known.refresh)] = known
        return known.access


def newest_refresh(server: MailServer) -> str:
    """The refresh token that the authority gave last to who had `server.password` at first."""
    with _lock:
        known = _tokens.get(server)
        return known.refresh if known else server.password


def _fetch(oauth: OAuth, refresh: str) -> _Token:
    """One request. An authority that changes the refresh token with each use gives the next one with it."""
    form = {"client_id": oauth.client_id}
    form |= (
        {"grant_type": "refresh_token", "refresh_token": refresh}
        if refresh
        else {"grant_type": "client_credentials"}
    )
    form |= {"client_secret": oauth.client_secret} if oauth.client_secret else {}
    form |= {"scope": oauth.scope} if oauth.scope else {}
    host = httpx.URL(oauth.token_url).host
    try:
        answer = httpx.post(
            oauth.token_url, data=form, headers={"Accept": "application/json"}, timeout=TIMEOUT
        )
    except httpx.HTTPError as error:
        raise Retry(
            gettext_noop("No access token from %(host)s: it cannot be reached (%(name)s).")
            % {"host": host, "name": type(error).__name__}
        ) from error
    body = _json(answer)
    if answer.status_code != 200:
        said = clean(f"{answer.status_code} {body.get('error', '')} {body.get('error_description', '')}")[
            :300
        ]
        for secret in filter(None, (refresh, oauth.client_secret)):
            said = said.replace(secret, "…")
        passing = answer.status_code == 429 or answer.status_code >= 500
        raise (Retry if passing else ChannelDown)(
            gettext_noop("No access token from %(host)s: it answered %(said)s.")
            % {"host": host, "said": said}
        )
    access, lasts = body.get("access_token"), body.get("expires_in")
    if not isinstance(access, str) or not _TOKEN.match(access):
        raise Retry(gettext_noop("No access token from %(host)s: its answer holds none.") % {"host": host})
    seconds = float(lasts) if lasts is not None and str(lasts).isdecimal() else SHORTEST
    following = body.get("refresh_token")
    return _Token(
        access,
        time.monotonic() + seconds - MARGIN,
        following if refresh and isinstance(following, str) else refresh,
    )


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
