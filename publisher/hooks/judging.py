"""What an answer means, and when it is tried again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from publisher.core.errors import OtherSideError
from publisher.social.networks.answer import Answer, bounded, whole_number

WAITS: Final = (5, 60, 300, 1800, 7200, 21600, 43200, 86400)
"""Seconds between tries: 5 s, 1 min, 5 min, 30 min, 2 h, 6 h, 12 h, then a day."""
GIVEN_UP: Final = timedelta(days=3)
"""After so long a message is given up, and an endpoint that has only failed is switched off."""
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)

_AWAY: Final = (408, 425, 429)
"""Statuses that say something of the server and nothing of the message; so does every 5xx."""


class Verdict(NamedTuple):
    """`reason` is "" when the message was taken. `away`: the whole endpoint is left alone for a while. `gone`: it wants no more.
    `after`: the wait that it asked for."""

    reason: str = ""
    status: int | None = None
    away: bool = False
    gone: bool = False
    after: timedelta | None = None

    @property
    def taken(self) -> bool:
        return not self.reason


def judge(answer: Answer | None, error: OtherSideError | None, now: datetime) -> Verdict:
    """Only a 2xx whose body came whole, or as far as it is read, is a yes."""
    status = answer.status if answer else None
    if error is not None:
        return Verdict(error.reason, status, away=True)
    assert answer is not None  # noqa: S101 - one of the two is given
    if 200 <= answer.status < 300:
        return Verdict(status=status)
    if answer.status == 410:
        return Verdict(_("It answered 410: it wants to be told nothing more."), status, gone=True)
    if 300 <= answer.status < 400:
        return Verdict(
            _("It answered %(status)s: redirects are not followed.") % {"status": answer.status}, status
        )
    away = answer.status in _AWAY or answer.status >= 500
    return Verdict(
        _("It answered %(status)s.") % {"status": answer.status},
        status,
        away=away,
        after=_asked(answer.headers, now) if away else None,
    )


def next_try(verdict: Verdict, *, attempts: int, begun_at: datetime, now: datetime) -> datetime | None:
    """When it is tried again; None: given up. `attempts` counts this try, `begun_at` is when the first was due."""
    wait = timedelta(seconds=WAITS[min(attempts, len(WAITS)) - 1])
    due_at = now + max(wait, verdict.after or timedelta())
    return due_at if due_at <= begun_at + GIVEN_UP else None


def rest(failures: int, verdict: Verdict) -> timedelta:
    """How long an endpoint is left alone after so many rounds of failures, this one counted."""
    usual = min(timedelta(seconds=FIRST_REST.total_seconds() * 2.0 ** min(failures - 1, 10)), LONGEST_REST)
    return max(usual, verdict.after or timedelta())


def _asked(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """`Retry-After`, in seconds or as a date, within bounds."""
    named = headers.get("retry-after", "").strip()
    if (seconds := whole_number(named)) is not None:
        return bounded(timedelta(seconds=min(seconds, 10**9)))
    try:
        at = parsedate_to_datetime(named)
    except (ValueError, TypeError):
        return None
    return bounded((at if at.tzinfo else at.replace(tzinfo=UTC)) - now)
