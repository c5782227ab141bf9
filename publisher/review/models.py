"""Who approved what, who wrote it, what was said about it; and which items need whose clearance.

Posts and editions belong to higher rooms: they are named by kind and id. People who approved, wrote or cleared stay in these
rows under their names when their logins are deleted.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from publisher.items.models import Item

MOST_APPROVALS = 2
"""Persons that a channel or digest may ask for."""


class Kind(models.TextChoices):
    """What is approved."""

    POST = "post", _("Post")
    EDITION = "edition", _("Edition")
    AMENDMENT = "amendment", _("Correction")


class Deed(models.Model):
    """What a person did about a post, an edition, or a correction of what was sent."""

    kind = models.CharField(max_length=10, choices=Kind.choices)
    object_id = models.BigIntegerField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    name = models.CharField(max_length=150, help_text="the login, as it was called then")
    at = models.DateTimeField()

    class Meta:
        abstract = True


class Approval(Deed):
    """One person's yes to what a post or an edition was at that moment. Written by `approvals.py` only."""

    fingerprint = models.CharField(
        max_length=64, help_text="of what was approved: another content needs another yes"
    )
    content = models.JSONField(
        default=dict, help_text="what was approved, to be compared with what there is now"
    )
    outdated_at = models.DateTimeField(null=True, blank=True, help_text="when it ceased to count")

    class Meta:
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "object_id", "user"],
                name="approval_once",
                condition=models.Q(outdated_at=None),
            )
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "object_id", "-at"], name="approval_about")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.name}"


class Author(Deed):
    """Somebody who changed a post or an edition since it was as its template made it. `at`: for the last time."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "object_id", "name"], name="author_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.name}"


class Comment(Deed):
    """What somebody said about a post or an edition. One that `asks` wants a change, until `answered_at`."""

    text = models.TextField()
    asks = models.BooleanField(default=False, help_text="asks for changes")
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was changed, or approved after all"
    )

    class Meta:
        ordering: ClassVar = ["at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["kind", "object_id", "at"], name="comment_about"),
            models.Index(
                fields=["kind", "object_id"],
                name="comment_open",
                condition=models.Q(asks=True, answered_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.text[:60]}"


class ClearanceTag(models.Model):
    """Something in an item that needs a clearance: a map, a flag, a photograph of a child. The organisation's own list."""

    name = models.CharField(max_length=80, unique=True)
    meaning = models.TextField(blank=True, help_text="when it is set, and what whoever clears it looks at")
    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="+", help_text="the role whose members clear it"
    )
    words = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="found in an item's title, texts or image description, they suggest it; a word may end in *",
    )
    active = models.BooleanField(
        default=True, help_text="switched off, it is suggested no more and holds nothing"
    )
    version = models.PositiveIntegerField(default=1, help_text="counts changes; a stale form is refused")
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ItemTag(models.Model):
    """A clearance tag of an item. A suggested one counts as much as one that was set, until a person removes it."""

    class State(models.TextChoices):
        SUGGESTED = "suggested", _("Suggested")
        SET = "set", _("Set")
        REMOVED = "removed", _("Removed")

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="clearance_tags")
    tag = models.ForeignKey(ClearanceTag, on_delete=models.PROTECT, related_name="item_tags")
    state = models.CharField(max_length=10, choices=State.choices)
    words = ArrayField(models.CharField(max_length=80), default=list, help_text="by which rules suggested it")
    reason = models.TextField(blank=True, help_text="why a person set or removed it")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    name = models.CharField(max_length=150, blank=True, help_text="who set or removed it; empty: the rules")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["item", "tag"], name="item_tag_once")]

    def __str__(self) -> str:
        return f"{self.item}: {self.tag}"


class Clearance(models.Model):
    """That a tag of an item was cleared, in one revision of the item. Another revision needs another."""

    item_tag = models.ForeignKey(ItemTag, on_delete=models.CASCADE, related_name="clearances")
    revision = models.PositiveIntegerField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    name = models.CharField(max_length=150)
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="when it ceased to count")

    class Meta:
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item_tag", "revision"], name="clearance_once", condition=models.Q(withdrawn_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.item_tag}, revision {self.revision}"


class TextTag(Deed):
    """A clearance tag of texts that belong to no item, such as an edition's introduction. `user`, `name`, `at`: who cleared or
    removed it last; no name: the rules suggested it. Written by `texts.py` only."""

    class State(models.TextChoices):
        SUGGESTED = "suggested", _("Suggested")
        CLEARED = "cleared", _("Cleared")
        REMOVED = "removed", _("Removed")

    tag = models.ForeignKey(ClearanceTag, on_delete=models.PROTECT, related_name="text_tags")
    state = models.CharField(max_length=10, choices=State.choices, default=State.SUGGESTED)
    words = ArrayField(models.CharField(max_length=80), default=list, help_text="that suggested it")
    reason = models.TextField(blank=True, help_text="why it was removed, or a note about the clearance")
    fingerprint = models.CharField(max_length=64, help_text="of the texts as they were looked at last")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "object_id", "tag"], name="text_tag_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.tag}"
