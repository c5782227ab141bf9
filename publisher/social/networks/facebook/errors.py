"""What Facebook's answers mean. Pure. Its errors are JSON: `{"error": {"message", "type", "code", "error_subcode", …}}`.

Sources: developers.facebook.com/docs/graph-api “Handling errors” and “Rate limits”.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer, bounded, whole_number
from publisher.social.networks.base import Pace

USUAL_WAIT = timedelta(minutes=15)
"""When a limit is used up and no time is named."""
OF_AN_APP = timedelta(hours=1)
"""An app's limit is one of the last hour."""

TOKEN = frozenset({102, 190, 2500})
LIMITED = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
FORBIDDEN = frozenset({3, 10, *range(200, 300)})
BLOCKED = 368
DUPLICATE = 506
UNCLEAR = frozenset({1, 2, DUPLICATE})
"""1 and 2 are faults of Facebook's own, at which it may have published. A duplicate may be the post whose answer was lost."""
_PARAMETER, _NO_OBJECT, _NO_ALIAS = 100, 33, 803

_RENEW = gettext_noop("Make a new access token of the page and store it with the channel.")
_PERMIT = gettext_noop(
    "The token needs pages_manage_posts and pages_read_engagement, and its owner a role that may create content."
)
_ELSEWHERE = gettext_noop("This is not what Facebook's own server says: check the channel's setting `api`.")


class NotThere(Rejected):
    """The post or comment does not exist, or this token may not see it."""


def error_of(answer: Answer) -> OtherSideError | None:
    """None for success. A 5xx may come from a gate in front of a server that did publish: it is ambiguous."""
    problem = answer.fields.get("error")
    if not isinstance(problem, dict) or not isinstance(problem.get("code"), int):
        return _without_code(answer)
    code = int(problem["code"])
    reason = gettext_noop("Facebook answered %(status)s, code %(code)s%(detail)s") % {
        "status": answer.status,
        "code": code,
        "detail": _detail(problem),
    }
    if code in LIMITED or answer.status == 429:
        return Retry(reason, after=_wait(answer))
    if code in UNCLEAR or answer.status >= 500 or problem.get("is_transient") is True:
        return Unknown(reason)
    if advice := _advice(code):
        return ChannelDown(f"{reason} {advice}")
    if code == _NO_ALIAS or (code == _PARAMETER and problem.get("error_subcode") == _NO_OBJECT):
        return NotThere(reason)
    return Rejected(reason)


def _without_code(answer: Answer) -> OtherSideError | None:
    """What a gate says, or Facebook without its JSON."""
    status, reason = answer.status, gettext_noop("Facebook answered %(status)s.") % {"status": answer.status}
    if 200 <= status < 300:
        return (
            Unknown(gettext_noop("Facebook's answer cannot be read.")) if "error" in answer.fields else None
        )
    if status == 429:
        return Retry(reason, after=_wait(answer))
    if status < 400 or status in {401, 403, 404, 405}:
        return ChannelDown(f"{reason} {_ELSEWHERE}")
    return Rejected(reason) if status == 413 else Unknown(reason)


def _advice(code: int) -> str:
    """What to repair; "" when it is the message that is refused, and not the account."""
    if code in TOKEN:
        return _RENEW
    if code in FORBIDDEN:
        return f"{_PERMIT} {_RENEW}"
    if code == BLOCKED:
        return gettext_noop(
            "Facebook has blocked the page or the app for a while: look at the page's support inbox, then resume the channel."
        )
    return ""


def _wait(answer: Answer) -> timedelta:
    """The longest of the named times until a limit of the page is renewed (minutes); an app's limit names none."""
    named = [use.get("estimated_time_to_regain_access") for use in _uses(answer)]
    if minutes := [each for each in named if isinstance(each, int) and each > 0]:
        return bounded(timedelta(minutes=min(max(minutes), 10_000)))
    if (seconds := whole_number(answer.headers.get("retry-after", ""))) is not None:
        return bounded(timedelta(seconds=seconds))
    used = _object(answer.headers.get("x-app-usage", ""))
    return OF_AN_APP if any(isinstance(each, int) and each >= 100 for each in used.values()) else USUAL_WAIT


def pace(answer: Answer) -> Pace | None:
    """With a success: for how long nothing more is taken. None: Facebook has room. It tells used percents, and no numbers of
    requests, so nothing else can be said."""
    named = [use.get("estimated_time_to_regain_access") for use in _uses(answer)]
    minutes = [each for each in named if isinstance(each, int) and not isinstance(each, bool) and each > 0]
    if not minutes:
        return None
    return Pace(0, bounded(timedelta(minutes=min(max(minutes), 10_000))))


def _uses(answer: Answer) -> Iterator[Mapping[str, Any]]:
    for uses in _object(answer.headers.get("x-business-use-case-usage", "")).values():
        yield from (use for use in uses if isinstance(use, dict)) if isinstance(uses, list) else ()


def _object(header: str) -> Mapping[str, Any]:
    try:
        found = json.loads(header)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _detail(problem: Mapping[str, Any]) -> str:
    """What Facebook says for people comes first, where it says so."""
    texts = (problem.get("error_user_msg"), problem.get("message"))
    text = next((each.strip() for each in texts if isinstance(each, str) and each.strip()), "")
    return f": {text[:300].rstrip('.')}." if text else "."
