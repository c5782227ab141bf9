"""The way of one message, as `publisher/delivery/posts.py` and `doubts.py` go it, with a clock that runs only in the story."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import uuid4

from publisher.core.errors import ChannelDown, OtherSideError
from publisher.delivery.doubts import GIVE_UP_AFTER, LATEST, SOONEST, only_a_person
from publisher.delivery.settle import outcome_of
from publisher.delivery.states import State
from publisher.social.networks.base import (
    Account,
    CannotTell,
    Grade,
    Network,
    NotFound,
    Part,
    Prepared,
    Receipt,
)

TRIES = 8
START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class Outcome(Enum):
    """What staff read of the message in the end."""

    PUBLISHED = "published"
    HELD = "held"
    FAILED = "failed"


@dataclass
class Way:
    """What came of it, after so many `tries`. `steps` is the story; `seen` is what staff read of a message that is held; `stray`
    an error that no network may raise ("": none)."""

    outcome: Outcome = Outcome.HELD
    receipt: Receipt | None = None
    tries: int = 0
    steps: list[str] = field(default_factory=list)
    seen: str = ""
    stray: str = ""


@dataclass(frozen=True)
class World:
    """What a message meets. `account()` is asked before each request of ours; `later` is told how the time passes; `settle`
    waits until no request is under way."""

    network: Network[Any]
    account: Callable[[], Account]
    later: Callable[[timedelta], None]
    settle: Callable[[], object]


def go(world: World, part: Part, before: Sequence[Receipt] = ()) -> Way:
    """Send one message and do what the product does until nothing changes by itself any more."""
    return _Going(world, part, before).go()


class _Going:
    def __init__(self, world: World, part: Part, before: Sequence[Receipt]) -> None:
        self.world, self.before, self.way = world, before, Way()
        made = world.network.prepare(part, world.account(), uuid4().hex)
        self.prepared = Prepared(json.loads(json.dumps(dict(made.payload))), made.idempotency_key)
        self.since = timedelta()

    def go(self) -> Way:
        for attempt in range(1, TRIES + 1):
            state = self._publish(attempt)
            if state is State.UNKNOWN:
                state = self._ask()
            if state is not State.QUEUED:
                break
        else:
            state = State.FAILED
        ends = {State.SENT: Outcome.PUBLISHED, State.UNKNOWN: Outcome.HELD, State.FAILED: Outcome.FAILED}
        self.way.outcome = ends[state]
        return self.way

    def _publish(self, attempt: int) -> State:
        self.way.tries = attempt
        try:
            self.way.receipt = self.world.network.publish(
                self.world.account(), self.prepared, tuple(self.before)
            )
        except ChannelDown as error:
            # A person repairs it; the time is theirs.
            self._tell("channel paused", error)
            self._pass(timedelta(minutes=5))
            return State.QUEUED
        except OtherSideError as error:
            now = START + self.since
            outcome = outcome_of(error, attempts=attempt, most=TRIES, now=now)
            self._tell({State.QUEUED: "not published"}.get(outcome.state, outcome.state.value), error)
            if outcome.due_at:
                self._pass(outcome.due_at - now)
            return outcome.state
        except Exception as error:  # noqa: BLE001 - the product leaves it to the sweep, which calls it unknown
            self.way.stray = f"publish raised {type(error).__name__}: {error}"
            self._tell("unknown", error)
            return State.UNKNOWN
        self._tell("accepted")
        return State.SENT

    def _ask(self) -> State:
        """Ask until the network can tell, or nobody asks any more."""
        network = self.world.network
        if network.grade is Grade.BY_A_PERSON:
            self.way.seen = only_a_person(network)
            return State.UNKNOWN
        if network.settles_within:
            self.world.settle()
            self._pass(network.settles_within)
        while self.since <= GIVE_UP_AFTER:
            answer = self._reconcile()
            if isinstance(answer, Receipt):
                self.way.receipt = answer
                self._tell("found")
                return State.SENT
            if isinstance(answer, NotFound):
                self._tell("not there")
                return State.QUEUED
            self.way.seen = answer.reason
            self._pass(max(SOONEST, min(self.since / 2, LATEST)))
        return State.UNKNOWN

    def _reconcile(self) -> Receipt | NotFound | CannotTell:
        try:
            answer = self.world.network.reconcile(self.world.account(), self.prepared, since=self.since)
        except OtherSideError as error:
            self._tell("asked in vain", error)
            return CannotTell(error.reason)
        except Exception as error:  # noqa: BLE001 - a fault of the network's code is a finding of the table
            self.way.stray = f"reconcile raised {type(error).__name__}: {error}"
            return CannotTell(str(error))
        if isinstance(answer, CannotTell):
            self._tell(f"cannot tell: {answer.reason}")
        return answer

    def _tell(self, what: str, error: Exception | None = None) -> None:
        """Add to the story, what is repeated only once."""
        line = f"{what} ({type(error).__name__}: {error})" if error else what
        if self.way.steps[-1:] != [line]:
            self.way.steps.append(line)

    def _pass(self, by: timedelta) -> None:
        self.since += by
        self.world.later(by)
