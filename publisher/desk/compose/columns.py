"""The composer's columns: one channel each, with what a person typed there last, saved or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise

from publisher.core.errors import UserError
from publisher.delivery import preflight
from publisher.desk.compose.previewing import ShownPost, shown_post, stored_of
from publisher.desk.compose.typed import Typed
from publisher.desk.differences import Piece, pieces
from publisher.desk.posts.measuring import Part, measured
from publisher.desk.posts.pictures import FOCUSES, focus_name
from publisher.items.languages import primary
from publisher.items.models import Item
from publisher.social import approval, picturing, thread_editing
from publisher.social.approval import AgainstRules
from publisher.social.composing import compose, topics_of
from publisher.social.link_checks import LinkCheck
from publisher.social.models import Channel, Post, StoredPicture
from publisher.social.networks import registry
from publisher.social.networks.base import ByHand, PictureLimits
from publisher.social.preflight import Finding, Level, is_ready
from publisher.social.slots import proposals

S = Post.State


@dataclass
class Said:
    """What came of a button, for one column. `theirs`: the text that somebody else saved meanwhile."""

    error: UserError | None = None
    theirs: list[str] | None = None
    done: str = ""

    @property
    def against(self) -> AgainstRules | None:
        """The rules that the chosen time breaks."""
        return self.error if isinstance(self.error, AgainstRules) else None


@dataclass(frozen=True)
class PictureRow:
    """A picture as its column shows it, with what was typed."""

    number: int
    digest: str
    url: str
    alt: str
    focus: str
    stored: StoredPicture | None


@dataclass
class Column:
    """All that the page draws of one post."""

    post: Post
    typed: Typed
    said: Said
    parts: list[Part]
    shown: ShownPost
    findings: tuple[Finding, ...]
    changed: tuple[Piece, ...]
    theirs: tuple[Piece, ...]
    pictures: list[PictureRow]
    limits: PictureLimits | None
    takes_threads: bool
    slots: list[datetime]
    can: dict[str, bool]
    unsaved: bool
    by_hand: ByHand[Any] | None

    @property
    def ready(self) -> bool:
        """Whether it may be approved together with the others."""
        return self.can["approve"] and is_ready(self.findings)

    @property
    def blocks(self) -> int:
        """How many findings keep it from being approved."""
        return sum(each.level is Level.BLOCK for each in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings want a look."""
        return sum(each.level is Level.WARN for each in self.findings)


def posts_of(item: Item, *, written: Iterable[int] = ()) -> list[Post]:
    """The posts of an item, one a channel, by the channels' names. Those that somebody left out are not among them, unless
    their ids are in `written`: a person is writing them, and must not lose that."""
    known = Post.objects.select_related(
        "channel__schedule",
        "channel__health",
        "item__source",
        "item__picture",
        "approved_by",
        "overridden_by",
    )
    shown = ~Q(state=S.CANCELLED) | Q(pk__in=list(written))
    return list(known.filter(shown, item=item).order_by("channel__name", "pk"))


def others(item: Item, posts: Iterable[Post]) -> list[tuple[Channel, bool]]:
    """Channels that could be added, each with whether it speaks the item's language; those that do come first."""
    there = {post.channel_id for post in posts}
    channels = Channel.objects.filter(enabled=True).exclude(pk__in=there).order_by("name")
    told = [(each, primary(each.language) == primary(item.language)) for each in channels]
    return sorted(told, key=lambda each: not each[1])


def as_stored(post: Post) -> Typed:
    """The fields as they are before anybody types."""
    return Typed(
        post_id=post.pk,
        version=post.version,
        texts=[part["text"] for part in post.parts] or [""],
        alts={number: each["alt"] for number, each in enumerate(post.pictures)},
        focuses={number: focus_name(each["focus"]) for number, each in enumerate(post.pictures)},
        when=post.slot_at.isoformat() if post.state == S.SCHEDULED and post.slot_at else "",
    )


def columns_of(
    posts: Sequence[Post],
    *,
    typed: Mapping[int, Typed],
    said: Mapping[int, Said],
    now: datetime,
) -> list[Column]:
    """A column for each post."""
    stored = stored_of(posts)
    topics = topics_of(posts[0].item) if posts else []
    written = {post.pk: typed.get(post.pk) or as_stored(post) for post in posts}
    checks = preflight.known_links(text for fields in written.values() for text in fields.kept)
    made = []
    for post in posts:
        fields = written[post.pk]
        template = compose(post.item, post.channel, topics).texts if post.state in approval.EDITABLE else ()
        made.append(
            _column(
                post,
                fields,
                said.get(post.pk) or Said(),
                stored=stored,
                checks=checks,
                template=template,
                now=now,
            )
        )
    return made


def _column(
    post: Post,
    typed: Typed,
    said: Said,
    *,
    stored: Mapping[str, StoredPicture],
    checks: Mapping[str, LinkCheck],
    template: Sequence[str],
    now: datetime,
) -> Column:
    editable = post.state in approval.EDITABLE
    before = [part["text"] for part in post.parts]
    whole = "\n\n".join(typed.kept)
    return Column(
        post=post,
        typed=typed,
        said=said,
        parts=measured(post.channel, typed.texts),
        shown=shown_post(post, typed.texts, stored),
        findings=preflight.of_post(post, texts=typed.kept, checks=checks, now=now) if editable else (),
        changed=_changes(template, typed.kept),
        theirs=pieces("\n\n".join(said.theirs), whole) if said.theirs is not None else (),
        pictures=_pictures(post, typed, stored),
        limits=picturing.limits_of(post.channel),
        takes_threads=thread_editing.takes_threads(post.channel),
        slots=_slots(post, now) if editable else [],
        can={
            "edit": editable,
            "approve": editable and registry.can_send(post.channel.network),
            "move": post.state in approval.MOVABLE,
        },
        unsaved=editable and is_unsaved(post, typed, before),
        by_hand=registry.by_hand(post.channel.network),
    )


def template_changes(post: Post, texts: Sequence[str]) -> tuple[Piece, ...]:
    """What a person made of the text that the channel's template makes today; empty when they are the same."""
    return _changes(compose(post.item, post.channel, topics_of(post.item)).texts, texts)


def _changes(template: Sequence[str], texts: Sequence[str]) -> tuple[Piece, ...]:
    differs = bool(template) and list(template) != list(texts)
    return pieces("\n\n".join(template), "\n\n".join(texts)) if differs else ()


def is_unsaved(post: Post, typed: Typed, before: Sequence[str]) -> bool:
    """Whether the fields say something that is not stored."""
    if typed.kept != list(before):
        return True
    return any(
        number < len(post.pictures)
        and (
            alt.strip() != post.pictures[number]["alt"]
            or typed.focuses.get(number, "") != focus_name(post.pictures[number]["focus"])
        )
        for number, alt in typed.alts.items()
    )


def _pictures(post: Post, typed: Typed, stored: Mapping[str, StoredPicture]) -> list[PictureRow]:
    return [
        PictureRow(
            number,
            each["digest"],
            each["url"],
            typed.alts.get(number, each["alt"]),
            typed.focuses.get(number, focus_name(each["focus"])),
            stored.get(each["digest"]),
        )
        for number, each in enumerate(post.pictures)
    ]


def _slots(post: Post, now: datetime) -> list[datetime]:
    try:
        return proposals(post, now)
    except UserError:  # the schedule cannot be used: giving a slot says so
        return []


def focuses() -> list[tuple[str, str | Promise]]:
    """What must stay when a picture is cropped: value and label."""
    return [(value, label) for value, label, _point in FOCUSES]
