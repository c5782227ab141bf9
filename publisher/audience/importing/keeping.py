"""Files of imports in Django's default file storage (a folder, or S3), in compressed pieces, under a name that nobody can guess.

No address of the web leads there. A file is read by a worker of any host, and deleted when its import has ended.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from publisher.core.errors import UserError

PIECE = 4 << 20
ORIGINAL = "original"
REFUSED = "refused"


def put(key: str, what: str, pieces: Iterable[bytes]) -> int:
    """Keep a file; its size in bytes. What lies there under its name is replaced."""
    forget(key, what)
    size, number = 0, 0
    for number, piece in enumerate(_in_pieces(pieces)):
        default_storage.save(_path(key, what, number), ContentFile(gzip.compress(piece, 6)))
        size += len(piece)
    return size


def get(key: str, what: str) -> Iterator[bytes]:
    """A file, a piece at a time. Raises `UserError` when it is gone."""
    number = 0
    while default_storage.exists(_path(key, what, number)):
        with default_storage.open(_path(key, what, number), "rb") as file:
            yield gzip.decompress(file.read())
        number += 1
    if not number:
        raise UserError(_("The file is not there any more."), _("Give it again."))


def copy_to(key: str, what: str, path: Path) -> None:
    """Write it to a local file. Raises `UserError` when it is gone."""
    with path.open("wb") as file:
        for piece in get(key, what):
            file.write(piece)


def beginning(key: str, what: str, path: Path) -> None:
    """Write its first piece to a local file, up to its last whole line: enough to see what the columns are."""
    piece = next(get(key, what))
    end = piece.rfind(b"\n") + 1 if len(piece) >= PIECE else len(piece)
    path.write_bytes(piece[: end or len(piece)])


def forget(key: str, what: str) -> None:
    """Delete it; what is not there is no error."""
    number = 0
    while default_storage.exists(_path(key, what, number)):
        default_storage.delete(_path(key, what, number))
        number += 1


def _in_pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


def _path(key: str, what: str, number: int) -> str:
    return f"imports/{key}/{what}-{number:05}.gz"
