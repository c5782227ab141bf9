"""The access token of an account: 7200 seconds, shared by all processes through Redis, encrypted there.

`stable_token` gives everybody the same token until five minutes before its end, so nothing breaks where Redis is away: then each
process asks for itself. One process at a time renews.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import redis

from publisher.core.crypto import CannotDecrypt, decrypt, encrypt, fingerprint
from publisher.core.errors import ChannelDown, Retry
from publisher.core.marking import gettext_noop
from publisher.core.redis import client
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account
from publisher.social.networks.wechat.errors import TokenDead, error_of

BEFORE_ITS_END = 300
"""Seconds: from then on WeChat gives a new token to who asks, while the old one still works."""
SHORTEST, LONGEST = 60, 7200
LOCK_SECONDS = 20
LOOK_EVERY = 0.05

Ask = Callable[[bytes], Answer]
"""Sends this JSON to `stable_token`."""

# Only who holds the lock may let it go.
UNLOCK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


@dataclass(frozen=True)
class Keys:
    """Of the account. `secret` is never shown."""

    app_id: str
    secret: str = field(repr=False)

    @property
    def place(self) -> str:
        """Where the token lies in Redis: another one as soon as the secret changes."""
        return f"publisher:wechat:{self.app_id}:{fingerprint(self.secret).hex()[:16]}"


def keys_of(account: Account) -> Keys:
    """Raises `ChannelDown` when they are not there."""
    app_id, secret = (str(account.credentials.get(name) or "").strip() for name in ("app_id", "app_secret"))
    if not app_id or not secret:
        raise ChannelDown(gettext_noop("The channel has no `app_id` and `app_secret` of the WeChat account."))
    return Keys(app_id, secret)


def token_of(keys: Keys, ask: Ask, *, until: float, dead: str = "") -> str:
    """A token that works, until `until` (monotonic). `dead`: one that WeChat has just refused; another is got.

    Raises `Retry`, `ChannelDown`; never `Unknown`.
    """
    try:
        return _shared(keys, ask, until, dead)
    except (redis.RedisError, OSError):
        return _asked(keys, ask, force=bool(dead))[0]


def _shared(keys: Keys, ask: Ask, until: float, dead: str) -> str:
    holder = secrets.token_hex(8)
    lock = f"{keys.place}:lock"
    while not (token := _kept(keys, dead)):
        if client().set(lock, holder, nx=True, ex=LOCK_SECONDS):
            try:
                return _kept(keys, dead) or _renewed(keys, ask, force=bool(dead))
            finally:
                client().eval(UNLOCK, 1, lock, holder)
        if time.monotonic() > until:
            raise Retry(
                gettext_noop("Another process has been renewing the token for too long; nothing was sent.")
            )
        time.sleep(LOOK_EVERY)
    return token


def _kept(keys: Keys, dead: str) -> str:
    """The token in Redis; "" when there is none, or the one that WeChat refused."""
    kept = client().get(keys.place)
    try:
        token = decrypt(kept.decode()) if isinstance(kept, bytes) else ""
    except (CannotDecrypt, UnicodeDecodeError):
        return ""
    return "" if token == dead else token


def _renewed(keys: Keys, ask: Ask, *, force: bool) -> str:
    token, seconds = _asked(keys, ask, force=force)
    client().set(keys.place, encrypt(token), ex=seconds)
    return token


def _asked(keys: Keys, ask: Ask, *, force: bool) -> tuple[str, int]:
    """A token from WeChat, and for how many seconds to keep it."""
    body = {
        "grant_type": "client_credential",
        "appid": keys.app_id,
        "secret": keys.secret,
        "force_refresh": force,
    }
    answer = ask(json.dumps(body).encode())
    error = error_of(answer, now=datetime.now(UTC))
    if isinstance(error, TokenDead):
        # Here this code is about the secret.
        raise ChannelDown(
            gettext_noop("%(reason)s Check the channel's `app_secret`.") % {"reason": error.reason}
        )
    if error:
        raise error
    token, seconds = answer.fields.get("access_token"), answer.fields.get("expires_in")
    if not isinstance(token, str) or not token or not token.isascii():
        raise Retry(gettext_noop("WeChat gave no token."))
    lasts = seconds if isinstance(seconds, int) else 0
    return token, min(max(lasts - BEFORE_ITS_END, SHORTEST), LONGEST)
