"""The form of the file that `publisher apply` takes: every field, and what it may hold. docs/publication.md lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from publisher.cli import mistakes
from publisher.core.errors import UserError
from publisher.digests.forming import DigestIn
from publisher.review.tags import LONGEST_MEANING, LONGEST_NAME
from publisher.social.definition import ChannelIn, Part


class ScheduleIn(Part):
    """Fields as in docs/publication.md; the rules are checked by the schedule room."""

    name: str
    zone: str = "UTC"
    slots: list[dict[str, Any]] = Field(default_factory=list)
    quiet: list[dict[str, Any]] = Field(default_factory=list)
    blackouts: list[str] = Field(default_factory=list)
    holiday_countries: list[str] = Field(default_factory=list)
    least_gap_minutes: int = Field(30, ge=0)
    most_per_day: int | None = Field(None, ge=1)


class ClearanceTagIn(Part):
    """What an item may need a clearance for; `role` is made if there is none, its members are chosen at the desk."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    role: str = Field("", max_length=LONGEST_NAME)
    meaning: str = Field("", max_length=LONGEST_MEANING)
    words: list[str] = Field(default_factory=list)
    active: bool = True


class Publication(Part):
    """A whole file."""

    schedules: list[ScheduleIn] = Field(default_factory=list)
    channels: list[ChannelIn] = Field(default_factory=list)
    digests: list[DigestIn] = Field(default_factory=list)
    clearance_tags: list[ClearanceTagIn] = Field(default_factory=list)


def read(text: str, *, name: str) -> Publication:
    """Check a file. Raises `UserError` that names each field that is wrong."""
    hint = "docs/publication.md lists every field."
    try:
        data = yaml.safe_load(text) or {}
        return Publication.model_validate(data)
    except yaml.YAMLError as error:
        raise UserError(f"{name} is not YAML. {mistakes.of_yaml(error)}.", hint) from error
    except ValidationError as error:
        found = "\n  ".join(["", *mistakes.of_fields(error, Publication, data)])
        raise UserError(f"{name} cannot be applied:{found}", hint) from error


def text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not text in UTF-8.", "Save it in UTF-8, and try again.") from error
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from error
