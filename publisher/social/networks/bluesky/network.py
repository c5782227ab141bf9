"""Bluesky for the registry. `payload.py` builds what is sent, `client.py` sends it, `session.py` keeps the login.

Settings of a channel: `service` (the PDS of one's own, https://pds.example.org; absent: Bluesky's), `timeout_seconds` (of each
wait for the server, at most 20).
Credentials: `identifier` (the handle, such as office.example.org, or the DID) and `app_password`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.core import clock
from publisher.core.errors import OtherSideError
from publisher.core.marking import gettext_noop
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
from publisher.social.networks.bluesky import client
from publisher.social.networks.bluesky.errors import error_of
from publisher.social.networks.bluesky.form import FORM
from publisher.social.networks.bluesky.measure import measure
from publisher.social.networks.bluesky.payload import payload
from publisher.social.networks.bluesky.preview import PREVIEW
from publisher.social.networks.bluesky.rules import PICTURES, Rules
from publisher.social.networks.fields import Form


@dataclass(frozen=True)
class Bluesky:
    """See `Network`.

    We choose the key of the record, and write it only where there is none: a second time, also a late one, changes nothing.
    `settles_within` is for what is not to appear any more after it was found not there. Editing works, and is no ability:
    Bluesky's own app goes on showing the first text, so staff would take for corrected what is not.
    """

    name: str = "bluesky"
    shows_card: bool = True
    label: str = "Bluesky"
    form: Form = FORM
    grade: Grade = Grade.GUARANTEED
    settles_within: timedelta = timedelta(minutes=1)
    abilities: frozenset[Ability] = frozenset({Ability.RETRACT, Ability.REPLY})
    why_no_edit: str = gettext_noop(
        "Bluesky's own app goes on showing the first text of a post, so none is edited from here."
    )

    def rules(self, account: Account) -> Rules:  # noqa: ARG002 - the same for every account
        return Rules()

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits:  # noqa: ARG002 - the same for every account
        return PICTURES

    def preview(self, account: Account) -> Preview:  # noqa: ARG002 - the same for every account
        return PREVIEW

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        """The record bears the moment of this call, which never changes."""
        return Prepared(payload(part, self.rules(account), key, clock.now()), key)

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        return client.create(account, prepared, before)

    def reconcile(
        self,
        account: Account,
        prepared: Prepared,
        *,
        since: timedelta,  # noqa: ARG002 - a key is good for ever
    ) -> Receipt | NotFound | CannotTell:
        return client.find(account, prepared)

    def edit(self, account: Account, remote_id: str, prepared: Prepared) -> Receipt:
        return client.replace(account, remote_id, prepared)

    def retract(self, account: Account, remote_id: str) -> None:
        client.delete(account, remote_id)

    def verify_credentials(self, account: Account) -> Standing:
        return client.standing(account)

    def classify(
        self,
        account: Account,  # noqa: ARG002 - the same for every account
        answer: Answer,
        *,
        now: datetime,
    ) -> OtherSideError | None:
        return error_of(answer, now)


BLUESKY = Bluesky()
