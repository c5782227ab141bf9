"""What an edition holds: its items, its renderings, and what was found when it was looked over."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from publisher.items.models import Item


class EditionItem(models.Model):
    """An item of an edition in the revision that was chosen; `topics` are frozen with it."""

    edition = models.ForeignKey("digests.Edition", on_delete=models.CASCADE, related_name="edition_items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    revision = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    topics = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "item"], name="edition_item_once")
        ]


class Variant(models.Model):
    """An edition rendered for one distinct result: the same items, language and region. Rendered once, joined per recipient.

    `mask` has bit n set when the item at position n is in it. `message` is the serialised mail, cut at its slots. What has
    left stays as it was sent: a variant that somebody may have received is retired by a correction, never rendered again.
    `selections` and `recipients` are how many choices and subscribers came to it when the edition was last assembled.
    """

    edition = models.ForeignKey("digests.Edition", on_delete=models.CASCADE, related_name="variants")
    mask = models.BigIntegerField()
    language = models.CharField(max_length=35)
    region = models.CharField(max_length=10, blank=True)
    selections = models.PositiveIntegerField(default=0, db_default=0)
    recipients = models.PositiveIntegerField(default=0, db_default=0)
    subject = models.TextField(blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    message = models.BinaryField(null=True)
    content_hash = models.BinaryField(max_length=32, null=True)
    rendered_at = models.DateTimeField(null=True, blank=True)
    retired = models.BooleanField(default=False, help_text="a correction came after some of it had left")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["edition", "mask", "language", "region"],
                name="variant_once",
                condition=models.Q(retired=False),
            )
        ]


class Preflight(models.Model):
    """What was found when an edition was last looked over, and which `Edition.version` that was.

    `findings` are those of `preflight.Finding`; `asked_at` is when links and the spam filter were asked, which costs seconds:
    empty when only what the database knows was looked at. Written by `delivery.preflighting` only.
    """

    edition = models.OneToOneField("digests.Edition", on_delete=models.CASCADE, primary_key=True)
    version = models.CharField(max_length=60)
    findings = models.JSONField(default=list)
    at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
