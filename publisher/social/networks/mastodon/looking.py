"""Was a status published? Its author's latest statuses are compared with what was sent, from the first try until now.

Nothing but a look is needed, also while the server still knows the key: what is certainly not there goes out again with the
same key, so that two things must fail before anything appears twice.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from publisher.core.errors import Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.base import Account, CannotTell, NotFound, Prepared, Receipt
from publisher.social.networks.mastodon.client import connected, receipt_of
from publisher.social.networks.mastodon.errors import NotThere

if TYPE_CHECKING:
    from publisher.social.networks.mastodon.wire import Api

MARGIN = timedelta(minutes=2)
"""How much earlier than our first try the server may say that a status was made."""
A_PAGE, PAGES = 40, 4
ALIKE = 0.8
MOST_READ = 20
"""Statuses alike whose source is read: each is a request of the 300 in five minutes."""

TOO_MANY = gettext_noop(
    "The account has published too much since to be searched. Look there, then say here whether it was published."
)

NOTHING = gettext_noop(
    "The server shows no status of this account at all. Look at the account there, then say here whether it was published."
)

EDITED = gettext_noop(
    "A status much like it was edited since. Look there, then say here whether it was published."
)

_BREAK = re.compile(r"</p>|<br */?>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_DOMAIN = re.compile(r"(@\w+(?:[.-]+\w+)*)@\w+(?:[.-]+\w+)*")


@dataclass(frozen=True)
class Shown:
    """The statuses since the first try, whether these are all of them, and whether the server showed any, of whatever age."""

    statuses: list[Mapping[str, Any]]
    whole: bool
    some: bool


def find(account: Account, prepared: Prepared, since: timedelta) -> Receipt | NotFound | CannotTell:
    """Raises `Retry`, `ChannelDown` when the server cannot be asked."""
    with connected(account) as api, publishes_nothing():
        # Read within the question: what cannot be read there is an answer that cannot be understood.
        me, has_none = api.ask(lambda library: _who(library.account_verify_credentials()))
        earliest = api.server_now - since - MARGIN
        shown = _since(api, me, earliest)
        alike = _alike(api, shown.statuses, prepared.payload)
        for status in alike[:MOST_READ]:
            if _is_it(api, status, prepared.payload):
                return receipt_of(status)
    if not shown.some and not has_none:
        return CannotTell(NOTHING)
    if not shown.whole or len(alike) > MOST_READ:
        return CannotTell(TOO_MANY)
    return CannotTell(EDITED) if any(status.get("edited_at") for status in alike) else NotFound()


def visible(text: str) -> str:
    """What of a text, or of the HTML that a server makes of it, must be the same: no mark-up, no white space, no domains."""
    bare, before = _untagged(text), ""
    # Until nothing changes: of @a@b@c.example the server may have taken off one domain already.
    while bare != before:
        bare, before = _DOMAIN.sub(r"\1", bare), bare
    return "".join(bare.split())


def _bare(text: str) -> str:
    return "".join(_untagged(text).split())


def _untagged(text: str) -> str:
    return unicodedata.normalize("NFC", html.unescape(_TAG.sub("", _BREAK.sub(" ", text))))


def _since(api: Api, author: str, earliest: datetime) -> Shown:
    """The author's statuses made since then, newest first."""
    found: list[Mapping[str, Any]] = []
    last: str | None = None
    for _ in range(PAGES):
        page = api.ask(
            lambda library, last=last: _statuses(  # type: ignore[misc]
                library.account_statuses(author, exclude_reblogs=True, limit=A_PAGE, max_id=last)
            )
        )
        if not api.told_a_list:
            raise Unknown(gettext_noop("The Mastodon server's answer is no list of statuses."))
        # Pinned ones do not come in this list: it is in the order of time.
        for status in page:
            if _made_at(status) < earliest:
                return Shown(found, whole=True, some=True)
            found.append(status)
        if not page:
            return Shown(found, whole=True, some=bool(found))
        last = str(page[-1]["id"])
    return Shown(found, whole=False, some=True)


def _who(me: object) -> tuple[str, bool]:
    """The account's id, and whether the server counts no status of it. Raises TypeError for what is no account."""
    found = me.get("id") if isinstance(me, Mapping) else None
    if not isinstance(found, str | int) or isinstance(found, bool) or not str(found):
        raise TypeError("no account")
    count = me.get("statuses_count") if isinstance(me, Mapping) else None
    return str(found), count == 0 and count is not False


def _statuses(page: object) -> list[Mapping[str, Any]]:
    """Raises TypeError for what is no list of statuses."""
    if not isinstance(page, list) or not all(isinstance(each, Mapping) and each.get("id") for each in page):
        raise TypeError("no list of statuses")
    return page


def _alike(api: Api, statuses: list[Mapping[str, Any]], body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those that may be it, by what readers see; of one that somebody edited, by what they saw first."""
    text = html.escape(str(body["status"]))
    alike = []
    for status in statuses:
        content = str(status.get("content") or "")
        if status.get("edited_at"):
            content = _first_content(api, str(status["id"])) or content
        # What is no mention to us may be one to the server, and the other way round.
        if any(_ratio(visible(content), wanted) >= ALIKE for wanted in (visible(text), _bare(text))):
            alike.append(status)
    return alike


def _ratio(first: str, second: str) -> float:
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _is_it(api: Api, status: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether it is the very text: by its source, or by what was seen where that tells nothing any more."""
    seen = str(status.get("content") or "")
    wanted = visible(html.escape(str(body["status"])))
    if status.get("edited_at"):
        return visible(_first_content(api, str(status["id"])) or seen) == wanted
    try:
        source = api.ask(lambda library: library.status_source(str(status["id"])))
    except NotThere:
        return visible(seen) == wanted
    return _plain(source.get("text")) == _plain(body["status"])


def _first_content(api: Api, status_id: str) -> str:
    try:
        versions = api.ask(lambda library: library.status_history(status_id))
    except NotThere:
        return ""
    return str(versions[0].get("content") or "") if versions else ""


def _made_at(status: Mapping[str, Any]) -> datetime:
    at = status.get("created_at")
    if not isinstance(at, datetime):
        return datetime.max.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _plain(text: object) -> str:
    return unicodedata.normalize("NFC", str(text or "").replace("\r\n", "\n")).strip()
