"""Who gets an edition: everybody who subscribes to its digest, or those of them who are in a segment.

A segment only ever narrows: whoever is in it and does not subscribe gets nothing. A digest may have one for all of its editions,
and a person may choose another for one edition before anything of it has left. At assembling it is asked once who is in it; that
is written down (`EditionReader`), and what was asked stays with the edition (`Edition.readers`), whatever becomes of the segment.
Until the edition is let go it is asked again each time that it is assembled; from then on it is the same readers to the end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from publisher.audience.models import Segment, Subscriber, Subscription, Tag
from publisher.audience.segments import conditions, matching, saved
from publisher.audience.segments.conditions import Groups
from publisher.audience.segments.matching import Counted, TooLong
from publisher.core.errors import UserError
from publisher.digests.models import Digest, Edition
from publisher.digests.reader_models import EditionReader
from publisher.items.models import Topic

log = logging.getLogger(__name__)

SECONDS: Final = 120.0
"""For asking who is in the segment when an edition is assembled."""
MANY: Final = 10_000
"""From so many new rows on the planner is told of them at once."""
OPEN: Final = (
    Edition.State.ASSEMBLING,
    Edition.State.BLOCKED,
    Edition.State.WAITING,
    Edition.State.SENDING,
    Edition.State.PAUSED,
)

IS_ONE: Final = """AND EXISTS (
    SELECT 1 FROM digests_editionreader r WHERE r.edition_id = %(edition)s AND r.subscriber_id = b.subscriber_id
)"""
"""SQL: that the subscriber of the subscription `b` is one of the edition's readers. Of a narrowed edition only."""


class NoReaders(UserError):
    """Nobody can be told to be a reader of it: its segment is gone, or holds none of the digest's subscribers."""


@dataclass(frozen=True)
class Narrowed:
    """What stays with an edition: the segment as it was when it was asked, and how many of the digest's subscribers were in it.

    `groups` are its conditions as JSON; `named` says of a choice what it was called then.
    """

    segment: int
    name: str
    version: int
    groups: list[list[dict[str, Any]]]
    named: dict[str, str]
    at: datetime
    subscribed: int
    inside: int

    @classmethod
    def of(cls, edition: Edition) -> Narrowed | None:
        """None of an edition for everybody, and of one that was not assembled yet."""
        if edition.readers is None:
            return None
        return cls(**{**edition.readers, "at": datetime.fromisoformat(edition.readers["at"])})

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "at": self.at.isoformat()}

    @property
    def outside(self) -> int:
        """Subscribers of the digest who were not in it, and get nothing."""
        return self.subscribed - self.inside


def subscribed(digest_id: int) -> QuerySet[Subscription]:
    """Subscriptions by which an edition for everybody goes out."""
    return Subscription.objects.filter(
        digest_id=digest_id, state=Subscription.State.ACTIVE, subscriber__state=Subscriber.State.ACTIVE
    )


def of_segment(digest_id: int, segment: int | None, *, now: datetime) -> QuerySet[Subscription]:
    """Those of them whose subscribers are in the segment now; None: all. Raises `UserError`."""
    rows = subscribed(digest_id)
    if segment is None:
        return rows
    return rows.filter(subscriber__in=matching.matching(saved.groups_of(_found(segment)), now=now))


def count(digest_id: int, segment: int | None, *, now: datetime, seconds: float = 2.0) -> Counted:
    """How many an edition would go out to now; no number when that takes too long. Raises `UserError`."""
    rows = of_segment(digest_id, segment, now=now)
    try:
        with matching.limited(seconds):
            return Counted(rows.count(), exact=True)
    except TooLong:
        return Counted(None, exact=False)


def is_one(edition: Edition, subscription: Subscription) -> bool:
    """Whether this subscription is one of those whom a narrowed edition goes to. What was written down is forgotten when it is
    over: then nobody is told that they are not."""
    mine = EditionReader.objects.filter(edition=edition)
    return (
        edition.segment is None
        or not mine.exists()
        or mine.filter(subscriber_id=subscription.subscriber_id).exists()
    )


