"""What would leave if nothing stopped it: mails by edition, posts by channel, editions to be begun. Reads only.

What has to wait although its time has come is told with what holds it up and until when (`holding.py`).
Shown by `publisher sending`, by the desk, and after a restore.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from publisher.core import words
from publisher.delivery import holding, progress, tally
from publisher.delivery.departure import is_too_late
from publisher.delivery.holding import Hold
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.delivery.unclear import asking
from publisher.digests.due import LATE_ASKS, due_now
from publisher.digests.models import Digest, Edition
from publisher.social.models import Channel, Post
from publisher.social.slots import ON_TIME

S = Edition.State
IN_DOUBT = frozenset({State.UNKNOWN, State.SENDING})
"""What may have left. While sending goes on, what is being handed over is no matter of doubt: it is settled in a moment."""
UNFINISHED = (S.ASSEMBLING, S.BLOCKED, S.WAITING, S.SENDING, S.PAUSED)


@dataclass(frozen=True)
class Mails:
    """Queued mails of an edition: `later` of them belong to waves that are still to come, from `next_at` on. `asks`: they wait
    for a person even when sending goes on; `hold`: what holds them up else; `unclear`: nobody knows of these whether they
    arrived, and nothing but a person decides; while all sending stands still also those that were being handed over. They are
    not among the queued."""

    edition: Edition
    queued: int
    unclear: int
    asks: bool
    later: int = 0
    next_at: datetime | None = None
    hold: Hold | None = None

    @property
    def leave(self) -> int:
        """How many leave at once."""
        return 0 if self.asks or self.hold else self.queued - self.later


@dataclass(frozen=True)
class Posts:
    """Posts of a channel whose time has come. `too_late` of them would expire and ask a person, and `waiting` are held up by
    `hold`; `unclear` (while all sending stands still also those that were being handed over) are not counted among them."""

    channel: Channel
    due: int
    too_late: int
    unclear: int
    waiting: int = 0
    hold: Hold | None = None

    @property
    def leave(self) -> int:
        return self.due - self.too_late - self.waiting


@dataclass(frozen=True)
class NewEdition:
    """An edition that would be begun. `asks`: it then waits for a person, since its digest wants that or because it is `late`."""

    digest: Digest
    due_at: datetime
    asks: bool
    late: bool


@dataclass(frozen=True)
class Line:
    """One line for people: what (`3,000 mails`) of what, and what holds it up."""

    of: Edition | Channel | Digest
    what: str
    due_at: datetime | None = None
    hold: Hold | None = None


@dataclass(frozen=True)
class Outlook:
    """Everything whose time has come. `mail_hold`: what holds up all mail."""

    mails: list[Mails]
    posts: list[Posts]
    editions: list[NewEdition]
    mail_hold: Hold | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.mails or self.posts or self.editions)

    @property
    def leaving(self) -> list[Line]:
        """What leaves at once."""
        lines = [
            Line(each.edition, words.mails(each.leave), each.edition.due_at)
            for each in self.mails
            if each.leave
        ]
        lines += [Line(each.channel, words.posts(each.leave)) for each in self.posts if each.leave > 0]
        return lines + [
            Line(each.digest, _("a new edition"), each.due_at) for each in self.editions if not each.asks
        ]

    @property
    def held(self) -> list[Line]:
        """What does not, though no person is asked."""
        lines = []
        for each in self.mails:
            if each.hold and each.queued and not each.asks:
                lines.append(Line(each.edition, words.mails(each.queued), each.edition.due_at, each.hold))
            elif each.later and not each.asks:
                hold = Hold(_("The next wave has not come"), each.next_at)
                lines.append(Line(each.edition, words.mails(each.later), None, hold))
        return lines + [
            Line(each.channel, words.posts(each.waiting), None, each.hold)
            for each in self.posts
            if each.waiting
        ]


def outlook(*, now: datetime, stood_since: datetime | None = None) -> Outlook:
    """What would leave at once. `stood_since`: when all sending was stopped, for what has become too old since."""
    old = {edition.pk for edition in grown_old(stood_since, now=now)} if stood_since else set()
    every = holding.of_all_mail(now)
    in_doubt = IN_DOUBT if stood_since else IN_DOUBT - {State.SENDING}
    return Outlook(
        mails=list(_mails(old, every, in_doubt, now)),
        posts=_posts(in_doubt, now, stood=stood_since is not None),
        editions=[
            NewEdition(digest, due.due_at, due.late or digest.waits_for_approval, due.late)
            for digest, due in due_now(now=now)
        ],
        mail_hold=every,
    )


def grown_old(stood_since: datetime, *, now: datetime) -> QuerySet[Edition]:
    """Editions that were going out when all sending was stopped, and whose time is long past by now."""
    if now - stood_since <= LATE_ASKS:
        return Edition.objects.none()
    going = Edition.objects.filter(state=S.SENDING, due_at__lt=now - LATE_ASKS)
    return going.select_related("digest").order_by("due_at", "id")


def _mails(old: set[int], every: Hold | None, in_doubt: frozenset[State], now: datetime) -> Iterator[Mails]:
    """By the tally; of deliveries one row of each edition's queue is read, and the unclear ones."""
    open_ones = Edition.objects.filter(state__in=UNFINISHED).select_related("digest")
    for edition in open_ones.order_by("due_at", "id"):
        counts = tally.by_state(edition_id=edition.pk)
        queued = counts.get(State.QUEUED, 0)
        unclear = counts.get(State.SENDING, 0) if State.SENDING in in_doubt else 0
        unclear += asking(edition) if counts.get(State.UNKNOWN) else 0
        if not queued and not unclear:
            continue
        goes = edition.state == S.SENDING or (
            edition.state == S.ASSEMBLING and edition.after_assembly == S.SENDING
        )
        rest = progress.to_go(edition, now)
        yield Mails(
            edition,
            queued,
            unclear,
            asks=not goes or edition.pk in old,
            later=rest.later,
            next_at=rest.waves[0].due_at if rest.waves else None,
            hold=(holding.of_edition(edition, rest, now) or every) if goes else None,
        )


