"""What a PDS's answers mean. Pure. A PDS names each of its errors; one without a name comes from something before the PDS."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer, bounded, server_time, whole_number
from publisher.social.networks.base import Pace

USUAL_WAIT = timedelta(minutes=5)
"""When a 429 names no time: a PDS counts requests in windows of five minutes, and records by the hour."""


class TokenEnded(ChannelDown):
    """The token is not good (any more). The request did nothing; another token may be."""


class NotThere(Rejected):
    """There is no such record."""


class Swapped(Rejected):
    """The record is not as the request said: it is there already, or was changed."""


# Some are answered with 400, some with 401, and an entryway says 403.
_BY_NAME: dict[str, tuple[type[OtherSideError], str]] = {
    "ExpiredToken": (TokenEnded, ""),
    "InvalidToken": (TokenEnded, ""),
    "AuthMissing": (TokenEnded, ""),
    "AuthenticationRequired": (
        ChannelDown,
        gettext_noop("Check the channel's `identifier` and `app_password`, or make a new app password."),
    ),
    "AuthFactorTokenRequired": (ChannelDown, gettext_noop("Use an app password, not the account's own.")),
    "AccountTakedown": (ChannelDown, gettext_noop("Ask whoever runs its server.")),
    "AccountSuspended": (ChannelDown, gettext_noop("Ask whoever runs its server.")),
    "AccountDeactivated": (ChannelDown, gettext_noop("Activate the account again, in the app.")),
    "RepoTakendown": (ChannelDown, gettext_noop("Ask whoever runs its server.")),
    "RepoSuspended": (ChannelDown, gettext_noop("Ask whoever runs its server.")),
    "RepoDeactivated": (ChannelDown, gettext_noop("Activate the account again, in the app.")),
    "MethodNotImplemented": (ChannelDown, gettext_noop("Is the channel's `service` a PDS?")),
    "RecordNotFound": (NotThere, ""),
    "InvalidSwap": (Swapped, ""),
}


def error_of(answer: Answer, now: datetime) -> OtherSideError | None:
    """None for success. A 5xx may come from a gate in front of a PDS that took the request: it is ambiguous. `now` is aware."""
    status = answer.status
    name, detail = _text(answer, "error"), _text(answer, "message")
    reason = gettext_noop("Bluesky's server answered %(status)s%(detail)s") % {
        "status": status,
        "detail": f": {detail or name}" if detail or name else ".",
    }
    if 200 <= status < 300:
        # A page of a gate is no answer; a deletion may be answered with nothing.
        no_answer = answer.body and answer.json() is None
        return Unknown(gettext_noop("The answer of Bluesky's server cannot be read.")) if no_answer else None
    if status == 429:
        return Retry(reason, after=_wait(answer.headers, now))
    if name in _BY_NAME:
        kind, advice = _BY_NAME[name]
        return kind(f"{reason.rstrip('.')}. {advice}".rstrip())
    if status >= 500 or status in (408, 409, 425):
        return Unknown(reason)
    # Without a name, 413 is a gate's word on a picture.
    if status != 413 and (status in (401, 403) or status < 400 or not name):
        return ChannelDown(
            gettext_noop("%(reason)s. Check the channel's `service` and what its account may do.")
            % {"reason": reason.rstrip(".")}
        )
    return Rejected(reason)


def _wait(headers: Mapping[str, str], now: datetime) -> timedelta:
    """`RateLimit-Reset` is a time of the server's clock in seconds since 1970; `Retry-After` comes from gates."""
    if (seconds := whole_number(headers.get("retry-after", ""))) is not None:
        return bounded(timedelta(seconds=seconds))
    reset = whole_number(headers.get("ratelimit-reset", ""))
    if reset is None:
        return USUAL_WAIT
    at = (server_time(headers) or now).timestamp()
    return bounded(timedelta(seconds=min(reset - at, 10**6)))


def pace(headers: Mapping[str, str], now: datetime) -> Pace | None:
    """The tightest of the server's limits, which is the one that it tells; it ends by the server's clock. None: it tells none.
    `remaining` is points: a new post costs three or two (docs.bsky.app, “Rate limits”)."""
    remaining, limit, reset = (
        whole_number(headers.get(f"ratelimit-{end}", "")) for end in ("remaining", "limit", "reset")
    )
    at = (server_time(headers) or now).timestamp()
    if remaining is None or reset is None or reset <= at:
        return None
    return Pace(remaining, bounded(timedelta(seconds=min(reset - at, 10**6))), limit or 0)


def _text(answer: Answer, key: str) -> str:
    value = answer.fields.get(key)
    return value[:300] if isinstance(value, str) else ""
