"""Making a digest and changing it: what its settings may hold, and the one deed that writes them.

The desk's form, the file of `publisher apply` and the API hand in a `DigestIn`. Fields that were not given stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Any, Final, Literal
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from publisher.audience import addresses
from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import ChangedSince, UserError
from publisher.digests import readers
from publisher.digests.models import Digest
from publisher.digests.rendering import template_problem
from publisher.items.kinds import KindName
from publisher.items.languages import primary
from publisher.items.topic_slugs import ids_of
from publisher.review.models import MOST_APPROVALS
from publisher.schedule.windows import LAST_MONTHDAY

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TIME: Final = gettext_noop('must be a time such as "08:00"')
NEEDED: Final = ("title", "languages", "from_name", "from_address")
_DAY_MINUTES: Final = 24 * 60


def _as_written(value: Any) -> Any:
    """YAML takes 9:30 without quotation marks for 570, as it counts in sixties. A number below 60 is no such time: whoever
    writes 8 does not mean eight minutes past midnight. Raises ValueError."""
    if isinstance(value, bool | int | float):
        if isinstance(value, int) and 60 <= value < _DAY_MINUTES:
            return f"{value // 60:02}:{value % 60:02}"
        raise ValueError(_(TIME))
    return value


TimeOfDay = Annotated[time, BeforeValidator(_as_written)]


class DigestIn(BaseModel):
    """The settings of a digest as somebody hands them in. docs/publication.md explains each. `topics` are slugs, `segment` is a
    name."""

    model_config = ConfigDict(extra="forbid")

    slug: str = Field(pattern=r"^[a-z0-9-]+$", max_length=60)
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
    rhythm: Literal["each", "daily", "weekly", "monthly"] = "weekly"
    monthday: int = Field(1, ge=1, le=LAST_MONTHDAY)
    family: str = Field("", pattern=r"^[a-z0-9-]*$", max_length=60)
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
    segment: str = Field("", max_length=80)
    most_items: int = Field(12, ge=1, le=31)
    needs_approval: bool = False
    approvals: int = Field(0, ge=0, le=MOST_APPROVALS)
    on_unknown: Literal["resend", "hold"] = "resend"
    archived: bool = False
    counting: Literal["off", "totals", "persons"] = "off"
    open_to_all: bool = False
    about: dict[str, str] = Field(default_factory=dict)
    enabled: bool = True

    @field_validator("from_address", "reply_to")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            local, _at, domain = addresses.checked(value).rpartition("@") if value else ("", "", "")
        except UserError as error:
            raise ValueError(error.message) from error
        return f"{local}@{domain if domain.isascii() else addresses.domain_key(domain)}" if value else ""

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
            raise ValueError(_("%(zone)s is no time zone such as Asia/Shanghai") % {"zone": value})
        return value


class Refused(UserError):
    """Settings that a digest cannot have; `fields` says by the field what is wrong with each."""

    def __init__(self, message: str, fields: Mapping[str, str], hint: str = "") -> None:
        super().__init__(message, hint)
        self.fields = dict(fields)


class Quicker(ChangedSince):
    """Somebody else changed the digest meanwhile."""


@dataclass(frozen=True)
class Put:
    """What became of it: `deed` is created, changed or unchanged."""

    digest: Digest
    deed: str


@transaction.atomic
def put(wanted: DigestIn, *, user: Actor, now: datetime, seen: int | None = None, new: bool = False) -> Put:
    """Make the digest with this slug, or change what was given of it.

    `seen` is the `version` that the person looked at; raises `Quicker` when it is another by now. `new`: there must be none yet.
    Raises `Refused` for what cannot be.
    """
    row = Digest.objects.select_for_update().filter(slug=wanted.slug).first()
    if row and new:
        taken = _("There is a digest with this short name already.")
        raise Refused(taken, {"slug": taken})
    if row and seen is not None and seen != row.version:
        raise Quicker(
            _("%(digest)s was changed since you opened its form.") % {"digest": row},
            _("Look at it as it is now, and change what you still want changed."),
        )
    _need(wanted, is_new=row is None)
    fields = _columns(wanted)
    if row is None:
        row = Digest(slug=wanted.slug, created_at=now)
        differing = list(fields)
    else:
        given = wanted.model_fields_set
        differing = [name for name in fields if name in given and getattr(row, name) != fields[name]]
    if not differing:
        return Put(row, "unchanged")
    is_new = row.pk is None
    before = {} if is_new else {name: _told(name, getattr(row, name)) for name in differing}
    for name in differing:
        setattr(row, name, fields[name])
    check(row)
    row.version += not is_new
    row.save()
    after = {name: _told(name, fields[name]) for name in differing}
    deed = "created" if is_new else "changed"
    audit.record(user, f"digest.{deed}", row, before, after)
    return Put(row, deed)


@transaction.atomic
def switch(digest_id: int, *, on: bool, user: Actor, now: datetime) -> Digest:  # noqa: ARG001 - as all deeds
    """Let the digest begin editions by itself, or none any more. What was begun goes on."""
    row = Digest.objects.select_for_update().get(pk=digest_id)
    if row.enabled != on:
        row.enabled = on
        row.version += 1
        row.save(update_fields=["enabled", "version"])
        audit.record(user, f"digest.{'on' if on else 'off'}", row, {"enabled": not on}, {"enabled": on})
    return row


def check(digest: Digest) -> None:
    """Raises `Refused` for what the digest's own rules refuse, and for a subject that cannot be rendered."""
    try:
        digest.clean()
    except ValidationError as error:
        wrong = {name: " ".join(said) for name, said in error.message_dict.items()}
        said = _("Digest %(digest)s: %(why)s") % {"digest": digest.slug, "why": " ".join(error.messages)}
        raise Refused(said, wrong) from error
    for language, template in digest.subject.items():
        if problem := template_problem(digest, language, template):
            raise Refused(
                _("Digest %(digest)s: the template fails. %(why)s.")
                % {"digest": digest.slug, "why": problem},
                {f"subject-{primary(language)}": problem},
                _("docs/publication.md names what a template may use."),
            )


