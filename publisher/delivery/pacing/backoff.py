"""Leaving a provider (or the whole server) in peace that asked for it: how long, and how it begins again. Pure.

Rests grow while it goes on refusing and shrink step by step when it accepts. After a rest a few messages are tried first.
`rests.py` keeps the states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from publisher.delivery.pacing.scopes import Scope, scope_of

SERVER = "*"
"""The name under which the mail server itself rests; no domain is called so."""

RESTS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 40, 60))
"""The first rest, the second in a row, …"""

CALM = timedelta(minutes=5)
"""Without a refusal for so long, a rest in a row is forgotten."""

PATIENCE = 5
"""So many unclear answers in a row, with none accepted in between, are a provider's wish to be left in peace."""
SERVER_PATIENCE = 25
ALIKE = 3
"""So many providers that begin to rest within `TOGETHER` with the same code: it is the server that speaks."""
TOGETHER = timedelta(minutes=1)

FORGOTTEN = timedelta(hours=6)
DOUBTS_FORGOTTEN = timedelta(minutes=10)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class DomainState:
    """Where a provider stands. `step` counts rests in a row; `until` is the end of the last one, `why` what it said.

    `on_trial`: nothing was accepted since. `doubts`: unclear answers in a row. `changed_at`: of `step`, or of the doubts.
    """

    step: int = 0
    until: datetime = _NEVER
    why: str = ""
    on_trial: bool = False
    doubts: int = 0
    changed_at: datetime = _NEVER

    def rests(self, now: datetime) -> bool:
        """Whether it is left in peace now. A clock that was set back makes no rest longer than the longest."""
        return now < self.until <= now + RESTS[-1]

    def is_over(self, now: datetime) -> bool:
        """Whether nothing of it matters any more."""
        kept = FORGOTTEN if self.step else DOUBTS_FORGOTTEN
        return not self.rests(now) and not timedelta(0) <= now - max(self.changed_at, self.until) < kept


class Answer(NamedTuple):
    """What a mail server said about one message. Code 0: nothing was read."""

    code: int
    enhanced: str = ""
    text: str = ""

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300

    def __str__(self) -> str:
        """As one line: `421 4.7.28 unusual rate`."""
        return " ".join(part for part in (str(self.code), self.enhanced, self.text[:200]) if part)


FRESH = DomainState()
ACCEPTED = Answer(250)


def after_answer(
    state: DomainState,
    answer: Answer,
    now: datetime,
    *,
    patience: int = PATIENCE,
    whole: Scope = Scope.DOMAIN,
) -> DomainState:
    """What an answer changes. Answers to what was under way when a rest began change nothing.

    `whole` is the scope that lets this state rest at once; `patience` how many unclear answers do so.
    """
    if state.rests(now):
        return state
    if answer.accepted:
        return _after_success(state, now)
    scope = scope_of(answer.code, answer.enhanced, answer.text)
    if scope is whole or (scope is Scope.UNCLEAR and state.doubts + 1 >= patience):
        return begin_rest(state, str(answer), now)
    if scope is Scope.UNCLEAR:
        return replace(state, doubts=state.doubts + 1, changed_at=now)
    return state


def begin_rest(state: DomainState, why: str, now: datetime) -> DomainState:
    """Rest, longer than the time before."""
    step = min(state.step + 1, len(RESTS))
    return DomainState(step, now + RESTS[step - 1], why, on_trial=True, changed_at=now)


def _after_success(state: DomainState, now: datetime) -> DomainState:
    if state.on_trial or state.doubts:
        return replace(state, on_trial=False, doubts=0, changed_at=now)
    if state.step and now - state.changed_at >= CALM:
        return replace(state, step=state.step - 1, changed_at=now)
    return state


def said_by_several(states: Iterable[DomainState], now: datetime) -> str:
    """What as many providers as `ALIKE` said with the same code as they began to rest just now; or nothing."""
    said = [state.why for state in states if state.rests(now) and now - state.changed_at < TOGETHER]
    codes = Counter(why.partition(" ")[0] for why in said)
    return next((why for why in said if codes[why.partition(" ")[0]] >= ALIKE), "")
