"""Where pictures lie: by the SHA-256 of their content, in Django's default file storage (a folder, or S3 by django-storages).

The same picture is stored once, however many posts show it, and never changes under its name. Callers put by `keeping.keep`,
which remembers what is stored; this file knows bytes only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from publisher.core.errors import Retry
from publisher.core.marking import gettext_noop

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class NoSuchPicture(LookupError):
    """Nothing is stored under this name."""


class StoreAway(Retry):
    """The store does not answer, or does not let us in. Nothing was sent."""


def digest_of(data: bytes) -> str:
    """The name of these bytes: 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def put(data: bytes) -> str:
    """Keep the bytes; their name. What a crash left half written is written anew. Raises `StoreAway`."""
    digest = digest_of(data)
    try:
        get(digest)
    except NoSuchPicture:
        with in_use():
            default_storage.delete(_path(digest))  # else a broken one would keep its name
            default_storage.save(_path(digest), ContentFile(data))
    return digest


def get(digest: str) -> bytes:
    """The bytes. Raises `NoSuchPicture`, also for a file that is not what its name says, and `StoreAway`."""
    if not _DIGEST.match(digest):
        raise NoSuchPicture(digest)
    with in_use():
        try:
            with default_storage.open(_path(digest), "rb") as file:
                data: bytes = file.read()
        except FileNotFoundError as error:
            raise NoSuchPicture(digest) from error
    if digest_of(data) != digest:
        raise NoSuchPicture(digest)
    return data


def delete(digest: str) -> None:
    """Forget the bytes; what is not there is no error. Raises `StoreAway`."""
    with in_use():
        default_storage.delete(_path(digest))


@contextmanager
def in_use() -> Iterator[None]:
    """What goes wrong with the store inside becomes `StoreAway`."""
    try:
        yield
    except _failures() as error:
        raise StoreAway(
            gettext_noop("The store of pictures cannot be used: %(error)s.")
            % {"error": error or type(error).__name__}
        ) from error


@cache
def _failures() -> tuple[type[Exception], ...]:
    """What goes wrong with a folder, and with S3 where its library is installed."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra
    except ImportError:
        return (OSError,)
    return (OSError, BotoCoreError, ClientError)


def _path(digest: str) -> str:
    return f"pictures/{digest[:2]}/{digest}"
