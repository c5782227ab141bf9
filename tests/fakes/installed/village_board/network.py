"""The village board for Publisher's registry.

Settings of a channel: `board` (its address), `timeout_seconds` (of each wait, at most 10). Credentials: `key`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.core.errors import OtherSideError
from publisher.social.networks.base import (
    Ability,
    Account,
    Answer,
    CannotTell,
    Grade,
    Measure,
    NotFound,
    Part,
    PictureLimits,
    Prepared,
    Receipt,
    Standing,
)
from village_board import client
from village_board.errors import error_of
from village_board.measure import measure
from village_board.payload import payload
from village_board.rules import Rules


@dataclass(frozen=True)
class Village:
    """See `Network`."""

    name: str = "village"
    label: str = "Village board"
    grade: Grade = Grade.GUARANTEED
    settles_within: timedelta = timedelta(0)
    abilities: frozenset[Ability] = frozenset({Ability.EDIT, Ability.RETRACT})

    def rules(self, account: Account) -> Rules:  # noqa: ARG002 - the same for every account
        return Rules()

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits | None:  # noqa: ARG002 - none
        return None

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:  # noqa: ARG002 - the same for every account
        return Prepared(payload(part), key)

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:  # noqa: ARG002 - no threads
        return client.pin(account, prepared)

    def reconcile(
        self,
        account: Account,
        prepared: Prepared,
        *,
        since: timedelta,  # noqa: ARG002 - keys are kept for ever
    ) -> Receipt | NotFound | CannotTell:
        return client.find(account, prepared)

    def edit(self, account: Account, remote_id: str, prepared: Prepared) -> Receipt:
        return client.replace(account, remote_id, prepared)

    def retract(self, account: Account, remote_id: str) -> None:
        client.take_down(account, remote_id)

    def verify_credentials(self, account: Account) -> Standing:
        return Standing(client.keeper(account))

    def classify(self, account: Account, answer: Answer, *, now: datetime) -> OtherSideError | None:  # noqa: ARG002 - the same
        return error_of(answer)


VILLAGE = Village()
