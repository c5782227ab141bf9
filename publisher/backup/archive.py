"""The file of a backup: a plain tar of its parts, with the manifest at its end. Written in one stream, read in place.

It is not compressed as a whole: the dump is compressed already, and so a part can be read without those before it.
`tar -tvf FILE` lists it. A file that breaks off anywhere has no manifest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from publisher.backup import manifest as manifests
from publisher.backup.manifest import Manifest, Part
from publisher.core.errors import UserError

MANIFEST = "manifest.json"
DATABASE = "database.dump"
SECRET_KEY = "secret-key"  # noqa: S105 - the name of a part

CHUNK = 1024 * 1024
MOST_MANIFEST = 4 * 1024 * 1024
BLOCK = tarfile.BLOCKSIZE


@dataclass(frozen=True)
class Backup:
    """A file that was opened and has a manifest. Its sums are not checked yet: `verify` does."""

    path: Path
    manifest: Manifest
    places: dict[str, tuple[int, int]]


class Writer:
    """Adds parts to a file that is being written."""

    def __init__(self, file: IO[bytes], path: Path, at: datetime) -> None:
        self.parts: list[Part] = []
        self._file, self._path, self._at = file, path, at

    def add(self, name: str, chunks: Iterable[bytes]) -> Part:
        """Write one part of a length that is known only at its end. Raises `UserError` when the disk is full."""
        start, size, digest = self._file.tell(), 0, hashlib.sha256()
        self._write(self._header(name, 0))
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            self._write(chunk)
        self._write(b"\0" * (-size % BLOCK))
        end = self._file.tell()
        self._file.seek(start)
        self._write(self._header(name, size))
        self._file.seek(end)
        part = Part(name=name, size=size, sha256=digest.hexdigest())
        self.parts.append(part)
        return part

    def finish(self, manifest: Manifest) -> None:
        """The manifest, the end of the tar, and all of it on disk."""
        self.add(MANIFEST, [manifests.written(manifest)])
        self._write(b"\0" * 2 * BLOCK)
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def _header(self, name: str, size: int) -> bytes:
        """One block, whatever the size: GNU's form has room for more than eight gigabytes."""
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, int(self._at.timestamp())
        return info.tobuf(tarfile.GNU_FORMAT)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise cannot_write(self._path, error) from error


@contextmanager
def writing(path: Path, *, at: datetime) -> Iterator[Writer]:
    """A file that gets its name when it is whole: until then, and if the block fails, there is only `FILE.part`.

    Raises `UserError` when there is such a file, when it cannot be written, or when another backup writes it just now.
    """
    _must_not_exist(path)
    part = path.with_name(f"{path.name}.part")
    with _alone(part, path) as file:
        try:
            yield Writer(file, path, at)
            _must_not_exist(path)
            part.rename(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise cannot_write(path, error) from error
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    _sync_folder(path.parent)


def opened(path: Path) -> Backup:
    """Find the parts of a backup and read its manifest. Raises `UserError` for a file that is none, or is not whole."""
    try:
        with tarfile.open(path, "r:") as tar:
            members = tar.getmembers()
            places = {each.name: (each.offset_data, each.size) for each in members if each.isreg()}
            last = members[-1] if members else None
            if last is None or last.name != MANIFEST or last.size > MOST_MANIFEST:
                raise _broken(path, begun=DATABASE in places)
            said = tar.extractfile(last)
            text = said.read() if said else b""
    except tarfile.TarError as error:
        raise _broken(path, begun=_begins_like_one(path)) from error
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.", "Check its name and who may read it."
        ) from error
    return Backup(path, manifests.read(text, file=str(path)), places)


def verify(backup: Backup, *, on_bytes: Callable[[int], None] = lambda _count: None) -> None:
    """Read every part and compare its sum; `on_bytes` hears how far it is. Raises `UserError` that names a wrong part."""
    for part in backup.manifest.parts:
        digest = hashlib.sha256()
        for chunk in read_part(backup, part.name):
            digest.update(chunk)
            on_bytes(len(chunk))
        if digest.hexdigest() != part.sha256:
            raise UserError(
                f"{backup.path} is damaged: its part {part.name} is not what was written.",
                "Take another backup.",
            )


def read_part(backup: Backup, name: str) -> Iterator[bytes]:
    """The content of a part, in pieces. Raises `UserError` when it is not there or not of the length that it should have."""
    size = backup.manifest.part(name).size
    start, there = backup.places.get(name, (0, -1))
    if there != size:
        raise UserError(
            f"{backup.path} is damaged: its part {name} has another length.", "Take another backup."
        )
    with backup.path.open("rb") as file:
        file.seek(start)
        while size:
            chunk = file.read(min(size, CHUNK))
            if not chunk:
                raise UserError(f"{backup.path} breaks off in its part {name}.", "Take another backup.")
            size -= len(chunk)
            yield chunk


def cannot_write(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path} could not be written: {error.strerror}.",
        "Make room, or choose another place; then try again.",
    )


@contextmanager
def _alone(part: Path, path: Path) -> Iterator[IO[bytes]]:
    """The unfinished file, for us alone; what a killed backup left in it is gone."""
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot_write(path, error) from error
    with os.fdopen(handle, "r+b", buffering=0) as file:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.fstat(handle).st_ino == part.stat().st_ino  # else it got its name since we opened it
        except (BlockingIOError, FileNotFoundError):
            ours = False
        if not ours:
            raise UserError(
                f"Another backup is being written to {path}.", "Wait for it, or choose another name."
            )
        os.ftruncate(handle, 0)
        yield file


def _must_not_exist(path: Path) -> None:
    if os.path.lexists(path):
        raise UserError(f"{path} exists already.", "A backup replaces no file: choose another name.")


def _sync_folder(folder: Path) -> None:
    """So that the new name survives a failure of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _begins_like_one(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE.encode()


def _broken(path: Path, *, begun: bool) -> UserError:
    if begun:
        return UserError(f"{path} is not whole: it breaks off before its end.", "Take another backup.")
    return UserError(f"{path} is not a backup of Publisher.", "`publisher backup FILE` makes one.")
