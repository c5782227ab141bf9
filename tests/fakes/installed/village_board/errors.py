"""What the board's answers mean."""

from __future__ import annotations

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.social.networks.base import Answer
from publisher.social.networks.wire import wait_of


def error_of(answer: Answer) -> OtherSideError | None:
    """None for success."""
    status, reason = answer.status, f"The village board answered {answer.status}."
    if 200 <= status < 300:
        return None
    if status == 429:
        return Retry(reason, after=wait_of(answer.headers.get("retry-after")))
    if status >= 500 or status in (408, 409):
        return Unknown(reason)
    if status < 400 or status in (401, 403, 404):
        return ChannelDown(f"{reason} Check the channel's `board` and `key`.")
    return Rejected(reason)
