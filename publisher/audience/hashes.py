"""Hashes of what must be known again and must not be read: an erased person's address, a client's address.

Salted with random bytes of this installation (one `Salt` row, encrypted), so that they stay the same when the secret key is
rotated, and say nothing to whoever has the hashes alone.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import transaction

from publisher.audience.models import Salt
from publisher.core import clock
from publisher.core.crypto import opened

_SALT_BYTES = 32


def of_address(email_key: str) -> bytes:
    """SHA-256 of the salt and an address in its compared form: what `Erased` keeps."""
    return hashlib.sha256(salt() + email_key.encode()).digest()


def of_client(address: str) -> bytes:
    """SHA-256 of the salt and the network address of whoever used a form: what `SignUp` and `Consent` keep."""
    return hashlib.sha256(salt() + b"client\0" + address.encode()).digest()


def salt() -> bytes:
    """The installation's salt, made on first use."""
    row = Salt.objects.order_by("pk").first()
    if row is None:
        row = _made()
    return bytes.fromhex(str(opened(row.sealed)))


def take_over(value: bytes, *, now: datetime) -> None:
    """Make this the installation's salt, if it has none: a restored database does not know one that was made since."""
    Salt.objects.get_or_create(pk=1, defaults={"sealed": value.hex(), "created_at": now})


@transaction.atomic
def _made() -> Salt:
    """The one row has a number of its own, so that two processes cannot make two."""
    Salt.objects.get_or_create(
        pk=1, defaults={"sealed": secrets.token_bytes(_SALT_BYTES).hex(), "created_at": clock.now()}
    )
    return Salt.objects.get(pk=1)
