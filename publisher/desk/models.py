"""What the desk itself remembers: failed logins, for a quarter of an hour."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class LoginTry(models.Model):
    """A login that was begun and has not succeeded. Name and network address are kept as a hash."""

    key = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["key", "at"], name="login_try")]
