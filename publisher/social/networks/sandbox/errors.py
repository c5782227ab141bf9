"""What the sandbox server's answers mean. One table for the codes; the rest by hundreds."""

from __future__ import annotations

from datetime import timedelta

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer, bounded, whole_number

USUAL_WAIT = timedelta(minutes=1)
"""When a 429 names no time."""


# 404: our posts are made at a fixed path, so the address is wrong. 409: the key is known with another text.
_BY_CODE: dict[int, type[OtherSideError]] = {
    401: ChannelDown,
    403: ChannelDown,
    404: ChannelDown,
    408: Unknown,
    409: Unknown,
}


def error_of(answer: Answer) -> OtherSideError | None:
    """None for success. A 5xx may come from a gate in front of a server that did publish: it is ambiguous."""
    status = answer.status
    if 200 <= status < 300:
        return None
    reason = gettext_noop("The sandbox server answered %(status)s%(detail)s") % {
        "status": status,
        "detail": _detail(answer),
    }
    if status == 429:
        return Retry(reason, after=_wait(answer.headers.get("retry-after", "")))
    if status >= 500:
        return Unknown(reason)
    if status < 400:
        return ChannelDown(
            gettext_noop("%(reason)s The channel's `url` must be the server's own.") % {"reason": reason}
        )
    return _BY_CODE.get(status, Rejected)(reason)


def _wait(header: str) -> timedelta:
    """`Retry-After` in seconds (the sandbox never gives a date), held within bounds."""
    seconds = whole_number(header)
    return USUAL_WAIT if seconds is None else bounded(timedelta(seconds=seconds))


def _detail(answer: Answer) -> str:
    detail = answer.fields.get("error")
    return f": {detail[:300]}" if isinstance(detail, str) else "."
