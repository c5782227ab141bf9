"""Saves and approves posts of the composer, each against the version that the person saw.

One that is refused keeps what was typed, and the others are saved.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from datetime import datetime

from django.utils.translation import gettext as _

from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.delivery import preflight
from publisher.desk.compose.columns import Said
from publisher.desk.compose.typed import Typed
from publisher.social import approval, saving
from publisher.social.approval import Stale
from publisher.social.models import Post


class Keeper:
    """One press of a button. `typed` loses the fields of each post that was saved; `said` gets what is to be told of one."""

    def __init__(
        self,
        *,
        user: Actor,
        typed: MutableMapping[int, Typed],
        said: MutableMapping[int, Said],
        now: datetime,
    ) -> None:
        self.user, self.typed, self.said, self.now = user, typed, said, now
        self.stale = False

    def save(self, post: Post) -> int | None:
        """The version of the saved post; None when it was refused."""
        fields = self.typed[post.pk]
        try:
            version = saving.save(
                post.pk,
                user=self.user,
                version=fields.version,
                texts=fields.kept,
                described=fields.described(post),
                now=self.now,
            )
        except Stale as error:
            self.conflict(post, error)
            return None
        except UserError as error:
            self.said[post.pk] = Said(error)
            return None
        fields.version = version
        return version

    def approve(self, post: Post) -> Post | None:
        """Save, then approve at the chosen time. What is saved stays saved when the approval is refused."""
        version = self.save(post)
        if version is None:
            return None
        fields = self.typed[post.pk]
        try:
            at = fields.at(post)
            return saving.approve_at(
                post.pk, user=self.user, version=version, at=at, override=fields.override, now=self.now
            )
        except Stale as error:
            self.conflict(post, error)
        except UserError as error:
            self.said[post.pk] = Said(error)
        return None

    def move(self, post: Post) -> bool:
        """Give an approved post the chosen time; its text stays as it is, saved or not."""
        fields = self.typed[post.pk]
        try:
            at = _some_time(fields, post)
            moved = approval.reschedule(
                post.pk,
                user=self.user,
                version=fields.version,
                at=at,
                now=self.now,
                override=fields.override,
            )
        except Stale as error:
            self.conflict(post, error)
            return False
        except UserError as error:
            self.said[post.pk] = Said(error)
            return False
        fields.version = moved.version
        return True

    def settle(self, post_id: int) -> None:
        """Everything that was typed for this post is stored."""
        self.typed.pop(post_id, None)

    def conflict(self, post: Post, error: Stale) -> None:
        """The person reads what is there now beside what they wrote; the next press goes against that version."""
        fresh = Post.objects.only("parts", "version").get(pk=post.pk)
        self.said[post.pk] = Said(error, theirs=[part["text"] for part in fresh.parts])
        self.typed[post.pk].version = fresh.version
        self.stale = True


def _some_time(fields: Typed, post: Post) -> datetime:
    at = fields.at(post)
    if at is None:
        raise UserError(_("No time was chosen."), _("Choose a slot, or write a time."))
    return at


def strong_warnings(posts: Iterable[Post], *, now: datetime) -> list[str]:
    """Of posts that were approved, what nobody should pass unread, with the channel's name."""
    return [
        f"{post.channel.name}: {each.text}"
        for post in posts
        for each in preflight.of_post(post, now=now)
        if each.strong
    ]