def _posts(in_doubt: frozenset[State], now: datetime, *, stood: bool) -> list[Posts]:
    """Rows of the short queue of posts and of the slots that have come. A post whose item was retracted neither leaves nor
    waits: it is cancelled at its slot, whatever else (`departure.next_step`)."""
    known = Post.objects.select_related("item", "channel__schedule").defer(
        "item__body_html", "item__body_text"
    )
    scheduled: dict[int, list[Post]] = {}
    due = known.filter(state=Post.State.SCHEDULED, slot_at__lte=now, item__retracted_at__isnull=True)
    for post in due.order_by("slot_at", "id"):
        scheduled.setdefault(post.channel_id, []).append(post)
    going = Post.objects.filter(state=Post.State.SENDING, deliveries__state=State.QUEUED).distinct()
    queued, unclear = Counter(going.values_list("channel_id", flat=True)), _unclear_posts(in_doubt)
    channels = Channel.objects.filter(pk__in=scheduled.keys() | queued.keys() | unclear.keys())
    return [
        _of_channel(each, scheduled.get(each.pk, []), queued[each.pk], unclear[each.pk], now, stood=stood)
        for each in channels.select_related("schedule").order_by("name")
    ]


def _of_channel(
    channel: Channel, posts: list[Post], queued: int, unclear: int, now: datetime, *, stood: bool
) -> Posts:
    tolerance = timedelta(minutes=channel.tolerance_minutes)
    timely = [post for post in posts if post.slot_at and not is_too_late(post.slot_at, tolerance, now)]
    hold, waiting = holding.of_channel(channel, now), len(timely) + queued
    missed = [post for post in timely if stood and now - (post.slot_at or now) > ON_TIME]
    if hold is None and missed:
        waiting, hold = len(missed), holding.Hold(_("Their slots were missed, so they get new ones"))
    elif hold is None:
        waiting, hold = holding.of_posts(channel, timely, now)
    late = len(posts) - len(timely)
    return Posts(channel, len(posts) + queued, late, unclear, waiting, hold if waiting else None)


def _unclear_posts(in_doubt: frozenset[State]) -> Counter[int]:
    rows = Delivery.objects.filter(state__in=in_doubt, post__isnull=False)
    counted = rows.values("channel_id").annotate(posts=Count("post_id", distinct=True))
    return Counter(dict(counted.values_list("channel_id", "posts")))
