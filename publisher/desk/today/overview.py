"""What the first page says: what waits for approval, what goes out soon, what needs a person, what went out. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publisher.core import clock
from publisher.delivery import holding, progress
from publisher.delivery.holding import Hold
from publisher.delivery.progress import ToGo
from publisher.desk.today.reviews import sort_out
from publisher.desk.today.troubles import Trouble, troubles_of
from publisher.digests import each
from publisher.digests.covered import timing_of
from publisher.digests.due import due_now
from publisher.digests.editions import OVER
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item
from publisher.review.approvals import Standing
from publisher.schedule import waves
from publisher.schedule.windows import next_due
from publisher.social.models import Post
from publisher.social.networks import registry

AHEAD = timedelta(hours=24)
MOST_DRAFTS = 200
"""Of so many of the newest drafts the items are shown."""
MOST = 8
"""Rows shown of each list; each list links to the whole one."""
BEGUN = (Edition.State.SENDING, Edition.State.PAUSED, Edition.State.SENT, Edition.State.CANCELLED)


@dataclass(frozen=True)
class Ahead:
    """Something that goes out without a person, or after approval. `where`: on which channel a post does; `zone`: the channel's
    or digest's own. `held`: something holds it up, and nobody can say until when."""

    at: datetime
    zone: ZoneInfo
    title: str
    where: str
    url: str
    what: str
    held: bool = False


@dataclass(frozen=True)
class Gone:
    """Something that went out."""

    at: datetime
    title: str
    where: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class Drafts:
    """The posts about one item that wait for approval, each for its channel."""

    item: Item
    posts: list[Post]


@dataclass(frozen=True)
class Overview:
    """The four lists of the first page, and whether the service has ever seen an item. `standings`: how far what waits is
    approved (`post:7`), where persons are asked; `by_others`: how much more waits for somebody else's approval."""

    drafts: list[Drafts]
    more_drafts: bool
    editions: list[Edition]
    standings: dict[str, Standing]
    by_others: int
    ahead: list[Ahead]
    troubles: list[Trouble]
    gone: list[Gone]
    has_items: bool


def overview(*, now: datetime, user: User | None = None) -> Overview:
    """Everything for the first page; for a `user`, of what waits for approval only what they may bring on."""
    approvable = Post.objects.filter(state=Post.State.DRAFT, channel__network__in=registry.sendable())
    newest = list(_with_names(approvable.order_by("-pk"))[:MOST_DRAFTS])
    waiting = Edition.objects.filter(state=Edition.State.WAITING).select_related("digest").order_by("due_at")
    posts, editions, standings, by_others = sort_out(newest, list(waiting[: 4 * MOST]), user)
    drafts = _by_item(posts)
    return Overview(
        drafts=drafts[:MOST],
        more_drafts=len(drafts) > MOST,
        editions=editions[:MOST],
        standings=standings,
        by_others=by_others,
        ahead=sorted([*_posts_ahead(now), *_editions_ahead(now)], key=lambda each: each.at),
        troubles=[each for each in troubles_of(now, user=user) if each.count],
        gone=sorted([*_posts_gone(), *_editions_gone(now)], key=lambda each: each.at, reverse=True)[:MOST],
        has_items=Item.objects.exists(),
    )


def _by_item(posts: Iterable[Post]) -> list[Drafts]:
    """Posts by their items, in the order of each item's first."""
    found: dict[int, Drafts] = {}
    for post in posts:
        found.setdefault(post.item_id, Drafts(post.item, [])).posts.append(post)
    return list(found.values())


def _with_names(posts: QuerySet[Post]) -> QuerySet[Post]:
    return posts.select_related("item", "channel__schedule").defer("item__body_html", "item__body_text")


def _posts_ahead(now: datetime) -> Iterator[Ahead]:
    due = Post.objects.filter(state=Post.State.SCHEDULED, slot_at__lte=now + AHEAD).order_by("slot_at")
    for post in _with_names(due)[:50]:
        assert post.slot_at  # noqa: S101 - the query asked for it
        zone = ZoneInfo(post.channel.schedule.zone)
        yield Ahead(
            post.slot_at,
            zone,
            post.item.title,
            str(post.channel),
            reverse("desk:post", args=[post.pk]),
            _("Post, by hand") if registry.by_hand(post.channel.network) else _("Post"),
        )


