"""Steps of tests about reviewing: people, channels that ask for approvals, tags and who clears them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User

from publisher.items.models import Item
from publisher.review import clearances
from publisher.review.models import ClearanceTag
from publisher.social import approval
from publisher.social.models import Post
from tests.builders import NOON
from tests.social.steps import an_editor, fresh


def a_role(name: str = "Cartography", *members: str) -> Group:
    """A role that clears, with these logins as members."""
    group = Group.objects.get_or_create(name=name)[0]
    group.user_set.add(*(an_editor(member) for member in members))
    return group


def a_tag(
    name: str = "Map", *, words: tuple[str, ...] = (), role: Group | None = None, **given: Any
) -> ClearanceTag:
    return ClearanceTag.objects.create(
        name=name, group=role or a_role(), words=list(words), created_at=NOON, **given
    )


def tagged(item: Item, tag: ClearanceTag | None = None, *, by: str = "ilse") -> ClearanceTag:
    """The item with a tag that a person set."""
    tag = tag or a_tag()
    clearances.set_tag(item.pk, tag.pk, user=an_editor(by), now=NOON)
    return tag


def cleared(item: Item, tag: ClearanceTag, *, by: str = "carta") -> None:
    tag.group.user_set.add(an_editor(by))
    item.refresh_from_db()
    clearances.clear(item.pk, tag.pk, user=an_editor(by), revision=item.revision, now=NOON)


def approve(post: Post, by: str | User) -> Post:
    user = an_editor(by) if isinstance(by, str) else by
    return approval.approve(post.pk, user=user, version=fresh(post).version, now=NOON)


def edit(post: Post, text: str, by: str) -> Post:
    return approval.edit(post.pk, user=an_editor(by), version=fresh(post).version, texts=[text], now=NOON)
