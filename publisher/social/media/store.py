"""Where pictures lie: by the SHA-256 of their content, in Django's default file storage (a folder, or S3 by django-storages).

The same picture is stored once, however many posts show it, and never changes under its name.
"""

from __future__ import annotations

import hashlib
import re

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class NoSuchPicture(LookupError):
    """Nothing is stored under this name."""


def put(data: bytes) -> str:
    """Keep the bytes; their name, 64 hexadecimal digits."""
    digest = hashlib.sha256(data).hexdigest()
    if not default_storage.exists(_path(digest)):
        default_storage.save(_path(digest), ContentFile(data))
    return digest


def get(digest: str) -> bytes:
    """The bytes. Raises `NoSuchPicture`, also for a file that is not what its name says."""
    if not _DIGEST.match(digest):
        raise NoSuchPicture(digest)
    try:
        with default_storage.open(_path(digest), "rb") as file:
            data: bytes = file.read()
    except FileNotFoundError as error:
        raise NoSuchPicture(digest) from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise NoSuchPicture(digest)
    return data


def _path(digest: str) -> str:
    return f"pictures/{digest[:2]}/{digest}"
