"""What a Mastodon server's answers mean. Pure. One table for the codes; the rest by hundreds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer, bounded, server_time, whole_number
from publisher.social.networks.base import Pace

USUAL_WAIT = timedelta(minutes=5)
"""When a 429 names no time: the server counts requests in windows of five minutes."""


class NotThere(Rejected):
    """The server knows no such status (or picture, or account)."""


# 401: the token was revoked. 403: it lacks a right, or the account is suspended. 408: a gate gave up waiting for the server.
# 410: the account is gone.
_BY_CODE: dict[int, type[OtherSideError]] = {
    401: ChannelDown,
    403: ChannelDown,
    408: Unknown,
    410: ChannelDown,
}


def error_of(answer: Answer, now: datetime) -> OtherSideError | None:
    """None for success. A 5xx may come from a gate in front of a server that did publish: it is ambiguous. `now` is aware."""
    status = answer.status
    if 200 <= status < 300:
        return None
    detail = _detail(answer)
    reason = gettext_noop("The Mastodon server answered %(status)s%(detail)s") % {
        "status": status,
        "detail": f": {detail}" if detail else ".",
    }
    if status == 429:
        return Retry(reason, after=_wait(answer.headers, now))
    if status >= 500:
        return Unknown(reason)
    if status < 400:
        return ChannelDown(
            gettext_noop("%(reason)s The channel's `url` must be the server's own.") % {"reason": reason}
        )
    if status == 404:
        # A server of another kind has no such address at all, and says so with a page.
        return (
            NotThere(reason)
            if detail
            else ChannelDown(
                gettext_noop("%(reason)s Is the channel's `url` a Mastodon server?") % {"reason": reason}
            )
        )
    return _BY_CODE.get(status, Rejected)(reason)


def _wait(headers: Mapping[str, str], now: datetime) -> timedelta:
    """`Retry-After` in seconds, else `X-RateLimit-Reset` (a time of the server's clock), held within bounds."""
    if (seconds := whole_number(headers.get("retry-after", ""))) is not None:
        return bounded(timedelta(seconds=seconds))
    reset = _time(headers.get("x-ratelimit-reset", ""))
    if reset is None:
        return USUAL_WAIT
    return bounded(reset - (server_time(headers) or now))


def pace(headers: Mapping[str, str], now: datetime) -> Pace | None:
    """What a success says of the server's rate limit, whose end is a time of the server's clock. None: nothing."""
    remaining = whole_number(headers.get("x-ratelimit-remaining", ""))
    reset = _time(headers.get("x-ratelimit-reset", ""))
    if remaining is None or reset is None:
        return None
    renewed_in = reset - (server_time(headers) or now)
    if renewed_in <= timedelta():
        return None
    return Pace(remaining, bounded(renewed_in), whole_number(headers.get("x-ratelimit-limit", "")) or 0)


def _time(text: str) -> datetime | None:
    """ISO 8601 as Mastodon writes it, or seconds of the epoch as GoToSocial does."""
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text[:11]), UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _detail(answer: Answer) -> str:
    detail = answer.fields.get("error")
    return detail[:300] if isinstance(detail, str) else ""
