"""WeChat Official Account, as `ByHand`, and as `Network` for the drafts that it lays into the account.

Credentials of a channel: `app_id`, `app_secret`; without them articles are copied by hand. Settings: `author` (16 characters),
`title_limit` (32 字 as the interface's documents say; the editor takes 64), `cover_media_id` (a picture in the account, for posts
without one), `wait_hours` (see `delivery/handing.py`), `api` (another address than WeChat's, for tests).
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
    Handout,
    NotFound,
    Part,
    PictureLimits,
    Prepared,
    Preview,
    Receipt,
    Standing,
)
from publisher.social.networks.fields import Form
from publisher.social.networks.wechat import client
from publisher.social.networks.wechat.errors import error_of
from publisher.social.networks.wechat.form import FORM
from publisher.social.networks.wechat.measure import measure
from publisher.social.networks.wechat.payload import handout, payload
from publisher.social.networks.wechat.preview import PREVIEW
from publisher.social.networks.wechat.rules import LONGEST_TITLE, PICTURES, Rules

BY_HAND = gettext_noop("What is published on WeChat is changed and deleted on mp.weixin.qq.com.")


@dataclass(frozen=True)
class WeChat:
    """See `ByHand` and `Network`. What is `published` here is a draft: one that came twice is seen by staff, not by readers."""

    name: str = "wechat"
    label: str = "WeChat"
    form: Form = FORM
    grade: Grade = Grade.BY_LOOKING
    settles_within: timedelta = timedelta(minutes=2)
    abilities: frozenset[Ability] = frozenset()

    def rules(self, account: Account) -> Rules:
        given, usual = account.settings.get("title_limit"), Rules()
        good = isinstance(given, int) and not isinstance(given, bool) and 0 < given <= LONGEST_TITLE
        return Rules(given) if good and isinstance(given, int) else usual

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits | None:  # noqa: ARG002 - the same for every account
        return PICTURES

    def preview(self, account: Account) -> Preview:  # noqa: ARG002 - the same for every account
        return PREVIEW

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        made = payload(part, account, self.rules(account), draft=self.lays_drafts(account))
        return Prepared(made, key)

    def lays_drafts(self, account: Account) -> bool:
        return bool(account.credentials.get("app_id") and account.credentials.get("app_secret"))

    def handout(self, prepared: Prepared, *, draft: bool) -> Handout:
        return handout(prepared, draft=draft)

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:  # noqa: ARG002 - no threads
        return client.lay(account, prepared)

    def reconcile(
        self, account: Account, prepared: Prepared, *, since: timedelta
    ) -> Receipt | NotFound | CannotTell:
        return client.find(account, prepared, since=since)

    def edit(self, account: Account, remote_id: str, prepared: Prepared) -> Receipt:  # noqa: ARG002 - nobody is asked
        raise Rejected(BY_HAND)

    def retract(self, account: Account, remote_id: str) -> None:  # noqa: ARG002 - nobody is asked
        raise Rejected(BY_HAND)

    def verify_credentials(self, account: Account) -> Standing:
        return Standing(client.check(account))

    def classify(
        self,
        account: Account,  # noqa: ARG002 - the same for every account
        answer: Answer,
        *,
        now: datetime,
    ) -> OtherSideError | None:
        return error_of(answer, now=now)


WECHAT = WeChat()
