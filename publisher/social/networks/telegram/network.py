"""Telegram for the registry. `payload.py` builds what is sent, `client.py` sends it.

Settings of a channel: `chat` (“@name”, or the number of a private chat, such as -1001234567890), `format` (“plain” or
“html” for a bold first line), `link_preview` (false for none), `silent` (true: no notification), `topic` (number of a group's
topic), `max_characters` (a lower limit than 4096; 1024 where every post has pictures), `api` (address of a Bot API server of
one's own). Credentials: `token`, from @BotFather.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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
from publisher.social.networks.fields import Form
from publisher.social.networks.preview import CardLayout
from publisher.social.networks.telegram import client
from publisher.social.networks.telegram.errors import error_of
from publisher.social.networks.telegram.form import FORM
from publisher.social.networks.telegram.measure import measure
from publisher.social.networks.telegram.payload import payload
from publisher.social.networks.telegram.preview import PREVIEW
from publisher.social.networks.telegram.rules import PICTURES, Rules


@dataclass(frozen=True)
class Telegram:
    """See `Network`. A bot cannot read what it wrote, and Telegram knows no key: only a person can tell after a lost
    answer.
    """

    name: str = "telegram"
    label: str = "Telegram"
    form: Form = FORM
    grade: Grade = Grade.BY_A_PERSON
    settles_within: timedelta = timedelta(minutes=2)
    abilities: frozenset[Ability] = frozenset(Ability)

    def rules(self, account: Account) -> Rules:
        given, usual = account.settings.get("max_characters"), Rules()
        lower = isinstance(given, int) and 0 < given < usual.limit
        return Rules(given) if lower and isinstance(given, int) else usual

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits | None:  # noqa: ARG002 - the same for every account
        return PICTURES

    def preview(self, account: Account) -> Preview:
        shown = account.settings.get("link_preview") is not False
        return PREVIEW if shown else replace(PREVIEW, card=CardLayout.NONE)

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        return Prepared(payload(part, account, self.rules(account)), key)

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        return client.send(account, prepared, reply_to=before[-1].remote_id if before else "")

    def reconcile(
        self,
        account: Account,  # noqa: ARG002 - nobody is asked
        prepared: Prepared,  # noqa: ARG002
        *,
        since: timedelta,  # noqa: ARG002
    ) -> Receipt | NotFound | CannotTell:
        return CannotTell(
            gettext_noop(
                "Telegram does not tell what a bot has sent. Look at the chat, then say whether it is there."
            )
        )

    def edit(self, account: Account, remote_id: str, prepared: Prepared) -> Receipt:
        return client.edit(account, remote_id, prepared)

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


TELEGRAM = Telegram()
