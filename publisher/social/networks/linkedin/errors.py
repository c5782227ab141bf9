"""What LinkedIn's answers mean. Its errors are JSON: `{"status", "serviceErrorCode", "code", "message", "errorDetails"}`."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer, bounded, whole_number

USUAL_WAIT = timedelta(minutes=15)
"""When a 429 tells neither a time nor that it is the limit of a day."""
AFTER_MIDNIGHT = timedelta(minutes=5)

_POST = re.compile(r"urn:li:(?:share|ugcPost):[0-9]{1,30}")
_NO_RIGHT = gettext_noop(
    "The token needs the permission w_organization_social, and its owner a role on the page that may post."
)
_RENEW = gettext_noop("Make a new access token for the page and store it with the channel.")


def error_of(answer: Answer, *, now: datetime) -> OtherSideError | None:
    """None for success. A 5xx may come from a gate in front of a server that did publish: it is ambiguous. `now` is aware."""
    status = answer.status
    if 200 <= status < 300:
        return None
    reason = gettext_noop("LinkedIn answered %(status)s%(detail)s") % {
        "status": status,
        "detail": _detail(answer),
    }
    if status == 429:
        return Retry(reason, after=_wait(answer, now))
    if status >= 500 or status in {408, 409}:
        return Unknown(reason)
    advice = _advice(answer)
    return ChannelDown(f"{reason} {advice}") if advice else Rejected(reason)


def _advice(answer: Answer) -> str:
    """What to repair; "" when it is the message that is refused, and not the account."""
    status = answer.status
    if status == 401:
        return _RENEW
    if status == 403:
        return f"{_NO_RIGHT} {_RENEW}"
    if status == 426 or "VERSION" in str(answer.fields.get("code")):
        return gettext_noop(
            "Set `linkedin_version` in the channel's settings to a version that LinkedIn supports (YYYYMM)."
        )
    if status < 400 or status in {404, 405}:
        return gettext_noop("This is not what LinkedIn's own server says: check the channel's setting `api`.")
    return ""


def duplicate_of(answer: Answer) -> str | None:
    """The URN of the post that LinkedIn takes this one for a repeat of; "" when it names none. None: it is no repeat."""
    if answer.status not in {400, 409, 422} or b"duplicate" not in answer.body.lower():
        return None
    said = answer.fields
    details = said.get("errorDetails")
    errors = details.get("inputErrors") if isinstance(details, dict) else None
    listed = errors if isinstance(errors, list) else []
    codes = [said.get("code"), *(error.get("code") for error in listed if isinstance(error, dict))]
    if "DUPLICATE_POST" not in codes:
        return None
    found = _POST.search(str(said.get("message"))) or _POST.search(json.dumps(details))
    return found[0] if found else ""


def is_post(urn: str) -> bool:
    """Whether this names a post."""
    return bool(_POST.fullmatch(urn))


def _wait(answer: Answer, now: datetime) -> timedelta:
    """Limits of a day begin anew at midnight UTC."""
    if (seconds := whole_number(answer.headers.get("retry-after", ""))) is not None:
        return bounded(timedelta(seconds=seconds))
    if re.search(r"\bDAY\b|daily", str(answer.fields.get("message"))):
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return midnight - now + AFTER_MIDNIGHT
    return USUAL_WAIT


def _detail(answer: Answer) -> str:
    message = answer.fields.get("message")
    return f": {message[:300].rstrip('.')}." if isinstance(message, str) and message else "."
