"""LinkedIn for the registry: a page's posts. `payload.py` builds what is sent, `client.py` sends it.

Settings of a channel: `organization` (the page's number or URN), `linkedin_version` (YYYYMM, default in `wire.py`),
`timeout_seconds` (of each request, at most 10), `api` and `oauth` (other servers than LinkedIn's, for tests).
Credentials: `access_token`; `issued_at` and `expires_in` of it, for warnings; or the app's `client_id` and `client_secret`, with
which LinkedIn is asked how long the token lives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
from publisher.social.networks.linkedin import account as accounts
from publisher.social.networks.linkedin import client
from publisher.social.networks.linkedin.errors import error_of
from publisher.social.networks.linkedin.form import FORM
from publisher.social.networks.linkedin.measure import measure
from publisher.social.networks.linkedin.oauth import OAUTH
from publisher.social.networks.linkedin.payload import payload
from publisher.social.networks.linkedin.preview import PREVIEW
from publisher.social.networks.linkedin.rules import PICTURES, Rules
from publisher.social.networks.oauth import OAuth


@dataclass(frozen=True)
class LinkedIn:
    """See `Network`. LinkedIn has no key for a post. Its list tells; when that misses it, LinkedIn refuses a repeated text."""

    name: str = "linkedin"
    shows_card: bool = True
    label: str = "LinkedIn"
    form: Form = FORM
    oauth: OAuth = OAUTH
    grade: Grade = Grade.BY_LOOKING
    settles_within: timedelta = timedelta(minutes=5)  # a new post may be missing from the list at first
    abilities: frozenset[Ability] = frozenset({Ability.EDIT, Ability.RETRACT})

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
        if before:
            raise Rejected(gettext_noop("LinkedIn has no threads: put the text into one message."))
        return client.create(account, prepared)

    def reconcile(
        self, account: Account, prepared: Prepared, *, since: timedelta
    ) -> Receipt | NotFound | CannotTell:
        return client.find(account, prepared, since=since)

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
        now: datetime,
    ) -> OtherSideError | None:
        return error_of(answer, now=now)


LINKEDIN = LinkedIn()