def unsaved(wanted: DigestIn, *, now: datetime) -> Digest:
    """The digest as it would be, not stored: of one that exists, with the same id. Raises `Refused`."""
    row = Digest.objects.filter(slug=wanted.slug).first() or Digest(slug=wanted.slug, created_at=now)
    for name, value in _columns(wanted).items():
        setattr(row, name, value)
    check(row)
    return row


def _columns(wanted: DigestIn) -> dict[str, Any]:
    return wanted.model_dump(exclude={"slug", "weekday", "topics", "segment"}) | {
        "weekday": DAYS.index(wanted.weekday),
        "topics": ids_of(wanted.topics),
        "segment": _segment(wanted.segment),
    }


def _segment(name: str) -> int | None:
    try:
        return readers.called(name)
    except UserError as error:
        raise Refused(error.message, {"segment": error.message}, error.hint) from error


def _need(wanted: DigestIn, *, is_new: bool) -> None:
    """Raises `Refused` for what a new digest cannot be without, and for such a field that is named and empty."""
    missing = [
        name for name in NEEDED if not getattr(wanted, name) and (is_new or name in wanted.model_fields_set)
    ]
    if missing:
        said = (
            _("Digest %(digest)s is new: %(names)s must be given.")
            if is_new
            else _("Digest %(digest)s: %(names)s must be given.")
        )
        raise Refused(
            said % {"digest": wanted.slug, "names": ", ".join(missing)},
            dict.fromkeys(missing, _("This must be given.")),
            _("docs/publication.md shows each."),
        )


def _told(name: str, value: Any) -> Any:
    """A setting as the trail holds it."""
    if name == "segment":
        return readers.name_of(value)
    return f"{value:%H:%M}" if isinstance(value, time) else value
