"""Rows of the log for an export: plain values with names of people, read in batches by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max

from publisher.delivery.log.pages import ids_of
from publisher.delivery.log.wanted import LogFilter
from publisher.delivery.models import Amendment, Delivery
from publisher.digests.models import Edition
from publisher.social.models import Channel


class ExportRow(NamedTuple):
    """A row of the export. Names are those of people; times are aware.

    `corrected`: when what was sent of a post was last edited, or answered by a correction that stands; `withdrawn`: when it was
    deleted again. Both None of a mail.
    """

    id: int
    written: datetime
    state: str
    purpose: str
    edition: str
    channel: str
    item: str
    address: str
    tries: int
    code: int | None
    enhanced_code: str
    reason: str
    message_id: str
    url: str
    sent: datetime | None
    settled: datetime | None
    corrected: datetime | None
    withdrawn: datetime | None


_COLUMNS = (
    *("id", "created_at", "state", "purpose", "edition_id", "channel_id", "post__item__title", "address"),
    *(
        "attempts",
        "code",
        "enhanced",
        "reason",
        "remote_id",
        "remote_url",
        "sent_at",
        "settled_at",
        "withdrawn_at",
    ),
)


def rows_for_export(wanted: LogFilter) -> Iterator[ExportRow]:
    """Every row of the filter: steady memory, and no transaction stays open for a slow reader."""
    names = Names()
    for ids, _after in ids_of(wanted):
        yield from names.rows(ids)


class Names:
    """Rows with the names of their editions and channels, which are few and asked for once."""

    def __init__(self) -> None:
        self.editions: dict[int | None, str] = {None: ""}
        self.channels: dict[int | None, str] = {None: ""}

    def rows(self, ids: list[int]) -> Iterator[ExportRow]:
        """The rows of these ids that are still there, in this order."""
        known = {row[0]: row for row in Delivery.objects.filter(pk__in=ids).values_list(*_COLUMNS)}
        self._learn(known.values())
        corrected = _corrected([pk for pk, row in known.items() if row[4] is None])
        for pk in ids:
            if row := known.get(pk):
                purpose = row[3] if row[4] else "post"
                named = (self.editions[row[4]], self.channels[row[5]], row[6] or "")
                yield ExportRow._make((*row[:3], purpose, *named, *row[7:-1], corrected.get(pk), row[-1]))

    def _learn(self, rows: Iterable[tuple[Any, ...]]) -> None:
        editions = {row[4] for row in rows} - self.editions.keys()
        channels = {row[5] for row in rows} - self.channels.keys()
        found = Edition.objects.select_related("digest").in_bulk(editions)
        self.editions |= {pk: str(edition) for pk, edition in found.items()}
        self.channels |= {pk: channel.name for pk, channel in Channel.objects.in_bulk(channels).items()}


def _corrected(posts: list[int]) -> dict[int, datetime]:
    """When these messages of posts were last corrected; one that was not is not among the keys."""
    if not posts:
        return {}
    done = Amendment.objects.filter(delivery__in=posts, state=Amendment.State.DONE, withdrawn_at__isnull=True)
    stands = done.exclude(deed=Amendment.Deed.DELETE).values_list("delivery").annotate(at=Max("settled_at"))
    return {pk: at for pk, at in stands if at}
