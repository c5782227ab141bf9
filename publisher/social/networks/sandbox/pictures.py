"""Pictures on the sandbox's server: bytes in a folder, under the SHA-256 of their content. An upload may be repeated."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

MOST = 4
LARGEST = 1024 * 1024
LONGEST_ALT = 1000
_NAME = re.compile(r"[0-9a-f]{64}\Z")
_BEGINNINGS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


class Pictures:
    """Safe to use from several threads: a file has its name only when it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "pictures"

    def put(self, data: bytes) -> str | None:
        """The picture's name, or None for what is no JPEG or PNG."""
        if not _type_of(data):
            return None
        name = hashlib.sha256(data).hexdigest()
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{name}.part"
        part.write_bytes(data)
        part.replace(self._folder / name)
        return name

    def get(self, name: str) -> tuple[bytes, str] | None:
        """Bytes and type; None when there is no such picture."""
        if not _NAME.match(name) or not (self._folder / name).is_file():
            return None
        data = (self._folder / name).read_bytes()
        return data, _type_of(data)

    def has(self, name: str) -> bool:
        return bool(_NAME.match(name)) and (self._folder / name).is_file()


def _type_of(data: bytes) -> str:
    return next((kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning)), "")
