"""Comments on posts and editions, and requests for changes. What a request does to the post or edition itself is decided in
their rooms (`social/reviewing.py`, `digests/reviewing.py`)."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.review import approvals
from publisher.review.models import Comment, Kind

LONGEST = 4_000


def say(kind: Kind, pk: int, *, user: Actor, text: str, asks: bool = False, now: datetime) -> Comment:
    """Write a comment; one that `asks` for changes takes back the approvals that were given. In the caller's transaction, the
    row of the post or edition locked. Raises `UserError`: there is nothing in it, or too much."""
    said = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not said:
        raise UserError(
            _("Say what shall change.") if asks else _("The comment is empty."), _("Nothing was saved.")
        )
    if len(said) > LONGEST:
        raise UserError(
            _("A comment has at most %(most)s characters; this one has %(has)s.")
            % {"most": LONGEST, "has": len(said)},
            _("Shorten it."),
        )
    if asks:
        approvals.outdate(kind, pk, now=now)
    known = user.pk if isinstance(user, AbstractBaseUser) else None
    return Comment.objects.create(
        kind=kind, object_id=pk, user_id=known, name=audit.name_of(user), at=now, text=said, asks=asks
    )


def of(kind: Kind, pk: int) -> list[Comment]:
    """All that was said about it, the oldest first."""
    return list(Comment.objects.filter(kind=kind, object_id=pk))
