"""What a backup says of itself: the last part of its file, as JSON."""

from __future__ import annotations

import json
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from publisher.backup.facts import Facts
from publisher.core.errors import UserError

FORMAT = 1
"""Grows when an older Publisher could not restore the file rightly."""


class Part(BaseModel):
    """One part of the file. `size` in bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """A backup in words and figures. `made_at` is the moment of the database that it holds, in UTC.

    `stream_from`: the id of the first entry of the inbox stream that was not surely stored by then; "" when Redis did not
    answer. `dumped_by`: the major version of pg_dump. `key`: a mark by which the secret key is known again, from which it
    cannot be found.
    """

    model_config = ConfigDict(frozen=True)

    format: int
    version: str
    made_at: datetime
    host: str
    server: str
    dumped_by: int
    migrations: tuple[str, ...]
    facts: Facts
    stream_from: str = Field(pattern=r"^(\d+-\d+)?$")
    key: str
    with_key: bool
    parts: tuple[Part, ...]

    def part(self, name: str) -> Part:
        """Raises `UserError` when the backup has no such part."""
        for part in self.parts:
            if part.name == name:
                return part
        raise UserError(f"The backup holds no {name}.", "It is damaged, or was not made by Publisher.")


def written(manifest: Manifest) -> bytes:
    return manifest.model_dump_json(indent=2).encode() + b"\n"


def read(text: bytes, *, file: str) -> Manifest:
    """Read a manifest. Raises `UserError` for one that is broken or of a newer form."""
    damaged = UserError(f"{file} is not a backup of Publisher, or is damaged.", "Take another one.")
    try:
        said = json.loads(text)
    except ValueError:
        raise damaged from None
    form = said.get("format") if isinstance(said, dict) else None
    if isinstance(form, int) and form > FORMAT:
        raise UserError(
            f"{file} was made by Publisher {said.get('version', '')}, in a form that this version cannot read.",
            "Install that version or a newer one, then restore.",
        )
    try:
        return Manifest.model_validate(said)
    except ValidationError:
        raise damaged from None