def _editions_ahead(now: datetime) -> Iterator[Ahead]:
    every = holding.of_all_mail(now)
    for edition in _going():
        if edition.state == Edition.State.ASSEMBLING:
            yield _edition_ahead(edition, max(_first_moment(edition), now), _("Edition, being assembled"))
        else:
            yield from _rest_of(edition, every, now)
    digests = reverse("desk:digests")
    for digest, due in due_now(now=now):
        asks = due.late or digest.waits_for_approval
        what = _("Edition, after approval") if asks else _("Edition, made next")
        yield Ahead(now, ZoneInfo(digest.zone), str(digest), "", digests, what)
    for digest in Digest.objects.filter(enabled=True, layout=Digest.Layout.DIGEST).order_by("slug"):
        if not digest.has_dates:
            if (at := each.due_at(digest, now)) and now < at <= now + AHEAD:
                yield Ahead(at, ZoneInfo(digest.zone), str(digest), "", digests, _kind_of(digest, at))
            continue
        timing = timing_of(digest)
        due_next = next_due(timing, now)
        first = due_next.begins + (waves.LEAD if digest.local_time else timedelta(0))
        if first <= now + AHEAD:
            yield Ahead(first, timing.zone, str(digest), "", digests, _kind_of(digest, due_next.begins))


def _kind_of(digest: Digest, begins: datetime) -> str:
    """What a digest will send, and when that is made where it goes by the readers' clocks."""
    if digest.local_time:
        said = (
            _("Edition, after approval, made %(moment)s, in waves from the farthest east")
            if digest.waits_for_approval
            else _("Edition, made %(moment)s, in waves from the farthest east")
        )
        return said % {"moment": clock.told(begins)}
    return _("Edition, after approval") if digest.waits_for_approval else _("Edition")


def _going() -> QuerySet[Edition]:
    """Editions that go out by themselves: what waits for a person stands elsewhere on the page."""
    made = Edition.objects.filter(
        Q(state=Edition.State.SENDING)
        | Q(state=Edition.State.ASSEMBLING, after_assembly=Edition.State.SENDING)
    )
    return made.select_related("digest").order_by("due_at", "pk")


def _first_moment(edition: Edition) -> datetime:
    if edition.local_day and edition.local_at:
        return waves.begins_at(edition.local_day, edition.local_at) + waves.LEAD
    return edition.due_at


def _rest_of(edition: Edition, every: Hold | None, now: datetime) -> Iterator[Ahead]:
    """What of an edition that is being sent has not left yet: a row, whose numbers are those of its page."""
    rest = progress.to_go(edition, now)
    hold = holding.of_edition(edition, rest, now) or every
    parts = [*_due(rest.due, hold), *_in_waves(rest)]
    if parts:
        at = rest.waves[0].due_at if not rest.due else hold.until if hold and hold.until else now
        held = bool(rest.due and hold and not hold.until)
        said = _("Edition, %(parts)s") % {"parts": ", ".join(parts)}
        yield replace(_edition_ahead(edition, at, said), held=held)


def _due(mails: int, hold: Hold | None) -> Iterator[str]:
    if mails and hold:
        said = ngettext("%(num)s mail held up: %(why)s", "%(num)s mails held up: %(why)s", mails)
        yield said % {"num": f"{mails:,}", "why": hold.why}
    elif mails:
        yield ngettext("%(num)s mail now", "%(num)s mails now", mails) % {"num": f"{mails:,}"}


def _in_waves(rest: ToGo) -> Iterator[str]:
    count, values = len(rest.waves), {"num": f"{rest.later:,}", "waves": len(rest.waves)}
    if count == 1:
        yield ngettext("%(num)s mail in 1 wave", "%(num)s mails in 1 wave", rest.later) % values
    elif count:
        said = ngettext(
            "%(num)s mail in %(waves)s waves until %(moment)s",
            "%(num)s mails in %(waves)s waves until %(moment)s",
            rest.later,
        )
        yield said % {**values, "moment": clock.told(rest.waves[-1].due_at)}


def _edition_ahead(edition: Edition, at: datetime, what: str) -> Ahead:
    url = reverse("desk:edition", args=[edition.pk])
    return Ahead(at, ZoneInfo(edition.digest.zone), str(edition), "", url, what)


def _posts_gone() -> Iterator[Gone]:
    sent = Post.objects.filter(state=Post.State.SENT, sent_at__isnull=False).order_by("-pk")
    for post in _with_names(sent)[:MOST]:
        assert post.sent_at  # noqa: S101 - the query asked for it
        yield Gone(post.sent_at, post.item.title, str(post.channel), reverse("desk:post", args=[post.pk]))


def _editions_gone(now: datetime) -> Iterator[Gone]:
    """Editions of which something has left, whatever has become of the rest."""
    begun = Edition.objects.filter(state__in=BEGUN, assembled_at__isnull=False)
    for edition in begun.select_related("digest").order_by("-pk")[: 4 * MOST]:
        totals = progress.sending(edition)
        if not totals.left:
            continue
        at = edition.finished_at if edition.state in OVER else None
        began = min(now, max(edition.assembled_at or now, _first_moment(edition)))
        url = reverse("desk:edition", args=[edition.pk])
        said = str(totals) if edition.state in OVER else _("since then %(totals)s") % {"totals": totals}
        yield Gone(at or began, str(edition), "", url, said)
