"""Weibo, as `ByHand`.

Settings of a channel: `max_characters` (140, as for apps; its editor takes 2000 from everybody), `links` (how many a text may
hold, 1), `wait_hours` (see `delivery/handing.py`). No credentials: Weibo lets apps post only with the address of a real person's
connection, so a person posts.
"""

from __future__ import annotations

from dataclasses import dataclass

from publisher.render.measure import Measure
from publisher.social.networks.base import Account, Handout, Part, PictureLimits, Prepared, Preview
from publisher.social.networks.fields import Form
from publisher.social.networks.weibo.form import FORM
from publisher.social.networks.weibo.measure import measure
from publisher.social.networks.weibo.payload import handout, payload
from publisher.social.networks.weibo.preview import PREVIEW
from publisher.social.networks.weibo.rules import LONGEST, PICTURES, Rules


@dataclass(frozen=True)
class Weibo:
    """See `ByHand`."""

    name: str = "weibo"
    label: str = "Weibo"
    form: Form = FORM

    def rules(self, account: Account) -> Rules:
        usual = Rules()
        limit, links = account.settings.get("max_characters"), account.settings.get("links")
        return Rules(_within(limit, LONGEST, usual.limit), _within(links, LONGEST, usual.links))

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits | None:  # noqa: ARG002 - the same for every account
        return PICTURES

    def preview(self, account: Account) -> Preview:  # noqa: ARG002 - the same for every account
        return PREVIEW

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        return Prepared(payload(part, self.rules(account)), key)

    def lays_drafts(self, account: Account) -> bool:  # noqa: ARG002 - Weibo has no drafts for apps
        return False

    def handout(self, prepared: Prepared, *, draft: bool) -> Handout:  # noqa: ARG002 - there is none
        return handout(prepared)


def _within(given: object, most: int, usual: int) -> int:
    good = isinstance(given, int) and not isinstance(given, bool) and 0 < given <= most
    return int(given) if good and isinstance(given, int) else usual


WEIBO = Weibo()
