"""What the first page says: what waits for approval, what goes out soon, what needs a person, what went out. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse

from publisher.core import clock
from publisher.core.words import counted
from publisher.delivery import holding, progress, tally, trouble, unclear
from publisher.delivery.holding import Hold
from publisher.delivery.states import State
from publisher.digests.due import due_now, timing_of
from publisher.digests.editions import OVER
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item, Rejection, Source
from publisher.schedule import waves
from publisher.schedule.windows import next_due
from publisher.social import endings
from publisher.social.models import Channel, ChannelHealth, Post
from publisher.social.networks import registry

AHEAD = timedelta(hours=24)
REJECTED_SINCE = timedelta(days=7)
ENDED_SINCE = timedelta(days=7)
MOST_NAMED = 4
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
class Trouble:
    """Something that a person must look at: how much of it, what it is, what to do."""

    count: int
    title: str
    advice: str
    url: str
    tone: str = "warn"


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
    """The four lists of the first page, and whether the service has ever seen an item."""

    drafts: list[Drafts]
    more_drafts: bool
    editions: list[Edition]
    ahead: list[Ahead]
    troubles: list[Trouble]
    gone: list[Gone]
    has_items: bool


def overview(*, now: datetime) -> Overview:
    """Everything for the first page."""
    approvable = Post.objects.filter(state=Post.State.DRAFT, channel__network__in=registry.sendable())
    drafts = _by_item(_with_names(approvable.order_by("-pk"))[:MOST_DRAFTS])
    waiting = Edition.objects.filter(state=Edition.State.WAITING).select_related("digest").order_by("due_at")
    return Overview(
        drafts=drafts[:MOST],
        more_drafts=len(drafts) > MOST,
        editions=list(waiting[:MOST]),
        ahead=sorted([*_posts_ahead(now), *_editions_ahead(now)], key=lambda each: each.at),
        troubles=[each for each in _troubles(now) if each.count],
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
            "Post, by hand" if registry.by_hand(post.channel.network) else "Post",
        )


def _editions_ahead(now: datetime) -> Iterator[Ahead]:
    every = holding.of_all_mail(now)
    for edition in _going():
        if edition.state == Edition.State.ASSEMBLING:
            yield _edition_ahead(edition, max(_first_moment(edition), now), "Edition, being assembled")
        else:
            yield from _rest_of(edition, every, now)
    digests = reverse("desk:digests")
    for digest, due in due_now(now=now):
        what = "Edition, after approval" if due.late or digest.needs_approval else "Edition, made next"
        yield Ahead(now, ZoneInfo(digest.zone), str(digest), "", digests, what)
    for digest in Digest.objects.filter(enabled=True, layout=Digest.Layout.DIGEST):
        timing = timing_of(digest)
        due_next = next_due(timing, now)
        first = due_next.begins + (waves.LEAD if digest.local_time else timedelta(0))
        if first <= now + AHEAD:
            what = "Edition, after approval" if digest.needs_approval else "Edition"
            if digest.local_time:
                what += f", made {clock.told(due_next.begins)}, in waves from the farthest east"
            yield Ahead(first, timing.zone, str(digest), "", digests, what)


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
    parts = []
    if rest.due:
        parts.append(f"{counted(rest.due, 'mail')} {f'held up: {hold.why}' if hold else 'now'}")
    if rest.waves:
        count = len(rest.waves)
        last = f" until {clock.told(rest.waves[-1].due_at)}" if count > 1 else ""
        parts.append(f"{counted(rest.later, 'mail')} in {count} {'wave' if count == 1 else 'waves'}{last}")
    if parts:
        at = rest.waves[0].due_at if not rest.due else hold.until if hold and hold.until else now
        held = bool(rest.due and hold and not hold.until)
        yield replace(_edition_ahead(edition, at, f"Edition, {', '.join(parts)}"), held=held)


def _edition_ahead(edition: Edition, at: datetime, what: str) -> Ahead:
    url = reverse("desk:edition", args=[edition.pk])
    return Ahead(at, ZoneInfo(edition.digest.zone), str(edition), "", url, what)


def _troubles(now: datetime) -> Iterator[Trouble]:
    posts, editions, log = reverse("desk:posts"), reverse("desk:editions"), reverse("desk:deliveries")
    yield Trouble(
        unclear.all_asking(),
        "Mails that may have arrived",
        "Say what became of them, or whether they shall be sent again.",
        f"{log}?state={State.UNKNOWN.value}",
    )
    yield Trouble(
        tally.by_state().get(State.EXPIRED, 0),
        "Deliveries that came too late",
        "Their time had passed; they were not sent.",
        f"{log}?state={State.EXPIRED.value}",
    )
    for post_state, title, advice, tone in (
        (
            Post.State.HANDED,
            "Posts for you to post",
            "Copy them to their network, then say where they are.",
            "warn",
        ),
        (Post.State.HELD, "Posts held back", "Something in the text must be mended first.", "warn"),
        (Post.State.FAILED, "Posts that failed", "The network refused them. Read why.", "bad"),
        (
            Post.State.UNKNOWN,
            "Posts of unclear fate",
            "Look on the network whether they were published.",
            "warn",
        ),
        (Post.State.EXPIRED, "Posts that missed their slot", "Let them go, or cancel them.", "warn"),
    ):
        count = Post.objects.filter(state=post_state).count()
        asks = post_state is Post.State.EXPIRED
        url = reverse("desk:asking") if asks else f"{posts}?state={post_state.value}"
        yield Trouble(count, title, advice, url, tone)
    for edition_state, title, advice, tone in (
        (
            Edition.State.BLOCKED,
            "Editions that cannot be assembled",
            "Mend the template, then resume.",
            "bad",
        ),
        (Edition.State.PAUSED, "Editions paused", "Resume or cancel them.", "warn"),
    ):
        count = Edition.objects.filter(state=edition_state).count()
        yield Trouble(count, title, advice, f"{editions}?state={edition_state.value}", tone)
    yield Trouble(
        Edition.objects.filter(state=Edition.State.ASSEMBLING, problem__contains=trouble.MARK).count(),
        "Editions whose assembling fails",
        "It is tried again every minute. Ask whoever runs the service.",
        f"{editions}?state={Edition.State.ASSEMBLING.value}",
        "bad",
    )
    yield Trouble(
        _mostly_refused(now),
        "Editions of which mail was refused",
        "They have ended. Their pages say what was refused, and what to do before the next one.",
        f"{editions}?state={Edition.State.SENT.value}",
        "bad",
    )
    yield from _channels(now)
    failing = Source.objects.filter(enabled=True).exclude(last_error="").count()
    yield Trouble(
        failing,
        "Feeds that cannot be read",
        "Their last answer was an error.",
        reverse("desk:channels") + "#feeds",
    )
    refused = Rejection.objects.filter(last_at__gte=now - REJECTED_SINCE).count()
    yield Trouble(refused, "Entries refused this week", "Tell their producer why.", reverse("desk:rejected"))


def _channels(now: datetime) -> Iterator[Trouble]:
    """Channels where nothing goes out until a person does something, and those of which that will soon be true."""
    url = reverse("desk:channels")
    on = Channel.objects.filter(enabled=True, network__in=registry.sendable()).order_by("name")
    unconnected = Q(health__state=ChannelHealth.State.UNCONNECTED)
    stopped = on.exclude(paused_reason="")
    down = list(stopped.exclude(unconnected)[: MOST_NAMED + 1])
    yield Trouble(
        stopped.exclude(unconnected).count(),
        "Channels stopped",
        f"{_named(down)}: repair the access; nothing goes out there.",
        url,
        "bad",
    )
    new = list(stopped.filter(unconnected)[: MOST_NAMED + 1])
    yield Trouble(
        stopped.filter(unconnected).count(),
        "Channels not connected",
        f"{_named(new)}: store the access to the account; nothing goes out there before.",
        url,
    )
    soon = on.filter(paused_reason="", health__credentials_end_at__lte=now + endings.FIRST)
    ends = list(soon.order_by("health__credentials_end_at")[: MOST_NAMED + 1])
    yield Trouble(soon.count(), "Accesses that end soon", f"{_named(ends)}: make a new one before.", url)


def _named(channels: list[Channel]) -> str:
    """Their names, as many as a line takes."""
    names = ", ".join(channel.name for channel in channels[:MOST_NAMED])
    return f"{names} …" if len(channels) > MOST_NAMED else names


def _mostly_refused(now: datetime) -> int:
    """Editions that ended within the week and reached nobody, or of which more failed than the limit of errors lets pass."""
    ended = Edition.objects.filter(state=Edition.State.SENT, finished_at__gte=now - ENDED_SINCE)
    count = 0
    for counts in tally.by_edition(ended.values_list("pk", flat=True)).values():
        failed = counts.get(State.FAILED, 0)
        left = progress.counted(counts).left
        count += bool(failed) and (not left or failed * 100 > settings.MAIL_ERROR_LIMIT * (failed + left))
    return count


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
        begins = "" if edition.state in OVER else "since then "
        yield Gone(at or began, str(edition), "", url, f"{begins}{totals}")
