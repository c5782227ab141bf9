"""Facebook for the registry: a page's posts. `payload.py` builds what is stored, `client.py` sends it, `looking.py` finds it.

Settings of a channel: `page` (the page's number), `graph_version` (default in `wire.py`), `timeout_seconds` (of each wait, at
most 20), `api` (another server than Facebook's, for tests).
Credentials: `access_token` (the page's, not a person's); `app_id` and `app_secret`, with which Facebook is asked how long the
token lives and each request is signed (`appsecret_proof`).
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
from publisher.social.networks.facebook import account as accounts
from publisher.social.networks.facebook import client, looking
from publisher.social.networks.facebook.errors import error_of
from publisher.social.networks.facebook.form import FORM
from publisher.social.networks.facebook.measure import measure
from publisher.social.networks.facebook.oauth import OAUTH
from publisher.social.networks.facebook.payload import payload
from publisher.social.networks.facebook.preview import PREVIEW
from publisher.social.networks.facebook.rules import PICTURES, Rules
from publisher.social.networks.fields import Form
from publisher.social.networks.oauth import OAuth


@dataclass(frozen=True)
class Facebook:
    """See `Network`. Facebook has no key for a post: the page's posts are searched. A thread's later messages are comments."""

    name: str = "facebook"
    label: str = "Facebook"
    form: Form = FORM
    oauth: OAuth = OAUTH
    grade: Grade = Grade.BY_LOOKING
    settles_within: timedelta = timedelta(minutes=5)  # a new post may be missing from the list at first
    abilities: frozenset[Ability] = frozenset(Ability)

    def rules(self, account: Account) -> Rules:  # noqa: ARG002 - the same for every account
        return Rules()

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits | None:  # noqa: ARG002 - the same for every account
        return PICTURES

    def preview(self, account: Account) -> Preview:  # noqa: ARG002 - the same for every account
        return PREVIEW

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:  # noqa: ARG002 - nor does the payload
        return Prepared(payload(part), key)

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        return client.create(account, prepared, before)

    def reconcile(
        self, account: Account, prepared: Prepared, *, since: timedelta
    ) -> Receipt | NotFound | CannotTell:
        return looking.find(account, prepared, since=since)

    def edit(self, account: Account, remote_id: str, prepared: Prepared) -> Receipt:
        return client.replace(account, remote_id, prepared)

    def retract(self, account: Account, remote_id: str) -> None:
        client.delete(account, remote_id)

    def verify_credentials(self, account: Account) -> Standing:
        return accounts.verified(account)

    def classify(
        self,
        account: Account,  # noqa: ARG002 - the same for every account
        answer: Answer,
        *,
        now: datetime,  # noqa: ARG002 - its waits are durations
    ) -> OtherSideError | None:
        return error_of(answer)


FACEBOOK = Facebook()
