"""What waits behind a pause, and which slots it would get. Reads only; the desk and the command line show it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import words
from publisher.core.errors import UserError
from publisher.core.models import Pause
from publisher.delivery.reslotting import GOES_BY_ITSELF, may_move, plan
from publisher.digests import paused as paused_editions
from publisher.digests.models import Edition
from publisher.social import paused
from publisher.social.models import Channel, Post
from publisher.social.slots import taken

S = Post.State
SHOWN = (*GOES_BY_ITSELF, S.HANDED, S.DRAFT, S.EXPIRED)
"""States of posts that are counted behind a pause."""

WORDS: dict[str, str] = {
    S.APPROVED: gettext_noop("%(number)s approved"),
    S.SCHEDULED: gettext_noop("%(number)s scheduled"),
    S.SENDING: gettext_noop("%(number)s begun"),
    S.HANDED: gettext_noop("%(number)s with a person"),
    S.DRAFT: gettext_noop("%(number)s to approve"),
    S.EXPIRED: gettext_noop("%(number)s asking"),
}


@dataclass(frozen=True)
class Behind:
    """What a pause holds back: posts by state, and editions. A pause that does not stand yet: what it would hold back."""

    pause: Pause
    posts: dict[str, int]
    editions: list[Edition]

    @property
    def waiting(self) -> int:
        """Posts that would leave by themselves."""
        return sum(self.posts.get(state, 0) for state in GOES_BY_ITSELF)

    @property
    def said(self) -> str:
        """`3 posts (2 scheduled, 1 to approve), 1 edition`; `nothing` when there is nothing."""
        parts = []
        if total := sum(self.posts.values()):
            known = [(word, self.posts[state]) for state, word in WORDS.items() if self.posts.get(state)]
            states = ", ".join(_(word) % {"number": f"{number:,}"} for word, number in known)
            parts.append(_("%(posts)s (%(states)s)") % {"posts": words.posts(total), "states": states})
        if self.editions:
            parts.append(words.editions(len(self.editions)))
        return ", ".join(parts) or _("nothing")


def behind(pause: Pause) -> Behind:
    """What stands behind it now."""
    posts = Post.objects.filter(pk__in=paused.behind(pause, SHOWN)).values_list("state", flat=True)
    editions = Edition.objects.filter(pk__in=paused_editions.behind(pause)).select_related("digest")
    return Behind(pause, dict(Counter(posts)), list(editions.order_by("due_at", "pk")))


def all_standing() -> list[Behind]:
    """Every pause that stands, the oldest first."""
    return [behind(pause) for pause in Pause.objects.all()]


def posts_behind(pause: Pause) -> QuerySet[Post]:
    """The posts that would leave by themselves, in the order in which they were to leave."""
    return in_order(Post.objects.filter(pk__in=paused.behind(pause, GOES_BY_ITSELF)))


def asking(channel_id: int | None = None) -> QuerySet[Post]:
    """The posts that missed their slot, or were held back, and of which a person says what becomes of them."""
    posts = Post.objects.filter(state=S.EXPIRED)
    return in_order(posts.filter(channel_id=channel_id) if channel_id else posts)


def in_order(posts: QuerySet[Post]) -> QuerySet[Post]:
    """By the time at which each was to leave, as the new slots are given."""
    known = posts.select_related("item", "channel__schedule").defer("item__body_html", "item__body_text")
    return known.order_by("slot_at", "pk")


def new_slots(posts: Iterable[Post], *, now: datetime) -> dict[int, datetime | None]:
    """The slots (UTC) that these posts would get if each was let go, in their order; none for those on a channel that is
    stopped, or whose schedule cannot be used."""
    by_channel: dict[Channel, list[Post]] = defaultdict(list)
    for post in posts:
        by_channel[post.channel].append(post)
    found: dict[int, datetime | None] = {}
    for channel, mine in by_channel.items():
        found |= _on(channel, mine, now)
    return found


def _on(channel: Channel, posts: list[Post], now: datetime) -> dict[int, datetime | None]:
    if not may_move(channel):
        return {}
    try:
        rules = channel.schedule.rules()
    except UserError:
        return {}
    slots = {post.slot_at for post in posts}
    return plan(
        rules,
        [(post.pk, post.slot_at or now) for post in posts],
        now=max(now, channel.blocked_until or now),
        occupied=[at for at in taken(channel.pk, now) if at not in slots],
    )
