"""What the panel “Review” of a post or an edition shows: approvals, what changed since the last one, comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from publisher.desk.differences import Piece, value_pieces
from publisher.digests import reviewing as of_edition
from publisher.digests import uncleared as uncleared_editions
from publisher.digests.models import Edition
from publisher.people.permissions import PUBLISH
from publisher.review import approvals, comments, texts
from publisher.review.approvals import Standing
from publisher.review.models import Approval, Comment, Kind, TextTag
from publisher.review.uncleared import Open
from publisher.social import approval, uncleared
from publisher.social import reviewing as of_post
from publisher.social.models import Post


@dataclass(frozen=True)
class Change:
    """One part of what was approved, and what became of it."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class TextTagged:
    """A clearance tag of an edition's own texts, and whether this person may clear it."""

    row: TextTag
    mine: bool

    @property
    def badge(self) -> str:
        """Which badge it has."""
        if not self.row.tag.active:
            return "off"
        return {"suggested": "waits", "cleared": "cleared", "removed": "removed"}[self.row.state]

    @property
    def holds(self) -> bool:
        """Whether nothing of the edition leaves because of it."""
        return self.badge == "waits"


@dataclass(frozen=True)
class Panel:
    """`outdated`: approvals of what it was before. `may_approve`: this person, now; `why_not`: else, why, if that is worth a
    word. `open`: nothing of it has left yet, so that there is something to decide."""

    kind: str
    pk: int
    standing: Standing
    outdated: tuple[Approval, ...]
    comments: tuple[Comment, ...]
    asked: Comment | None
    changes: tuple[Change, ...]
    since: Approval | None
    open_tags: tuple[Open, ...]
    may_approve: bool
    why_not: str
    open: bool
    texts: tuple[TextTagged, ...] = ()

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say of it."""
        return self.open or bool(self.standing.needed or self.comments or self.texts)

    @property
    def is_last(self) -> bool:
        """Whether the next approval lets it go."""
        return len(self.standing.given) + 1 >= self.standing.needed


def panel_of_post(post: Post, user: User) -> Panel:
    """Of a post, whose channel is loaded."""
    return _panel(
        Kind.POST,
        post.pk,
        user,
        standing=of_post.standing_of(post),
        content=of_post.content_of(post),
        open_tags=uncleared.of_posts([post.pk]).get(post.pk, []),
        open_=post.state in approval.EDITABLE,
        approvable=post.state in approval.APPROVABLE,
    )


def panel_of_edition(edition: Edition, user: User) -> Panel:
    """Of an edition, whose digest is loaded."""
    rows = texts.of(Kind.EDITION, edition.pk)
    groups = set(user.groups.values_list("pk", flat=True)) if rows else set()
    tagged = tuple(TextTagged(row, row.tag.group_id in groups) for row in rows)
    return replace(_panel_of_edition(edition, user), texts=tagged)


def _panel_of_edition(edition: Edition, user: User) -> Panel:
    return _panel(
        Kind.EDITION,
        edition.pk,
        user,
        standing=of_edition.standing_of(edition),
        content=of_edition.content_of(edition),
        open_tags=uncleared_editions.of_editions([edition.pk]).get(edition.pk, []),
        open_=edition.state in of_edition.ASKABLE,
        approvable=edition.state == Edition.State.WAITING,
    )


def _panel(
    kind: Kind,
    pk: int,
    user: User,
    *,
    standing: Standing,
    content: Mapping[str, Any],
    open_tags: Sequence[Open],
    open_: bool,
    approvable: bool,
) -> Panel:
    given = {each.pk for each in standing.given}
    history = approvals.history(kind, pk)
    since = history[-1] if history else None
    allowed = approvable and bool(standing.needed) and user.has_perm(PUBLISH)
    return Panel(
        kind=kind.value,
        pk=pk,
        standing=standing,
        outdated=tuple(each for each in history if each.pk not in given) if standing.needed else (),
        comments=tuple(comments.of(kind, pk)),
        asked=approvals.asking(kind, [pk]).get(pk),
        changes=_changes(since.content, content) if since and open_ else (),
        since=since,
        open_tags=tuple(open_tags) if open_ or standing.enough else (),
        may_approve=allowed and (standing.enough or standing.waits_for(user)),
        why_not=_why_not(standing, user) if allowed else "",
        open=open_,
    )


def _why_not(standing: Standing, user: User) -> str:
    if standing.enough:
        return ""
    if standing.wrote(user):
        return _("You wrote or changed this, so somebody else must approve it.")
    return _("You have approved it. Another person approves it, too.") if standing.approved(user) else ""


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    labels = {
        "texts": _("Text"),
        "link": _("Link"),
        "pictures": _("Pictures"),
        "items": _("Items"),
        "subjects": _("Subjects"),
    }
    return tuple(
        Change(label, value_pieces(_shown(before.get(name)), _shown(after.get(name))))
        for name, label in labels.items()
        if name in before and before.get(name) != after.get(name)
    )


def _shown(value: Any) -> str:
    """Lists with a line for each; a picture by its description."""
    if isinstance(value, list):
        return "\n".join(_shown(each) for each in value)
    if isinstance(value, dict):
        said = str(value.get("alt") or _("no description"))
        where = value.get("focus")
        return f"{said} ({value.get('from', '')})" + (f" {where}" if where else "")
    return str(value or "")
