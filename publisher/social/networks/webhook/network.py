"""Webhooks for the registry. `payload.py` builds what is sent, `signing.py` signs it, `client.py` sends it.

Settings of a channel: `format` (“generic”: a signed CloudEvent; “slack”, “teams”, “discord”: a message in a room), `source` (the
sender in events, a URI), `max_characters` (a lower limit), `url` where it is no secret. Credentials: `url`, and `secret`
(whsec_…; two with a space between while one takes the other's place), which a generic one must have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from publisher.social.networks.webhook import client
from publisher.social.networks.webhook.errors import error_of
from publisher.social.networks.webhook.form import FORM
from publisher.social.networks.webhook.measure import measure
from publisher.social.networks.webhook.payload import payload
from publisher.social.networks.webhook.preview import PREVIEW
from publisher.social.networks.webhook.rules import LIMITS, Format, Rules


@dataclass(frozen=True)
class Webhook:
    """See `Network`. Every try has the same key, but nobody knows whether a receiver looks at it: a person tells."""

    name: str = "webhook"
    shows_card: bool = True
    label: str = "Webhook"
    form: Form = FORM
    grade: Grade = Grade.BY_A_PERSON
    settles_within: timedelta = timedelta(minutes=2)
    abilities: frozenset[Ability] = frozenset(Ability)

    def rules(self, account: Account) -> Rules:
        """An unknown `format` is measured as a generic one: sending tells of it."""
        try:
            target = Format(account.settings.get("format") or Format.GENERIC.value)
        except ValueError:
            target = Format.GENERIC
        given, most = account.settings.get("max_characters"), LIMITS[target]
        return Rules(given if isinstance(given, int) and 0 < given < most else most, target)

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits | None:  # noqa: ARG002 - none: receivers take addresses
        return None

    def abilities_of(self, account: Account) -> frozenset[Ability]:
        """What is in a room of Slack or Teams, its webhook cannot change."""
        is_room = self.rules(account).format in (Format.SLACK, Format.TEAMS)
        return frozenset({Ability.REPLY}) if is_room else self.abilities

    def preview(self, account: Account) -> Preview:  # noqa: ARG002 - the same for every account
        return PREVIEW

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        return Prepared(payload(part, account, key, self.rules(account)), key)

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        client.format_of(account)
        return client.send(account, prepared, reply_to=before[-1].remote_id if before else "")

    def reconcile(
        self,
        account: Account,  # noqa: ARG002 - nobody is asked
        prepared: Prepared,
        *,
        since: timedelta,  # noqa: ARG002
    ) -> Receipt | NotFound | CannotTell:
        return CannotTell(
            gettext_noop(
                "A webhook cannot be asked. Look whether the message %(idempotency_key)s arrived, then say so here."
            )
            % {"idempotency_key": prepared.idempotency_key}
        )

    def edit(self, account: Account, remote_id: str, prepared: Prepared) -> Receipt:
        return client.edit(account, remote_id, prepared)

    def retract(self, account: Account, remote_id: str) -> None:
        client.retract(account, remote_id)

    def verify_credentials(self, account: Account) -> Standing:
        return Standing(client.whoami(account))

    def classify(
        self,
        account: Account,
        answer: Answer,
        *,
        now: datetime,  # noqa: ARG002 - its waits are durations
    ) -> OtherSideError | None:
        return error_of(answer, client.format_of(account))


WEBHOOK = Webhook()
