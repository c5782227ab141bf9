"""Approvals by one or two persons, never by who wrote it. Knows posts and editions by kind and id only.

Whoever calls holds the row of the post or edition locked, so that two who approve at once, or one who edits meanwhile, come
one after the other. What it is now is told by a `fingerprint`; an approval counts for that very content, until somebody or
something changes it (`changed`, `as_made`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.review.models import MOST_APPROVALS, Approval, Author, Comment, Kind

__all__ = ["MOST_APPROVALS", "Kind"]


class NotYours(UserError):
    """The person may not give this approval: they wrote it, or gave theirs already, or nobody knows who it is."""


@dataclass(frozen=True)
class Standing:
    """How far something is approved: `needed` persons, those who said yes to what it is now, and who wrote it."""

    needed: int
    given: tuple[Approval, ...]
    authors: tuple[Author, ...]

    @property
    def enough(self) -> bool:
        return len(self.given) >= self.needed

    def wrote(self, user: Actor) -> bool:
        """Whether this person is an author of it."""
        return any(_is(user, author) for author in self.authors)

    def approved(self, user: Actor) -> bool:
        """Whether this person's approval counts already."""
        return any(_is(user, approval) for approval in self.given)

    def waits_for(self, user: Actor) -> bool:
        """Whether an approval of this person would bring it on."""
        return not self.enough and not self.wrote(user) and not self.approved(user)

    @property
    def said(self) -> str:
        """`1 of 2 approvals`, for people."""
        return ngettext("%(given)s of %(num)s approval", "%(given)s of %(num)s approvals", self.needed) % {
            "given": len(self.given),
            "num": self.needed,
        }


def fingerprint(content: Mapping[str, Any]) -> str:
    """What tells one content from another; 64 hexadecimal digits."""
    plain = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def standing(kind: Kind, pk: int, *, needed: int, now_is: str) -> Standing:
    """How far one thing is approved, whose fingerprint is `now_is`."""
    return standings(kind, {pk: (needed, now_is)})[pk]


def standings(kind: Kind, asked: Mapping[int, tuple[int, str]]) -> dict[int, Standing]:
    """The same of many things, given as id: (needed, fingerprint)."""
    authors: dict[int, list[Author]] = {pk: [] for pk in asked}
    for author in Author.objects.filter(kind=kind, object_id__in=list(asked)).order_by("at", "pk"):
        authors[author.object_id].append(author)
    given: dict[int, list[Approval]] = {pk: [] for pk in asked}
    for row in Approval.objects.filter(kind=kind, object_id__in=list(asked), outdated_at=None):
        by_author = any(_is_same(row, author) for author in authors[row.object_id])
        if row.fingerprint == asked[row.object_id][1] and row.user_id is not None and not by_author:
            given[row.object_id].append(row)
    return {
        pk: Standing(needed, tuple(given[pk]), tuple(authors[pk])) for pk, (needed, _print) in asked.items()
    }


def give(
    kind: Kind,
    pk: int,
    *,
    user: Actor,
    needed: int,
    content: Mapping[str, Any],
    now: datetime,
    now_is: str = "",
) -> Standing:
    """Write one person's approval of `content`; how far it is approved then. `now_is`: its fingerprint, where that is not made of
    all of the content.

    With `needed` 0 anybody's is written, as a note of who let it go. Raises `NotYours`.
    """
    now_is = now_is or fingerprint(content)
    before = standing(kind, pk, needed=needed, now_is=now_is)
    if needed:
        _check(before, user)
    if not isinstance(user, AbstractBaseUser):
        return before
    mine = Approval.objects.filter(kind=kind, object_id=pk, user_id=user.pk, outdated_at=None)
    if not before.approved(user):
        mine.update(outdated_at=now)  # of another content, or before the person became an author
        Approval.objects.create(
            kind=kind,
            object_id=pk,
            user_id=user.pk,
            name=audit.name_of(user),
            at=now,
            fingerprint=now_is,
            content=dict(content),
        )
    after = standing(kind, pk, needed=needed, now_is=now_is)
    if after.enough:
        _answer(kind, pk, now)
    return after


def changed(kind: Kind, pk: int, *, user: Actor, now: datetime) -> None:
    """Something of it was changed: approvals of before count no more, and the person (if it was one) may not approve it.

    Call it after every change of text, pictures, link, items, their order, subject or introduction, in the same transaction.
    """
    outdate(kind, pk, now=now)
    if user is None:
        return
    _answer(kind, pk, now)
    known = user.pk if isinstance(user, AbstractBaseUser) else None
    Author.objects.update_or_create(
        kind=kind, object_id=pk, name=audit.name_of(user), defaults={"user_id": known, "at": now}
    )


def as_made(kind: Kind, pk: int, *, now: datetime) -> None:
    """It is again as its template makes it: nobody is its author, and it must be approved anew."""
    outdate(kind, pk, now=now)
    _answer(kind, pk, now)
    Author.objects.filter(kind=kind, object_id=pk).delete()


def outdate(kind: Kind, pk: int, *, now: datetime) -> int:
    """Approvals that counted do so no more, and stay in the history; how many."""
    return Approval.objects.filter(kind=kind, object_id=pk, outdated_at=None).update(outdated_at=now)


def last(kind: Kind, pk: int) -> Approval | None:
    """The newest approval, counting or not: what somebody last said yes to."""
    return Approval.objects.filter(kind=kind, object_id=pk).order_by("-at", "-pk").first()


def history(kind: Kind, pk: int) -> list[Approval]:
    """All approvals, the oldest first."""
    return list(Approval.objects.filter(kind=kind, object_id=pk))


def asking(kind: Kind, pks: Collection[int]) -> dict[int, Comment]:
    """The newest open request for changes of each; what has none is not among the keys."""
    rows = Comment.objects.filter(kind=kind, object_id__in=list(pks), asks=True, answered_at=None)
    return {row.object_id: row for row in rows}


def _check(before: Standing, user: Actor) -> None:
    if not isinstance(user, AbstractBaseUser):
        raise NotYours(
            _("An approval here is that of a person who is signed in."),
            _("Approve it on its page of the desk."),
        )
    if before.wrote(user):
        raise NotYours(
            _("You wrote or changed this, so somebody else must approve it."),
            _("Everything is saved. Whoever may approve finds it on their first page."),
        )
    if before.approved(user) and not before.enough:
        raise NotYours(
            _("You have approved it already: %(standing)s.") % {"standing": before.said},
            _("Another person approves it, too."),
        )


def _answer(kind: Kind, pk: int, now: datetime) -> None:
    Comment.objects.filter(kind=kind, object_id=pk, asks=True, answered_at=None).update(answered_at=now)


def _is(user: Actor, row: Approval | Author) -> bool:
    if isinstance(user, AbstractBaseUser):
        return row.user_id == user.pk or row.name == user.get_username()
    return user is not None and row.name == audit.name_of(user)


def _is_same(one: Approval, other: Author) -> bool:
    return (one.user_id is not None and one.user_id == other.user_id) or one.name == other.name