@transaction.atomic
def write_down(edition_id: int, *, now: datetime) -> None:
    """Ask who is in the edition's segment, and write it down. Once it was let go, and of one for everybody, nothing is done.

    Raises `UserError` when nobody would get it, or nobody can tell who.
    """
    edition = Edition.objects.select_for_update(of=("self",)).select_related("digest").get(pk=edition_id)
    if edition.state != Edition.State.ASSEMBLING or (edition.readers is not None and edition.let_go_at):
        return
    EditionReader.objects.filter(edition=edition)._raw_delete("default")  # without loading them
    if edition.segment is None:
        return
    segment = _found(edition.segment)
    rows = of_segment(edition.digest_id, segment.pk, now=now)
    with matching.limited(SECONDS):
        inside = _write(edition, rows)
    everybody = subscribed(edition.digest_id).count()
    if not inside:
        raise NoReaders(
            _("None of the %(number)s subscribers of %(digest)s is in the segment %(name)s.")
            % {"number": f"{everybody:,}", "digest": edition.digest, "name": segment.name},
            _("Choose other readers for it, or change the segment. Then try again."),
        )
    groups = saved.groups_of(segment)
    edition.readers = Narrowed(
        segment.pk,
        segment.name,
        segment.version,
        conditions.written(groups),
        _named(groups),
        now,
        everybody,
        inside,
    ).as_json()
    edition.save(update_fields=["readers"])
    log.info("edition.readers", extra={"edition_id": edition.pk, "segment": segment.pk, "readers": inside})


def _write(edition: Edition, rows: QuerySet[Subscription]) -> int:
    query, values = rows.order_by().values("subscriber_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO digests_editionreader (edition_id, subscriber_id) "  # noqa: S608 - the ORM's text
            f"SELECT %s, each.id FROM ({query}) AS each (id) ORDER BY each.id",
            [edition.pk, *values],
        )
        written = int(cursor.rowcount)
        if written > MANY:
            cursor.execute("ANALYZE digests_editionreader")
    return written


def _found(segment: int) -> Segment:
    row = Segment.objects.filter(pk=segment).first()
    if row is None:
        raise NoReaders(
            _("The segment of its readers (number %(number)s) is not there any more.") % {"number": segment},
            _("Choose other readers for it. Then try again."),
        )
    return row


def forget(subscriber_id: int) -> None:
    """Take somebody out who is erased: by the index, of the few editions that are open."""
    open_ = Edition.objects.filter(segment__isnull=False, state__in=OPEN)
    EditionReader.objects.filter(edition__in=open_, subscriber_id=subscriber_id).delete()


_CALLED: Final[Mapping[str, Callable[[Sequence[int]], dict[int, str]]]] = {
    "tag": lambda ids: dict(Tag.objects.filter(pk__in=ids).values_list("pk", "name")),
    "digest": lambda ids: dict(Digest.objects.filter(pk__in=ids).values_list("pk", "slug")),
    "topic": lambda ids: dict(Topic.objects.filter(pk__in=ids).values_list("pk", "name_en")),
}
"""Conditions whose value is an id: what these are called."""


def _named(groups: Groups) -> dict[str, str]:
    """`tag:7` → Press: what is renamed or removed later is still told by its name."""
    named: dict[str, str] = {}
    for field, called in _CALLED.items():
        ids = [int(each.value) for group in groups for each in group if each.field == field]
        named |= {f"{field}:{pk}": name for pk, name in called(ids).items()} if ids else {}
    return named


def called(name: str) -> int | None:
    """The segment of this name; None for an empty one. Raises `UserError` when there is none."""
    key = " ".join(name.split()).casefold()
    if not key:
        return None
    row = Segment.objects.filter(key=key).first()
    if row is None:
        raise UserError(
            _("There is no segment %(name)s.") % {"name": name[:80]},
            _("Segments are made in the desk, under Subscribers."),
        )
    return row.pk


def name_of(segment: int | None) -> str:
    """The name of a segment; "" for none, and its number for one that is gone."""
    if segment is None:
        return ""
    row = Segment.objects.filter(pk=segment).first()
    return row.name if row else str(segment)


def name_for(edition: Edition) -> str:
    """What the segment of its readers is called, or was when it was asked; "" for everybody."""
    narrowed = Narrowed.of(edition)
    return narrowed.name if narrowed else name_of(edition.segment)


def check_unused(segment: int) -> None:
    """Raises `UserError` while a digest or an edition that is not over goes out to it."""
    using = [str(each) for each in Digest.objects.filter(segment=segment).order_by("slug")]
    open_ = Edition.objects.select_related("digest").filter(segment=segment, state__in=OPEN)
    using += [str(each) for each in open_.order_by("pk")]
    if using:
        raise UserError(
            _("Still going out to this segment: %(names)s.") % {"names": ", ".join(using[:5])},
            _("Choose other readers there first."),
        )
