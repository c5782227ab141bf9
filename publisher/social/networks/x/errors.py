"""What X's answers mean. Pure: the moment is given, because X names the end of a rate limit by the clock.

Sources: docs.x.com “Response codes and errors” and “Rate limits”. Documents contradict each other on the limits themselves, so
only the headers are believed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer, bounded, whole_number
from publisher.social.networks.base import Pace

USUAL_WAIT = timedelta(minutes=15)
"""When a 429 names no time: the shortest window that X has."""

_LIMITS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
_DUPLICATE = "duplicate"
# In the type, the reason or the text of a 403 that is about the account or the app, and not about the post. Whole words:
# “blocked” is about somebody who is answered or mentioned.
_OF_THE_ACCOUNT = re.compile(
    r"\b(?:client-forbidden|client-not-enrolled|oauth1-permissions|unsupported-authentication|suspended|locked)\b"
)

# 402: the app has no credits. 404: our paths are fixed, so the address or the user is wrong. 408, 409: it may have been taken.
_BY_CODE: dict[int, type[OtherSideError]] = {
    401: ChannelDown,
    402: ChannelDown,
    404: ChannelDown,
    405: ChannelDown,
    408: Unknown,
    409: Unknown,
}


def error_of(answer: Answer, now: datetime) -> OtherSideError | None:
    """None for success. A 5xx may come from a gate in front of a server that did publish: it is ambiguous."""
    status = answer.status
    if 200 <= status < 300:
        return None
    problem = answer.fields
    reason = gettext_noop("X answered %(status)s%(detail)s") % {"status": status, "detail": _detail(problem)}
    if status == 429:
        return _limited(answer, problem, reason, now)
    if status == 403:
        return _forbidden(problem, reason)
    # A redirect is nothing that X does; who knows what the gate did that made it.
    if status >= 500 or status < 400:
        return Unknown(reason)
    return _BY_CODE.get(status, Rejected)(reason)


def _limited(answer: Answer, problem: Mapping[str, Any], reason: str, now: datetime) -> OtherSideError:
    if "usage-capped" in _said(problem) or "usagecapexceeded" in _said(problem):
        return ChannelDown(
            gettext_noop("%(reason)s The plan's monthly allowance is used up: raise it at developer.x.com.")
            % {"reason": reason}
        )
    return Retry(reason, after=wait(answer.headers, now))


def _forbidden(problem: Mapping[str, Any], reason: str) -> OtherSideError:
    said = _said(problem)
    if _DUPLICATE in said:
        # X has this text already. It may be the post whose answer was lost: the timeline tells.
        return Unknown(reason)
    if _OF_THE_ACCOUNT.search(said):
        return ChannelDown(reason)
    return Rejected(reason)


def wait(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Until the last of the limits that are used up is renewed, held within bounds. `now` is aware."""
    used_up = [name for name in _LIMITS if headers.get(f"{name}-remaining") == "0"]
    resets = [whole_number(headers.get(f"{name}-reset", "")) for name in used_up or _LIMITS[:1]]
    if known := [each for each in resets if each is not None]:
        # A second more: the reset is given in whole seconds.
        seconds = max(known) - now.timestamp() + 1
    elif (named := whole_number(headers.get("retry-after", ""))) is not None:
        seconds = named
    else:
        return USUAL_WAIT
    return bounded(timedelta(seconds=seconds))


def pace(headers: Mapping[str, str], now: datetime) -> Pace | None:
    """The tightest of the limits that an answer tells: of those used up, the last to be renewed. None: it tells none."""
    told = [each for name in _LIMITS if (each := _pace(headers, name, now))]
    used_up = [each for each in told if not each.remaining]
    if used_up:
        return max(used_up, key=lambda each: each.renewed_in)
    return min(told, key=lambda each: each.remaining, default=None)


def _pace(headers: Mapping[str, str], name: str, now: datetime) -> Pace | None:
    remaining, limit, reset = (
        whole_number(headers.get(f"{name}-{end}", "")) for end in ("remaining", "limit", "reset")
    )
    if remaining is None or reset is None or reset <= now.timestamp():
        return None
    # A second more: the reset is given in whole seconds.
    return Pace(remaining, bounded(timedelta(seconds=reset - now.timestamp() + 1)), limit or 0)


def _detail(problem: Mapping[str, Any]) -> str:
    """The texts of a problem: newer answers have `detail`, older ones a list of `errors`."""
    texts = [problem.get("detail") or problem.get("title")]
    errors = problem.get("errors")
    if isinstance(errors, list):
        texts += [each.get("message") for each in errors if isinstance(each, dict)]
    text = " ".join(dict.fromkeys(each.strip() for each in texts if isinstance(each, str)))
    return f": {text[:300]}" if text else "."


def _said(problem: Mapping[str, Any]) -> str:
    """All that can be looked for in a problem, in lower case."""
    return json.dumps(problem, ensure_ascii=False).lower()
