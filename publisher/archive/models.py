"""Pictures of archived editions, by the address where their item says they lie."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from publisher.social.models import StoredPicture


class Picture(models.Model):
    """A picture that the archive shows or is about to. `name` stands in our address of it, and holds nothing anybody typed."""

    name = models.CharField(max_length=32, unique=True, help_text="of the SHA-256 of its address")
    url = models.URLField(max_length=2000)
    stored = models.ForeignKey(
        StoredPicture, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="when it is fetched next; empty: never more"
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"], name="archive_picture_due", condition=models.Q(next_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.url
