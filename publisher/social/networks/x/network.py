"""X for the registry. `payload.py` builds what is stored, `client.py` asks X, `recognition.py` knows our post on the timeline.

Settings of a channel: `threads` (true where the plan allows replies to one's own posts; default false), `timeout_seconds` (of
each wait for an answer, at most and by default 10), `price` and `price_with_link` (dollars for a post, where they are not those
of `price.py`), `api_url` (another address than X's, for tests).
Credentials, of OAuth 1.0a: `consumer_key`, `consumer_secret`, `access_token`, `access_token_secret`. They do not expire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from publisher.core.errors import OtherSideError, Rejected
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
from publisher.social.networks.oauth import OAuth
from publisher.social.networks.x import client
from publisher.social.networks.x.errors import error_of
from publisher.social.networks.x.form import FORM
from publisher.social.networks.x.measure import measure
from publisher.social.networks.x.oauth import OAUTH
from publisher.social.networks.x.payload import payload
from publisher.social.networks.x.preview import PREVIEW
from publisher.social.networks.x.price import price
from publisher.social.networks.x.rules import PICTURES, Rules


@dataclass(frozen=True)
class XNetwork:
    """See `Network`. X knows no key, and refuses a repeated text only for a while: its timeline is searched."""

    name: str = "x"
    label: str = "X"
    form: Form = FORM
    oauth: OAuth = OAUTH
    grade: Grade = Grade.BY_LOOKING
    # The timeline follows a post within seconds; a request in X's queues may take longer.
    settles_within: timedelta = timedelta(minutes=2)
    abilities: frozenset[Ability] = frozenset({Ability.RETRACT, Ability.REPLY})
    currency: str = "USD"

    def rules(self, account: Account) -> Rules:  # noqa: ARG002 - the same for every account
        return Rules()

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits | None:  # noqa: ARG002 - the same for every account
        return PICTURES

    def threads(self, account: Account) -> bool:
        return account.settings.get("threads") is True

    def price(self, part: Part, account: Account) -> Decimal:
        return price(part.text, account)

    def preview(self, account: Account) -> Preview:  # noqa: ARG002 - the same for every account
        return PREVIEW

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        return Prepared(payload(part, account), key)

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        return client.create(account, prepared, before)

    def reconcile(
        self, account: Account, prepared: Prepared, *, since: timedelta
    ) -> Receipt | NotFound | CannotTell:
        return client.find(account, prepared, since=since)

    def edit(self, account: Account, remote_id: str, prepared: Prepared) -> Receipt:  # noqa: ARG002 - there is none
        raise Rejected(
            gettext_noop("A post on X cannot be changed from here. Delete it and publish a new one.")
        )

    def retract(self, account: Account, remote_id: str) -> None:
        client.delete(account, remote_id)

    def verify_credentials(self, account: Account) -> Standing:
        return Standing(client.whoami(account))

    def classify(
        self,
        account: Account,  # noqa: ARG002 - the same for every account
        answer: Answer,
        *,
        now: datetime,
    ) -> OtherSideError | None:
        return error_of(answer, now)


X = XNetwork()
