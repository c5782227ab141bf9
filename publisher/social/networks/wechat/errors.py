"""What WeChat's answers mean: always 200, with an `errcode` in the JSON (the table of global return codes)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.wire import wait_of

BUSY, DAY_IS_USED_UP, TOO_FAST = -1, 45009, 45011
TOKEN = frozenset({40001, 40014, 41001, 42001})
BEIJING = ZoneInfo("Asia/Shanghai")
AFTER_MIDNIGHT = timedelta(minutes=5)
A_MINUTE = timedelta(minutes=1)

_KEYS = gettext_noop(
    "Copy AppID and AppSecret anew from the account's settings (开发接口管理), and store them with the channel."
)
_RIGHTS = gettext_noop(
    "The account may not make drafts by this interface (a personal or unverified account may not). Take the "
    "credentials off the channel, and posts are handed over to be copied."
)
_ADDRESS = gettext_noop("Add this server's address to the account's list of allowed addresses (IP 白名单).")
_BLOCKED = gettext_noop("Look on mp.weixin.qq.com what is wrong with the account.")
REPAIRS = {
    40013: _KEYS,
    40125: _KEYS,
    40243: _KEYS,
    41002: _KEYS,
    41004: _KEYS,
    40164: _ADDRESS,
    61004: _ADDRESS,
    89503: _ADDRESS,
    89506: _ADDRESS,
    89507: _ADDRESS,
    48001: _RIGHTS,
    48004: _BLOCKED,
    50001: _RIGHTS,
    50002: _BLOCKED,
    50007: _BLOCKED,
    61007: _RIGHTS,
}
_TOO_LONG = {
    45002: gettext_noop("the text is too long"),
    45003: gettext_noop("the title is too long"),
    45004: gettext_noop("the summary is too long"),
    45005: gettext_noop("the link is too long"),
    45110: gettext_noop("the author's name is too long"),
    40007: gettext_noop(
        "the cover is not in the account any more: see the channel's setting `cover_media_id`"
    ),
}


class TokenDead(Retry):
    """The token has ended or was replaced: with a new one the same request works."""


def error_of(answer: Answer, *, now: datetime) -> OtherSideError | None:
    """None for success. `now` (aware) is for the end of WeChat's day, which is midnight in Beijing."""
    if answer.status != 200:
        return _of_status(answer)
    said = answer.json()
    if said is None:
        return Unknown(gettext_noop("WeChat's answer cannot be read."))
    code = said.get("errcode", 0)
    if not isinstance(code, int):
        return Unknown(gettext_noop("WeChat's answer names no code."))
    if code == 0:
        return None
    message = said.get("errmsg")
    detail = message[:300].rstrip(".") if isinstance(message, str) else ""
    return _of_code(
        code,
        gettext_noop("WeChat answered %(code)s%(detail)s.")
        % {"code": code, "detail": f": {detail}" if detail else ""},
        now,
    )


def _of_code(code: int, reason: str, now: datetime) -> OtherSideError:
    if code == BUSY:
        return Unknown(reason)
    if code in TOKEN:
        return TokenDead(reason)
    if code == DAY_IS_USED_UP:
        local = now.astimezone(BEIJING)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return Retry(reason, after=midnight - local + AFTER_MIDNIGHT)
    if code == TOO_FAST:
        return Retry(reason, after=A_MINUTE)
    if code in REPAIRS:
        return ChannelDown(f"{reason} {REPAIRS[code]}")
    why = (
        " " + gettext_noop("That is: %(too_long)s.") % {"too_long": _TOO_LONG[code]}
        if code in _TOO_LONG
        else ""
    )
    return Rejected(f"{reason}{why}")


def _of_status(answer: Answer) -> OtherSideError:
    reason = gettext_noop("WeChat answered %(status)s.") % {"status": answer.status}
    if answer.status == 429:
        return Retry(reason, after=wait_of(answer.headers.get("retry-after")))
    # Another 2xx is nothing that WeChat says: who knows what the gate did that made it.
    if answer.status >= 500 or answer.status in (408, 409) or 200 <= answer.status < 300:
        return Unknown(reason)
    if answer.status == 413:
        return Rejected(reason)
    return ChannelDown(
        gettext_noop(
            "%(reason)s This is not what WeChat's own server says: check the channel's setting `api`."
        )
        % {"reason": reason}
    )
