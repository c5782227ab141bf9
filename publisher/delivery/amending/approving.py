"""Approvals of corrections, by the rule of their channel. An edit or an answer says something new to the public, so it is
approved like a post: by one or two persons, never by who asked for it. A deletion says nothing new and never waits.

What one press asked for of a post (the messages of a thread) is approved as one; it is kept under the id of its first row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.delivery import budget
from publisher.delivery.amending.rows import NOT_SO, locked
from publisher.delivery.models import Amendment
from publisher.items.models import Item
from publisher.review import approvals, written
from publisher.review.approvals import Standing
from publisher.review.models import Author, Kind
from publisher.social.models import Channel, Post
from publisher.social.networks import registry

A, D = Amendment.State, Amendment.Deed
SAYS_SOMETHING = (D.EDIT, D.REPLY)
DECIDED_OTHERWISE = gettext_noop("Something else was decided about the post before it was approved.")


def together(amendment: Amendment) -> list[Amendment]:
    """The edits, or the answer, that one press asked for with it, in order."""
    rows = Amendment.objects.filter(
        delivery__post=amendment.delivery.post_id, created_at=amendment.created_at, deed__in=SAYS_SOMETHING
    )
    return list(rows.select_related("delivery__channel").order_by("pk"))


def standing_of(rows: Sequence[Amendment], channel: Channel) -> Standing:
    """How far what one press asked for is approved."""
    now_is = approvals.fingerprint(_content(rows))
    return approvals.standing(Kind.AMENDMENT, rows[0].pk, needed=channel.approvals, now_is=now_is)


def waiting(item: Item | None = None) -> list[list[Amendment]]:
    """What waits for approval, of an item or of any, the oldest first: for each press and post all that it asked for."""
    waits = Amendment.objects.filter(state=A.WAITING)
    if item is not None:
        waits = waits.filter(delivery__post__item=item)
    keys = set(waits.values_list("delivery__post_id", "created_at"))
    rows = Amendment.objects.filter(
        deed__in=SAYS_SOMETHING,
        delivery__post__in={post_id for post_id, _at in keys},
        created_at__in={at for _post_id, at in keys},
    ).select_related("delivery__channel", "delivery__post__item")
    found: dict[tuple[int | None, datetime], list[Amendment]] = {}
    for row in rows.defer("delivery__post__item__body_html", "delivery__post__item__body_text").order_by(
        "pk"
    ):
        if (key := (row.delivery.post_id, row.created_at)) in keys:
            found.setdefault(key, []).append(row)
    return list(found.values())


def standings(presses: Iterable[Sequence[Amendment]]) -> dict[int, Standing]:
    """The same of many, whose channels are loaded, by the ids of their first rows."""
    return approvals.standings(
        Kind.AMENDMENT,
        {
            rows[0].pk: (_needed(rows[0].delivery.channel), approvals.fingerprint(_content(rows)))
            for rows in presses
        },
    )


def asked(rows: Sequence[Amendment], *, user: Actor, now: datetime) -> None:
    """Note who asked for them: they never approve it. Called when they are written."""
    if rows:
        approvals.changed(Kind.AMENDMENT, rows[0].pk, user=user, now=now)


def may_go(amendment: Amendment, channel: Channel) -> bool:
    """Whether enough persons approved what is about to be done; asked at the moment of claiming it."""
    if amendment.deed == D.DELETE or not channel.approvals:
        return True
    return standing_of(together(amendment), channel).enough


def hold_back(amendment: Amendment, *, now: datetime) -> None:
    """What lacks approvals (its channel asks for more since) waits for them. Under the channel's lock."""
    if not Amendment.objects.filter(pk=amendment.pk, state=A.QUEUED).update(state=A.WAITING):
        return
    first = together(amendment)[0]
    known = Author.objects.filter(kind=Kind.AMENDMENT, object_id=first.pk)
    asker = User.objects.filter(pk=amendment.asked_by_id or 0).first()
    if asker and not known.exists():  # it was asked for while nobody had to approve it
        approvals.changed(Kind.AMENDMENT, first.pk, user=asker, now=now)
    audit.record(None, "post.correction_lacks_approvals", _post(amendment), after={"deed": amendment.deed})


def approve(amendment_id: int, *, user: Actor, now: datetime) -> Standing:
    """One person's yes to a correction, and to what was asked for with it; with enough of them it is done next.

    Raises `NotYours` for who asked for it, and `UserError`: the item has changed since, or the month has no room any more.
    """
    with locked(amendment_id, (A.WAITING,)) as (amendment, post):
        rows = [row for row in together(amendment) if row.state == A.WAITING]
        _check_item(rows[0], post)
        open_ones = Amendment.objects.filter(delivery__post=post, state__in=Amendment.OPEN)
        if open_ones.exists():
            raise UserError(
                _("A correction of this post is under way."), _("When it has ended, do this again.")
            )
        network = registry.sending(post.channel.network)
        for row in rows:
            if problem := budget.answer_problem(post.channel, network, row.price, now=now):
                raise UserError(problem)
        written.look(post.item, [row.text for row in rows], user=user, now=now)
        whole = together(amendment)
        standing = approvals.give(
            Kind.AMENDMENT,
            whole[0].pk,
            user=user,
            needed=post.channel.approvals,
            content=_content(whole),
            now=now,
        )
        after = {"deed": amendment.deed, "texts": [row.text for row in rows], "approvals": standing.said}
        if not standing.enough:
            audit.record(user, "post.correction_approved_by_one", post, after=after)
            return standing
        Amendment.objects.filter(pk__in=[row.pk for row in rows]).update(state=A.QUEUED, due_at=now)
        audit.record(user, "post.correction_approved", post, after=after)
        events.emit("correction.asked")
    return standing


def call_off_waiting(post: Post, *, user: Actor, now: datetime) -> None:
    """Something else is decided about a post: what waited for approval is not wanted any more. Under the channel's lock."""
    rows = Amendment.objects.filter(delivery__post=post, state=A.WAITING)
    if rows.update(state=A.CANCELLED, reason=DECIDED_OTHERWISE, settled_at=now):
        audit.record(user, "post.correction_called_off", post, after={"reason": DECIDED_OTHERWISE})


def _check_item(amendment: Amendment, post: Post) -> None:
    if post.item.revision != amendment.revision or post.item.retracted_at is not None:
        raise UserError(
            _("The item has changed since this was asked for."),
            _("Look at it, then decide again about the post. What waits here is called off by that."),
        )
    if amendment.delivery.withdrawn_at is not None:
        raise UserError(_("The message was deleted since."), _(NOT_SO))


def _content(rows: Sequence[Amendment]) -> Mapping[str, Any]:
    return {
        "deed": rows[0].deed,
        "texts": [[row.delivery_id, row.text] for row in rows],
        "revision": rows[0].revision,
    }


def _needed(channel: Channel | None) -> int:
    return channel.approvals if channel else 0


def _post(amendment: Amendment) -> Post:
    post = amendment.delivery.post
    assert post is not None  # noqa: S101 - for the type checker: only messages of posts are amended
    return post
