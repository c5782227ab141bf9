"""The sandbox network for the registry. `payload.py` builds what is sent, `client.py` sends it, `server.py` is the other side.

Settings of a channel: `url` (of the server), `timeout_seconds` (of each wait for it, default 10). Credentials: `token`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.core.errors import OtherSideError
from publisher.render.measure import Measure
from publisher.social.networks.base import (
    Ability,
    Account,
    Answer,
    CannotTell,
    Grade,
    NotFound,
    Part,
    PictureLimits,
    Prepared,
    Preview,
    Receipt,
    Standing,
)
from publisher.social.networks.fields import Form
from publisher.social.networks.sandbox import client
from publisher.social.networks.sandbox.errors import error_of
from publisher.social.networks.sandbox.form import FORM
from publisher.social.networks.sandbox.measure import measure
from publisher.social.networks.sandbox.payload import payload
from publisher.social.networks.sandbox.preview import PREVIEW
from publisher.social.networks.sandbox.rules import PICTURES, Rules


@dataclass(frozen=True)
class Sandbox:
    """See `Network`. Its server keeps idempotency keys for ever, so a repeated post is always known."""

    name: str = "sandbox"
    shows_card: bool = True
    label: str = "Sandbox"
    form: Form = FORM
    grade: Grade = Grade.GUARANTEED
    settles_within: timedelta = timedelta(0)
    abilities: frozenset[Ability] = frozenset(Ability)

    def rules(self, account: Account) -> Rules:  # noqa: ARG002 - the same for every account
        return Rules()

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits | None:  # noqa: ARG002 - the same for every account
        return PICTURES

    def preview(self, account: Account) -> Preview:  # noqa: ARG002 - the same for every account
        return PREVIEW

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        return Prepared(payload(part, account), key)

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        return client.create(account, prepared, reply_to=before[-1].remote_id if before else "")

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
        client.delete(account, remote_id)

    def verify_credentials(self, account: Account) -> Standing:
        return Standing(client.whoami(account))

    def classify(
        self,
        account: Account,  # noqa: ARG002 - the same for every account
        answer: Answer,
        *,
        now: datetime,  # noqa: ARG002 - its waits are durations
    ) -> OtherSideError | None:
        return error_of(answer)


SANDBOX = Sandbox()
