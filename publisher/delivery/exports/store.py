"""Where the pieces of exports lie: compressed, in Django's default file storage (a folder, or S3), under a name that nobody
can guess. No address of the web leads there; the desk reads them for whoever may fetch them.
"""

from __future__ import annotations

import gzip

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.social.media.store import in_use


def put(key: str, number: int, data: bytes) -> None:
    """Keep a piece; what a crash left under its name is replaced. Raises `StoreAway`."""
    with in_use():
        default_storage.delete(_path(key, number))
        default_storage.save(_path(key, number), ContentFile(gzip.compress(data, 6)))


def get(key: str, number: int) -> bytes:
    """A piece as it was given to `put`. Raises `StoreAway`; `UserError` when it is gone."""
    with in_use():
        try:
            with default_storage.open(_path(key, number), "rb") as file:
                return gzip.decompress(file.read())
        except FileNotFoundError as error:
            raise UserError(_("This export is not there any more."), _("Ask for it again.")) from error


def delete(key: str, pieces: int) -> None:
    """Forget them. Raises `StoreAway`."""
    with in_use():
        for number in range(pieces + 1):  # one may have been written and not yet counted
            default_storage.delete(_path(key, number))


def _path(key: str, number: int) -> str:
    return f"exports/{key}/{number:05}.gz"
