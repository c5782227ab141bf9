"""What the API remembers: the answers to requests that bore an Idempotency-Key."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from publisher.people.models import ApiKey


class GivenAnswer(models.Model):
    """The answer to a deed, by the caller's `Idempotency-Key`: the same request again is answered by it, and not done again.

    `answer` is encrypted, since it may hold addresses, and a secret that is shown once.
    """

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.BinaryField(max_length=32, help_text="SHA-256 of method, address and body")
    status = models.PositiveSmallIntegerField()
    etag = models.CharField(max_length=100, blank=True)
    answer = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["api_key", "key"], name="answer_once_per_key")
        ]
        indexes: ClassVar = [models.Index(fields=["at"], name="answer_at")]
