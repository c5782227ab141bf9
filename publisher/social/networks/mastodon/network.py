"""Mastodon for the registry. `payload.py` builds what is sent, `client.py` sends it, `looking.py` finds it again.

Settings of a channel: `url` (https://mastodon.example), `content_warning` (text; a message's own goes before), `visibility`
(public, unlisted, private; absent: what the account is set to), `timeout_seconds` (of each wait for the server, at most 20).
As the server says them in /api/v2/instance, and as each check stores them: `max_characters`, `max_media_attachments`,
`characters_reserved_per_url`, `image_size_limit` (bytes), `image_matrix_limit` (pixels), `description_limit`,
`image_types` (list).

Credentials: `access_token`, with the scopes read:accounts, read:statuses, write:statuses, write:media.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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
from publisher.social.networks.mastodon import client, looking, rules
from publisher.social.networks.mastodon.errors import error_of
from publisher.social.networks.mastodon.form import FORM
from publisher.social.networks.mastodon.measure import measure
from publisher.social.networks.mastodon.oauth import OAUTH
from publisher.social.networks.mastodon.payload import payload
from publisher.social.networks.mastodon.preview import PREVIEW
from publisher.social.networks.mastodon.rules import Rules
from publisher.social.networks.oauth import OAuth


@dataclass(frozen=True)
class Mastodon:
    """See `Network`.

    The server stores the key after the status, so the same key twice at once makes two: nobody asks before `settles_within`,
    longer than any gate in front of a server waits for it.
    """

    name: str = "mastodon"
    label: str = "Mastodon"
    form: Form = FORM
    oauth: OAuth = OAUTH
    grade: Grade = Grade.WITHIN_A_WINDOW
    settles_within: timedelta = timedelta(minutes=2)
    abilities: frozenset[Ability] = frozenset(Ability)

    def rules(self, account: Account) -> Rules:
        given, usual = account.settings, Rules()
        return Rules(
            limit=_number(given, "max_characters", usual.limit),
            url_length=_number(given, "characters_reserved_per_url", usual.url_length),
            warning=str(given.get("content_warning") or ""),
        )

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)

    def pictures(self, account: Account) -> PictureLimits:
        given = account.settings
        types = given.get("image_types")
        return PictureLimits(
            most=_number(given, "max_media_attachments", rules.MOST_PICTURES),
            max_bytes=min(_number(given, "image_size_limit", rules.IMAGE_BYTES), rules.OUR_IMAGE_BYTES),
            max_pixels=min(_number(given, "image_matrix_limit", rules.IMAGE_PIXELS), rules.IMAGE_PIXELS),
            types=frozenset(map(str, types)) if isinstance(types, list) and types else rules.IMAGE_TYPES,
            alt=_number(given, "description_limit", rules.ALT_TEXT),
        )

    def preview(self, account: Account) -> Preview:  # noqa: ARG002 - the same for every account
        return PREVIEW

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        return Prepared(payload(part, account, self.rules(account), self.pictures(account)), key)

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        reply_to = before[-1].remote_id if before else ""
        return client.create(account, prepared, self.pictures(account), reply_to=reply_to)

    def reconcile(
        self, account: Account, prepared: Prepared, *, since: timedelta
    ) -> Receipt | NotFound | CannotTell:
        return looking.find(account, prepared, since)

    def edit(self, account: Account, remote_id: str, prepared: Prepared) -> Receipt:
        return client.replace(account, remote_id, prepared, self.pictures(account))

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


def _number(given: Mapping[str, Any], key: str, usual: int) -> int:
    value = given.get(key)
    return value if isinstance(value, int) and value > 0 else usual


MASTODON = Mastodon()
