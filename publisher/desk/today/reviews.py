"""What of the first page is the viewer's own: what waits for their approval or clearance, and what they were asked to change.
Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import reverse

from publisher.delivery.amending import approving
from publisher.desk.clearance.waiting import Waiting, WaitingTexts, waiting_items, waiting_texts
from publisher.digests import reviewing as of_editions
from publisher.digests.models import Edition
from publisher.people.permissions import PUBLISH
from publisher.review.approvals import Standing
from publisher.review.models import Author, Comment, Kind
from publisher.social import approval
from publisher.social import reviewing as of_posts
from publisher.social.models import Post

MOST = 8
MOST_ASKED = 200
"""Requests that are looked through for those of one person, the newest first."""


@dataclass(frozen=True)
class Asked:
    """Something of which somebody wants a change."""

    title: str
    where: str
    url: str
    comment: Comment


@dataclass(frozen=True)
class Correction:
    """An edit of, or an answer below, what was sent, that this person may approve."""

    title: str
    language: str
    where: str
    url: str
    deed: str
    said: str


@dataclass(frozen=True)
class Reviews:
    """All of it is this person's."""

    clearances: list[Waiting]
    texts: list[WaitingTexts]
    asked: list[Asked]
    corrections: list[Correction]


def reviews_of(user: User) -> Reviews:
    """For one viewer."""
    return Reviews(
        waiting_items(user, mine_only=True, most=MOST),
        waiting_texts(user, mine_only=True),
        _asked(user),
        _corrections(user),
    )


def _corrections(user: User) -> list[Correction]:
    """Corrections that wait for a yes which this person may give, the oldest first."""
    if not user.has_perm(PUBLISH):
        return []
    presses = approving.waiting()
    standings = approving.standings(presses)
    mine = [
        rows[0] for rows in presses if standings[rows[0].pk].enough or standings[rows[0].pk].waits_for(user)
    ]
    return [
        Correction(
            title=row.delivery.post.item.title,
            language=row.delivery.post.item.language,
            where=row.delivery.channel.name if row.delivery.channel else "",
            url=reverse("desk:correct", args=[row.delivery.post.item_id]),
            deed=row.get_deed_display(),
            said=standings[row.pk].said,
        )
        for row in mine[:MOST]
        if row.delivery.post
    ]


def sort_out(
    posts: Sequence[Post], editions: Sequence[Edition], user: User | None
) -> tuple[list[Post], list[Edition], dict[str, Standing], int]:
    """Of what waits for approval: the posts and editions that this person may bring on; how far each is approved, by `post:7`;
    how many wait for somebody else. Without a person, or for one who approves nothing, all of it."""
    standings = {
        f"post:{pk}": standing for pk, standing in of_posts.standings_of(posts).items() if standing.needed
    }
    for pk, standing in of_editions.standings_of(editions).items():
        if standing.needed:
            standings[f"edition:{pk}"] = standing
    if user is None or not user.has_perm(PUBLISH):
        return list(posts), list(editions), standings, 0
    others = {key for key, each in standings.items() if not each.enough and not each.waits_for(user)}
    return (
        [post for post in posts if f"post:{post.pk}" not in others],
        [edition for edition in editions if f"edition:{edition.pk}" not in others],
        standings,
        len(others),
    )


def _asked(user: User) -> list[Asked]:
    """Open requests about what this person wrote; about what nobody wrote but the template, everybody's."""
    rows = list(Comment.objects.filter(asks=True, answered_at=None).order_by("-at")[:MOST_ASKED])
    about: dict[str, set[int]] = {kind: set() for kind in Kind.values}
    for comment in rows:
        about[comment.kind].add(comment.object_id)
    wrote: dict[tuple[str, int], set[int | None]] = {}
    for kind, ids in about.items():
        authors = Author.objects.filter(kind=kind, object_id__in=ids)
        for object_id, user_id in authors.values_list("object_id", "user_id"):
            wrote.setdefault((kind, object_id), set()).add(user_id)
    posts, editions = _posts(about[Kind.POST]), _editions(about[Kind.EDITION])
    found = []
    for comment in rows:
        key = (comment.kind, comment.object_id)
        if user.pk in wrote.get(key, {user.pk}):
            known = posts if comment.kind == Kind.POST else editions
            if comment.object_id in known:
                found.append(Asked(*known[comment.object_id], comment))
    return found[:MOST]


def _posts(ids: Collection[int]) -> dict[int, tuple[str, str, str]]:
    """Title, channel and address of those that can still be changed."""
    rows = Post.objects.filter(pk__in=ids, state__in=approval.EDITABLE)
    named = rows.values_list("pk", "item__title", "channel__name")
    return {pk: (title, channel, reverse("desk:post", args=[pk])) for pk, title, channel in named}


def _editions(ids: Collection[int]) -> dict[int, tuple[str, str, str]]:
    rows = Edition.objects.filter(pk__in=ids, state__in=of_editions.ASKABLE).select_related("digest")
    return {row.pk: (str(row), "", reverse("desk:edition", args=[row.pk])) for row in rows}
