"""What the composer does with one post in one go: save texts and descriptions, approve at a time.

Made of the deeds of `approval.py` and `picture_deeds.py`, each of which leaves its entry in the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from publisher.core.audit import Actor
from publisher.review.approvals import NotYours
from publisher.social import approval, picture_deeds
from publisher.social.models import Post


@dataclass(frozen=True)
class Described:
    """What a person says of a picture. `focus` as in `picture_deeds.describe`."""

    alt: str
    focus: Sequence[float] | None


@transaction.atomic
def save(
    post_id: int,
    *,
    user: Actor,
    version: int,
    texts: Sequence[str],
    described: Mapping[int, Described],
    now: datetime,
) -> int:
    """Save what differs from what is stored, all of it or nothing; the post's version then. `described`: by the number of the
    picture, from 0. Raises `Stale`, `UserError`."""
    stored = Post.objects.filter(pk=post_id).values_list("parts", "pictures").first()
    parts, pictures = stored or ([], [])
    for number, said in sorted(described.items()):
        known = pictures[number] if number < len(pictures) else None
        same_focus = known is not None and (known["focus"] or None) == (
            list(said.focus) if said.focus else None
        )
        if known is None or _plain(known["alt"]) != _plain(said.alt) or not same_focus:
            version = picture_deeds.describe(
                post_id, user=user, version=version, number=number, alt=said.alt, focus=said.focus, now=now
            ).version
    if list(texts) != [part["text"] for part in parts]:
        version = approval.edit(post_id, user=user, version=version, texts=texts, now=now).version
    return version


def _plain(alt: str) -> str:
    """As it is stored by `picture_deeds.describe`: how it is laid out in a field is no change."""
    return " ".join(alt.split())


@dataclass(frozen=True)
class Saved:
    """What came of saving and approving in one: the post, and why the person's approval was not taken."""

    post: Post
    refused: NotYours | None = None


@transaction.atomic
def save_and_approve(
    post_id: int,
    *,
    user: Actor,
    version: int,
    texts: Sequence[str],
    described: Mapping[int, Described],
    now: datetime,
) -> Saved:
    """Save what differs, then approve. Who may not approve has it saved even so.

    Raises `Stale`, `UserError`, and `NotYours` when there was nothing to save.
    """
    saved = save(post_id, user=user, version=version, texts=texts, described=described, now=now)
    try:
        return Saved(approval.approve(post_id, user=user, version=saved, now=now))
    except NotYours as refused:
        if saved == version:
            raise
        return Saved(Post.objects.get(pk=post_id), refused)


@transaction.atomic
def approve_at(
    post_id: int, *, user: Actor, version: int, at: datetime | None, override: str, now: datetime
) -> Post:
    """Approve, and give the time `at` if there is one; without, the schedule gives the next free slot. Refused as a whole: a post
    whose time is against the rules is not approved either. A post that somebody else has to approve as well keeps no time.

    Raises `Stale`, `UserError`, `approval.AgainstRules` (of the time; not with an `override`).
    """
    post = approval.approve(post_id, user=user, version=version, now=now)
    if at is not None and post.state in approval.MOVABLE:
        return approval.reschedule(
            post_id, user=user, version=post.version, at=at, now=now, override=override
        )
    return post
