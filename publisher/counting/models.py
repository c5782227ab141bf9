"""Where links lead, how often they were followed by day, and what is kept of people who agreed to be counted."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from publisher.audience.models import Subscriber
from publisher.digests.models import Edition

OPENS = 0
"""In place of a link's id: the edition's picture was loaded."""


class Link(models.Model):
    """An address that mails of an edition lead to. It stays as long as its edition: old mails are opened for years."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="counted_links")
    key = models.BinaryField(max_length=32, help_text="SHA-256 of the address")
    url = models.TextField(help_text="http or https only")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "key"], name="counted_link_once"),
        ]

    def __str__(self) -> str:
        return self.url


class LinkCount(models.Model):
    """How often a link of an edition was followed, or (link 0) its picture loaded, on a day of UTC. Says nothing of who."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="link_counts")
    link_id = models.BigIntegerField(default=OPENS)
    day = models.DateField()
    n = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "link_id", "day"], name="link_count_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["day"], name="link_count_day")]


class PersonCount(models.Model):
    """That a person who agreed to it followed a link, or opened a mail (link 0): when first and last, and how often."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="person_counts")
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="person_counts")
    link_id = models.BigIntegerField(default=OPENS)
    n = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscriber", "edition", "link_id"], name="person_count_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["last_at"], name="person_count_age")]
