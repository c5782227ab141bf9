"""What went out and will go out in a stretch of time, for the calendar and its feed: posts, editions, dates of digests.

Reads only, and of posts only those whose slot lies in the stretch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from publisher.digests.covered import timing_of
from publisher.digests.models import Digest, Edition
from publisher.schedule.windows import dues_between
from publisher.social.approval import MOVABLE
from publisher.social.models import Post

S, E = Post.State, Edition.State
MOST: Final = 2_000
"""Entries of one kind that are read at once; `Agenda.more` says that there are others."""

PLANNED: Final = "planned"
"""The state of a digest's date to come: no edition has been made for it yet."""


class Kind(Enum):
    """What an entry stands for."""

    POST = "post"
    EDITION = "edition"
    DATE = "date"


GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "coming": (S.SCHEDULED, S.SENDING, E.ASSEMBLING, E.WAITING, PLANNED),
    "gone": (S.SENT, E.EMPTY),
    "asks": (S.HANDED, S.FAILED, S.UNKNOWN, S.EXPIRED, E.BLOCKED, E.PAUSED),
}
"""States by what one looks for: what is still to come, what is over, what needs a person."""


@dataclass(frozen=True)
class Entry:
    """One thing at its planned time `at` (UTC). `id` is of the post or edition, of the digest for a date to come; `source` names
    the channel or digest, `source_id` is its id; `version` is the post's."""

    kind: Kind
    id: int
    at: datetime
    title: str
    language: str
    source: str
    source_id: int
    zone: str
    state: str
    version: int = 0
    sent_at: datetime | None = None
    against_rules: bool = False

    @property
    def key(self) -> str:
        """Names it on a page and in a feed; an edition and the date for which it was made have the same."""
        if self.kind is Kind.POST:
            return f"post-{self.id}"
        return f"digest-{self.source_id}-{self.at:%Y%m%dT%H%M%SZ}"

    @property
    def is_movable(self) -> bool:
        """Whether a person may give it another time."""
        return self.kind is Kind.POST and self.state in MOVABLE


@dataclass(frozen=True)
class Agenda:
    """Entries in the order of their times; `more`: there are others, which were not read."""

    entries: list[Entry]
    more: bool = False


def agenda(
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    channel_id: int | None = None,
    digest_id: int | None = None,
    group: str = "",
) -> Agenda:
    """What is planned in [start, end) (aware). A channel alone leaves digests out, and the other way round; `group` is one of
    `GROUPS`, or empty."""
    states = GROUPS.get(group)
    found: list[Entry] = []
    if channel_id or not digest_id:
        found += _posts(start, end, channel_id, states)
    more = len(found) > MOST
    del found[MOST:]
    if digest_id or not channel_id:
        found += _editions(start, end, digest_id, states)
        if states is None or PLANNED in states:
            found += _dates(start, end, digest_id, now)
    return Agenda(sorted(found, key=lambda entry: (entry.at, entry.source, entry.id)), more)


def _posts(
    start: datetime, end: datetime, channel_id: int | None, states: tuple[str, ...] | None
) -> Iterator[Entry]:
    rows = Post.objects.filter(slot_at__gte=start, slot_at__lt=end)
    if channel_id:
        rows = rows.filter(channel_id=channel_id)
    if states:
        rows = rows.filter(state__in=states)
    columns = ("id", "slot_at", "item__title", "language", "channel__name", "channel_id",
               "channel__schedule__zone", "state", "version", "sent_at", "override_slot_at")  # fmt: skip
    values: Any = rows.order_by("slot_at", "id").values_list(*columns)[: MOST + 1]
    for pk, at, title, language, source, source_id, zone, state, version, sent_at, override in values:
        yield Entry(Kind.POST, pk, at, title, language, source, source_id, zone, state, version, sent_at,
                    against_rules=override == at)  # fmt: skip


def _editions(
    start: datetime, end: datetime, digest_id: int | None, states: tuple[str, ...] | None
) -> Iterator[Entry]:
    rows = Edition.objects.filter(due_at__gte=start, due_at__lt=end).select_related("digest")
    if digest_id:
        rows = rows.filter(digest_id=digest_id)
    if states:
        # `sending` and `sent` are states of both; an edition that is being sent is still to come.
        rows = rows.filter(state__in=states)
    for edition in rows.order_by("due_at", "id")[:MOST]:
        digest = edition.digest
        yield Entry(
            Kind.EDITION, edition.pk, edition.due_at, str(edition), "", str(digest), digest.pk, digest.zone,
            edition.state, sent_at=edition.finished_at if edition.state == E.SENT else None,
        )  # fmt: skip


def _dates(start: datetime, end: datetime, digest_id: int | None, now: datetime) -> Iterator[Entry]:
    digests = Digest.objects.filter(enabled=True, layout=Digest.Layout.DIGEST).exclude(
        rhythm=Digest.Rhythm.EACH
    )
    if digest_id:
        digests = digests.filter(pk=digest_id)
    for digest in digests:
        for due in dues_between(timing_of(digest), start, end, after=now):
            name = str(digest)
            yield Entry(Kind.DATE, digest.pk, due.at, name, "", name, digest.pk, digest.zone, PLANNED)
