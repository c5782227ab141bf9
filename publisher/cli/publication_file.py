"""The form of the file that `publisher apply` takes: every field, and what it may hold. docs/publication.md lists them."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from publisher.audience import addresses
from publisher.cli import mistakes
from publisher.core.errors import UserError
from publisher.delivery.email.address import BadAddress, parse_address
from publisher.social.links import UtmRule
from publisher.social.threads import MOST_MESSAGES

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KindName = Literal["story", "press_release", "speech", "video", "publication", "event", "podcast", "other"]


_DAY_MINUTES = 24 * 60


def _as_written(value: Any) -> Any:
    """YAML takes 9:30 without quotation marks for 570, as it counts in sixties. A number below 60 is no such time: whoever
    writes 8 does not mean eight minutes past midnight. Raises ValueError."""
    if isinstance(value, bool | int | float):
        if isinstance(value, int) and 60 <= value < _DAY_MINUTES:
            return f"{value // 60:02}:{value % 60:02}"
        raise ValueError(mistakes.TIME)
    return value


TimeOfDay = Annotated[time, BeforeValidator(_as_written)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


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


class ChannelIn(Part):
    name: str
    network: str = ""
    schedule: str = ""
    language: str = "en"
    region: str = ""
    kinds: list[KindName] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)
    template: str = ""
    hashtags: int | None = Field(None, ge=0, le=10)
    thread_messages: int = Field(1, ge=1, le=MOST_MESSAGES)
    thread_numbers: bool = True
    utm: UtmRule | None = None
    month_budget: Decimal | None = Field(None, ge=0, le=1_000_000, decimal_places=2)
    auto_approve: bool = False
    alt_required: bool = True
    picture_required: bool = False
    tolerance_minutes: int = Field(360, ge=1, le=7 * 24 * 60)
    max_age_days: int = Field(30, ge=1, le=3_650)
    enabled: bool = True
    owner: str = Field("", max_length=254)
    settings: dict[str, Any] = Field(default_factory=dict)
    credentials: dict[str, Any] | None = None


class DigestIn(Part):
    slug: str = Field(pattern=r"^[a-z0-9-]+$")
    title: dict[str, str] = Field(default_factory=dict)
    languages: list[str] = Field(default_factory=list)
    from_name: dict[str, str] = Field(default_factory=dict)
    from_address: str = ""
    reply_to: str = ""
    intro: dict[str, str] = Field(default_factory=dict)
    subject: dict[str, str] = Field(default_factory=dict)
    organisation: str | dict[str, str] = ""
    postal_address: str | dict[str, str] = ""
    accent: str = Field("#0b6e99", pattern=r"^#[0-9a-fA-F]{6}$")
    zone: str = "Asia/Shanghai"
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    at: TimeOfDay = time(8, 0)
    local_time: bool = False
    layout: Literal["digest", "alert"] = "digest"
    priority: int = Field(0, ge=-100, le=100)
    seeds: list[str] = Field(default_factory=list, max_length=50)
    send_from: TimeOfDay | None = None
    send_until: TimeOfDay | None = None
    window_days: int = Field(7, ge=1, le=366)
    max_age_days: int = Field(30, ge=1, le=3_650)
    kinds: list[KindName] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)
    most_items: int = Field(12, ge=1, le=31)
    needs_approval: bool = False
    on_unknown: Literal["resend", "hold"] = "resend"
    enabled: bool = True

    @field_validator("from_address", "reply_to")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            return str(parse_address(value)) if value else ""
        except BadAddress as error:
            raise ValueError(f"{value}: {error}") from error

    @field_validator("seeds")
    @classmethod
    def _seeds(cls, value: list[str]) -> list[str]:
        try:
            return list({addresses.key(each): addresses.checked(each) for each in value}.values())
        except UserError as error:
            raise ValueError(error.message) from error

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value} is no time zone such as Asia/Shanghai")
        return value


class Publication(Part):
    """A whole file."""

    schedules: list[ScheduleIn] = Field(default_factory=list)
    channels: list[ChannelIn] = Field(default_factory=list)
    digests: list[DigestIn] = Field(default_factory=list)


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
